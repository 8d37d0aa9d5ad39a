"""The reference S/4HANA server (s4hana/README.md) as a subprocess, and the hands that a test has in it."""

import os
import select
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

USER, PASSWORD = "COLLECT", "s3cret ü"
LEDGER, PARTNERS = "API_OPLACCTGDOCITEMCUBE_SRV", "API_BUSINESS_PARTNER"

_START = Path(__file__).parent / "s4hana" / "start"
_PATIENCE = 600  # seconds; the first start installs from npm


@dataclass(frozen=True)
class Reference:
    """A running server."""

    host: str

    def root(self, service: str) -> str:
        """The address of one of its services."""
        return f"{self.host}/sap/opu/odata/sap/{service}"

    def faults(self, *kinds: str) -> None:
        """What happens to the next requests, one kind each: 503, 429, truncate, csrf."""
        httpx.post(f"{self.host}/reference/faults", json=kinds).raise_for_status()

    def reset(self) -> None:
        """Back to its first rows, without faults or sessions."""
        httpx.post(f"{self.host}/reference/reset", timeout=60).raise_for_status()


def needs_npm() -> None:
    """Skips where npm is missing; in CI that is a failure, so that these tests cannot go missing there."""
    if shutil.which("npm") is None:
        told = "The reference S/4HANA server needs npm, which this machine lacks (apt-get install npm)."
        if os.environ.get("CI"):
            pytest.fail(told)
        pytest.skip(told)


@contextmanager
def serving(*, page_size: int) -> Iterator[Reference]:
    """A server on a free port, which gives so many rows a page; stopped at the end."""
    needs_npm()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    more = {"S4_USER": USER, "S4_PASSWORD": PASSWORD, "S4_PAGE_SIZE": str(page_size)}
    with (
        tempfile.TemporaryFile("w+") as log,
        subprocess.Popen(
            [_START, "--port", str(port)], stdout=subprocess.PIPE, stderr=log, env={**os.environ, **more}
        ) as process,
    ):
        assert process.stdout is not None
        try:
            ready, _, _ = select.select([process.stdout], [], [], _PATIENCE)
            line = process.stdout.readline() if ready else b""
            if not line.startswith(b"ready "):
                log.seek(0)
                pytest.fail(f"The reference S/4HANA server did not start: {log.read()[-2000:]}")
            yield Reference(f"http://127.0.0.1:{port}")
        finally:
            process.terminate()
