"""A random year of one company keeps every promise, whatever fails in it; and a seed replays exactly.

More worlds by hand: `python -m tests.worlds --years 20` (docs/reliability.md).
"""

import json
from pathlib import Path
from typing import Any

from tests.contract.databases import PostgresDatabases
from tests.worlds.played import Played
from tests.worlds.size import Size
from tests.worlds.year import play

_SHORT = Size(days=60)


def _assert_kept(year: Played) -> None:
    assert not year.broken, "\n".join([f"again: {year.command}", *year.broken])


def test_a_company_year_keeps_every_promise(tmp_path: Path) -> None:
    year = play(14, tmp_path)
    _assert_kept(year)
    assert year.mails > 300
    assert year.kills > 10
    assert year.faults > 50
    assert year.uncertain > 5
    assert year.cases > 20_000


def test_two_months_on_postgresql_keep_every_promise(postgresql_databases: PostgresDatabases, tmp_path: Path) -> None:
    year = play(2, tmp_path, size=_SHORT, database_url=postgresql_databases.new_url())
    _assert_kept(year)
    assert year.mails > 50


def test_a_seed_replays_exactly(tmp_path: Path) -> None:
    """The same mails byte for byte, the same books with our notes in them, the same history but for its salts."""
    first, second = (play(3, tmp_path / name, size=Size(days=25, customers=25)) for name in ("first", "second"))
    assert first.kills == second.kills > 0
    assert first.deaths == second.deaths
    assert first.tally == second.tally
    assert _mails(tmp_path / "first") == _mails(tmp_path / "second")
    assert _books(tmp_path / "first") == _books(tmp_path / "second")
    assert _history(tmp_path / "first") == _history(tmp_path / "second")


def test_another_seed_is_another_world(tmp_path: Path) -> None:
    size = Size(days=3, customers=10)
    for seed in (1, 2):
        play(seed, tmp_path / str(seed), size=size)
    assert _books(tmp_path / "1") != _books(tmp_path / "2")


def _mails(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((out / "mails").glob("*.eml"))}


def _books(out: Path) -> bytes:
    return (out / "books.jsonl").read_bytes()


def _history(out: Path) -> list[dict[str, Any]]:
    """Names and addresses lie beside the chain under a salt of their own, so digests differ between two runs."""
    rows = [json.loads(line) for line in (out / "audit.jsonl").read_text(encoding="utf-8").splitlines()]
    assert rows
    return [{**row, "personal_digest": "", "previous": "", "digest": ""} for row in rows]
