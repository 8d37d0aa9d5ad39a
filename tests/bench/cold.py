"""A cold start: `duecourse sync` on a day on which nothing changed, in a process of its own, everything included."""

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from adapters.quickbooks.sandbox import SandboxSettings, ServedQuickBooks, serve_quickbooks
from adapters.sandbox.large import fill_large
from adapters.sandbox.office import believable_books
from connector.bootstrap import QuickBooksTokens, open_service
from connector.clock import SystemClock
from connector.connect import confirm, propose
from connector.settings import load_settings
from tests.bench.figures import Figure

_INVOICES = 2_000
_RUNS = 11
_CPU_SECONDS = 0.8
_ROOT = Path(__file__).parents[2]
_BARE = (sys.executable, "-c", "pass")
SYNC = (sys.executable, "-m", "connector", "sync")


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """An installation whose company has been read, and whose ledger has nothing new to say."""

    environ: Mapping[str, str]  # of a process that is to work in it
    sandbox: ServedQuickBooks

    def run(self, command: Sequence[str]) -> float:
        """Runs a command in a process of its own; returns its CPU, user and system, in seconds. Raises RuntimeError."""
        with tempfile.TemporaryFile() as said:
            child = subprocess.Popen(command, env=self.environ, cwd=_ROOT, stdout=said, stderr=said)
            _, status, used = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            if child.returncode:
                said.seek(0)
                raise RuntimeError(f"{' '.join(command)} ended with {child.returncode}: {said.read().decode()}")
        return used.ru_utime + used.ru_stime


@contextmanager
def home_at_rest(folder: Path, *, invoices: int = _INVOICES) -> Iterator[Home]:
    """A company of this many invoices, connected and read, in `folder`."""
    clock = SystemClock()
    books = believable_books(clock.now, path=str(folder / "books.db"))
    fill_large(books, today=clock.now().date() - timedelta(days=1), invoices=invoices)
    settings = SandboxSettings(open_door=True)
    with serve_quickbooks(books, now=clock.now, settings=settings) as sandbox:
        chosen = {
            "DUECOURSE_DATA_DIR": str(folder / "data"),
            "DUECOURSE_QUICKBOOKS__CLIENT_ID": "id",
            "DUECOURSE_QUICKBOOKS__CLIENT_SECRET": "secret",
            "DUECOURSE_QUICKBOOKS__API_URL": sandbox.url,
        }
        service = open_service(load_settings(chosen))
        tokens = QuickBooksTokens(
            realm=settings.realm_id,
            access_token="any",
            access_expires_at=clock.now() + timedelta(days=1),
            refresh_token="any",
        )
        confirm(service, propose(service, tokens, settings.realm_id), zone_name="America/New_York", country="US")
        service.close()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("DUECOURSE_")}
        home = Home(environ=kept | chosen, sandbox=sandbox)
        home.run(SYNC)  # the first read
        yield home
    books.close()


def figures() -> list[Figure]:
    """CPU of the whole process, beside that of an interpreter that does nothing; medians, taken in turns."""
    cold, bare = [], []
    with tempfile.TemporaryDirectory(prefix="cold-") as folder, home_at_rest(Path(folder)) as home:
        home.run(SYNC)  # from here on the files are in the page cache
        before = sum(call.metered for call in home.sandbox.calls)
        for _ in range(_RUNS):
            cold.append(home.run(SYNC))
            bare.append(home.run(_BARE))
        calls = sum(call.metered for call in home.sandbox.calls) - before
    seconds, nothing = statistics.median(cold), statistics.median(bare)
    return [
        Figure(
            section="Cold start",
            what="`duecourse sync`, nothing changed, a new process: CPU",
            measured=f"{seconds:.2f} s",
            target=f"≤ {_CPU_SECONDS} s",
            met=seconds <= _CPU_SECONDS,
        ),
        Figure(
            section="Cold start",
            what="the same, metered calls",
            measured=f"{calls / _RUNS:g}",
            target="1",
            met=calls == _RUNS,
        ),
        Figure(section="Cold start", what="beside it `python -c pass`: CPU", measured=f"{nothing:.2f} s"),
    ]
