"""The service as a whole: it answers, works, and stops cleanly."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import httpx
import pytest

from connector.serve import CannotListen, serve
from connector.settings import ServeSettings
from tests.unit.connector.commands.shop import COMPANY, Shop

_PATIENCE = 30.0


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


@pytest.fixture
def shop(tmp_path: Path, port: int) -> Iterator[Shop]:
    made = Shop(tmp_path, serve=ServeSettings(port=port))
    yield made
    made.service.close()


def test_it_answers_while_it_runs_and_does_its_first_round(shop: Shop, port: int) -> None:
    stop, up, read = Event(), Event(), Event()
    shop.ledger.read_hook = read.set
    thread = Thread(target=serve, args=(shop.service, stop), kwargs={"up": up})
    thread.start()
    assert up.wait(_PATIENCE)
    assert httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
    assert read.wait(_PATIENCE)
    stop.set()
    thread.join(_PATIENCE)
    assert not thread.is_alive()
    assert shop.tell("status")[0]["company"] == COMPANY
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/healthz")


def test_a_port_that_is_taken_is_said_in_one_sentence(shop: Shop, port: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        with pytest.raises(CannotListen, match="DUECOURSE_SERVE__PORT"):
            serve(shop.service, Event())


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_the_program_stops_cleanly_when_it_is_told_to(tmp_path: Path, port: int, how: signal.Signals) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DUECOURSE_")}
    here = str(Path(__file__).parents[3])
    ours = {"DUECOURSE_DATA_DIR": str(tmp_path), "DUECOURSE_SERVE__PORT": str(port), "PYTHONPATH": here}
    with subprocess.Popen(
        [sys.executable, "-m", "connector", "serve"],
        env=clean | ours,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        while '"serving"' not in running.stderr.readline():
            assert running.poll() is None
        running.send_signal(how)
        _, said = running.communicate(timeout=_PATIENCE)
        assert running.returncode == 0, said
        assert '"stopped"' in said
        assert "Traceback" not in said
