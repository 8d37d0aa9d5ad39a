import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from connector.bootstrap import NotSetUp, SandboxWish, serve_sandbox

_BASIC = httpx.BasicAuth("any", "any")


def _count(url: str, entity: str) -> int:
    form = {"grant_type": "refresh_token", "refresh_token": "sandbox-refresh-token"}
    token = httpx.post(f"{url}/oauth2/v1/tokens/bearer", data=form, auth=_BASIC).json()["access_token"]
    asked = {"query": f"SELECT COUNT(*) FROM {entity}"}
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    answer = httpx.get(f"{url}/v3/company/1/query", params=asked, headers=headers)
    total: int = answer.json()["QueryResponse"]["totalCount"]
    return total


def test_the_believable_company_has_customers_and_invoices_of_eighteen_months() -> None:
    with serve_sandbox(SandboxWish()) as url:
        assert _count(url, "Customer") > 100
        assert _count(url, "Invoice") > 1000


def test_a_faults_file_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "faults.toml"
    path.write_text("[[rules]]\nmethod = 'GET'\n", encoding="utf-8")
    with pytest.raises(NotSetUp, match="names no fault"), serve_sandbox(SandboxWish(company="empty", faults=path)):
        pass


def test_the_command_prints_its_address_and_serves_until_it_is_stopped() -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DUECOURSE_")}
    here = str(Path(__file__).parents[4])
    with subprocess.Popen(
        [sys.executable, "-m", "connector", "sandbox", "quickbooks", "--company", "empty", "--json"],
        env=clean | {"PYTHONPATH": here},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        lines: list[str] = []
        while not lines or lines[-1] != "}\n":
            lines.append(running.stdout.readline())
            assert lines[-1], "It ended before it was stopped."
        told = json.loads("".join(lines))
        assert _count(told["url"], "Customer") == 1
        running.send_signal(signal.SIGTERM)
        _, said = running.communicate(timeout=30)
    assert running.returncode == 0, said
    assert "Traceback" not in said
