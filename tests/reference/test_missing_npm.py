from pathlib import Path

import pytest

from tests.reference.server import needs_npm


def test_without_npm_a_person_reads_why_tests_are_skipped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"needs npm, which this machine lacks \(apt-get install npm\)"):
        needs_npm()


def test_without_npm_ci_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="needs npm"):
        needs_npm()
