"""What a quiet sync loads: nothing that belongs to other commands, other jobs, or to days on which something is due."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.cold import home_at_rest

_SYNC = """
import sys
from connector.__main__ import main
sys.argv = ["duecourse", "sync"]
try:
    main()
finally:
    print("loaded:", *sys.modules)
"""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    with home_at_rest(tmp_path_factory.mktemp("home"), invoices=60) as home:
        ran = subprocess.run(
            [sys.executable, "-c", _SYNC], env=dict(home.environ), capture_output=True, text=True, check=True
        )
    assert ran.stdout.startswith("Read: 0 documents")
    return set(ran.stdout.split("loaded:")[1].split())


@pytest.mark.parametrize(
    "module",
    [
        "alembic",
        "apscheduler",
        "holidays.countries",
        "jinja2",
        "quickbooks",
        "requests",
        "rich",
        "starlette",
        "uvicorn",
        "connector.commands.look",
        "connector.deliver",
        "connector.inbox",
        "connector.remind",
        "reminders.cadence",
        "reminders.messages",
    ],
)
def test_a_quiet_sync_does_not_load(module: str, loaded: set[str]) -> None:
    assert "connector.sync" in loaded
    assert module not in loaded


def test_a_table_is_drawn_although_rich_was_not_there_at_the_start(tmp_path: Path) -> None:
    clean = {"DUECOURSE_DATA_DIR": str(tmp_path), "PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(__file__).parents[3])}
    ran = subprocess.run(
        [sys.executable, "-m", "connector", "settings"], env=clean, capture_output=True, text=True, check=True
    )
    assert "DUECOURSE_DATA_DIR" in ran.stdout
