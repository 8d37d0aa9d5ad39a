"""On what was measured: the commit and the machine, so that a figure can be judged and repeated."""

import os
import platform
import re
import resource
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

COMMAND = "make bench"
_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of the benches."""

    commit: str  # with a plus where files had changed since
    machine: str
    day: str


def this_run() -> Run:
    """What runs here, now."""
    head = _git("rev-parse", "--short=10", "HEAD")
    changed = "+" if _git("status", "--porcelain", "--untracked-files=no") else ""
    processor = _found(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo")) or platform.processor()
    memory = int(_found(r"MemTotal:\s*(\d+)", Path("/proc/meminfo")) or 0) / 1024**2
    size = f"{os.cpu_count()} cores ({processor}), {memory:.0f} GiB"
    return Run(
        commit=f"{head or 'no commit'}{changed}",
        machine=f"{size}, {platform.system()}, Python {platform.python_version()}",
        day=f"{datetime.now(UTC):%Y-%m-%d}",
    )


def _git(*words: str) -> str:
    ran = subprocess.run(["git", *words], cwd=_ROOT, capture_output=True, text=True, check=False)
    return ran.stdout.strip()


def _found(pattern: str, file: Path) -> str:
    found = re.search(pattern, file.read_text(encoding="utf-8")) if file.exists() else None
    return found[1].strip() if found else ""


def peak_rss() -> int:
    """Bytes; of this program alone, which the parent's own share in `ru_maxrss` would hide."""
    status = Path("/proc/self/status")
    if status.exists():
        told = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(told["VmHWM"].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
