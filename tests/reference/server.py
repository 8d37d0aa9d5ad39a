"""The reference S/4HANA server (s4hana/README.md) as a subprocess, and the hands that a test has in it."""

import os
import select
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

USER, PASSWORD = "COLLECT", "s3cret ü"
LEDGER, PARTNERS = "API_OPLACCTGDOCITEMCUBE_SRV", "API_BUSINESS_PARTNER"

_START = Path(__file__).parent / "s4hana" / "start"
_PATIENCE = 600  # seconds; the first start installs from npm


Rows = list[dict[str, object]]


@dataclass
class Reference:
    """A running server, which holds its seed or, for a while, other books."""

    host: str
    wire: httpx.HTTPTransport = field(default_factory=httpx.HTTPTransport)  # kept open: one connection for many tests
    has_seed: bool = True

    def root(self, service: str) -> str:
        """The address of one of its services."""
        return f"{self.host}/sap/opu/odata/sap/{service}"

    def faults(self, *kinds: str) -> None:
        """What happens to the next requests, one kind each: 503, 429, truncate, csrf."""
        self._client.post("/reference/faults", json=kinds).raise_for_status()

    def hold(self, rows: Mapping[str, Mapping[str, Rows]]) -> None:
        """Puts other rows into these entity sets of these services, and takes out what was there."""
        self.has_seed = False
        self._client.put("/reference/rows", json=rows).raise_for_status()

    def rows(self, service: str, entity_set: str) -> Rows:
        """What stands in an entity set."""
        found: Rows = self._client.get(f"/reference/rows/{service}/{entity_set}").raise_for_status().json()
        return found

    def reset(self) -> None:
        """Back to its first rows, without faults or sessions."""
        self._client.post("/reference/reset").raise_for_status()
        self.has_seed = True

    def seeded(self) -> "Reference":
        """This server with its first rows."""
        if not self.has_seed:
            self.reset()
        return self

    @property
    def _client(self) -> httpx.Client:
        return httpx.Client(base_url=self.host, transport=self.wire, timeout=60)


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
            server = Reference(f"http://127.0.0.1:{port}")
            with closing(server.wire):
                yield server
        finally:
            process.terminate()
