"""The README's commands do what the README says: in a fresh clone, with an empty HOME, to a dry run.

`make test` is what is running here; what needs Docker or Intuit's own pages is not tried here.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
NOT_TRIED_HERE = {
    "make test": "it is what runs this",
    "docker compose -f docker/compose.yaml up --build": "no Docker engine here",
}

#: Stands in for the browser: opens the consent page and presses Connect, like any HTTP client could.
_CLICKER = """#!{python}
import re, sys, urllib.parse, urllib.request
page = urllib.request.urlopen(sys.argv[1]).read().decode()
fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
import html
fields = {{name: html.unescape(value) for name, value in fields.items()}} | {{"decision": "connect"}}
action = re.search(r'action="([^"]+)"', page)[1]
urllib.request.urlopen(urllib.parse.urljoin(sys.argv[1], action), urllib.parse.urlencode(fields).encode()).read()
"""


def blocks() -> list[str]:
    """The README's shell blocks, in order."""
    return re.findall(r"```sh\n(.*?)```", README, flags=re.DOTALL)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("a fresh clone needs git and the repository")
    folder = tmp_path_factory.mktemp("fresh") / "duecourse"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    return folder


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    home = tmp_path_factory.mktemp("home")
    clicker = home / "clicker"
    clicker.write_text(_CLICKER.format(python=sys.executable), encoding="utf-8")
    clicker.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DUECOURSE_", "VIRTUAL_ENV"))}
    callback = f"http://localhost:{free_port()}/callback"
    return kept | {"HOME": str(home), "BROWSER": f"{clicker} %s", "DUECOURSE_QUICKBOOKS__REDIRECT_URL": callback}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def run(command: str, clone: Path, environment: dict[str, str], *, seconds: int) -> str:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=clone,
        env=environment,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def demo(clone: Path, environment: dict[str, str]) -> str:
    assert "make demo" in blocks()[0]
    return run("make demo", clone, environment, seconds=900)


def test_every_command_of_the_readme_is_tried_here_or_says_why_not() -> None:
    tried = "\n".join(blocks()[:3])
    for block in blocks():
        for line in block.strip().splitlines():
            assert line in tried or line in NOT_TRIED_HERE, line


def test_make_demo_plays_a_month_and_the_judge_finds_every_promise_kept(demo: str) -> None:
    assert "Reconciled to the cent on 30 of 30 days" in demo
    assert "Every promise kept" in demo


@pytest.fixture(scope="module")
def port(demo: str, clone: Path, environment: dict[str, str]) -> Iterator[int]:
    """The README's second block: the sandbox, in a process of its own, on a free port instead of the README's."""
    free = free_port()
    command = blocks()[1].strip().replace("9191", str(free))
    server = subprocess.Popen(command.split(), cwd=clone, env=environment, stdout=subprocess.DEVNULL)
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", free)) == 0:
                break
        time.sleep(0.1)
    yield free
    server.terminate()
    server.wait(timeout=20)


def test_against_the_sandbox_the_readme_leads_to_a_dry_run(clone: Path, environment: dict[str, str], port: int) -> None:
    printed = run(blocks()[2].replace("9191", str(port)), clone, environment, seconds=300)
    assert "dry run" in printed.lower()
    assert "Larkfield" in printed
