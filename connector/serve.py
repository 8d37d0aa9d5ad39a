"""`duecourse serve`: the scheduler and the web addresses in one process, until it is told to stop.

On SIGTERM or SIGINT nothing new begins, the running job ends, and then the process does.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from socket import socket
from threading import Event, Thread

import structlog
import uvicorn

from connector.bootstrap import NotSetUp, Service
from connector.scheduler import OfficeOf, Scheduler
from connector.web import make_app

log = structlog.get_logger()

_STOPS = (signal.SIGTERM, signal.SIGINT)
_START_SECONDS = 10.0


class CannotListen(NotSetUp):
    """The address to listen on cannot be had; the text says which."""


def serve(service: Service, stop: Event, *, office_of: OfficeOf | None = None, up: Event | None = None) -> None:
    """Serves until `stop` is set; sets `up` once it answers. Raises `CannotListen`."""
    scheduler = Scheduler(service, office_of=office_of)
    with _answering(service):
        scheduler.start()
        log.info("serving", host=service.settings.serve.host, port=service.settings.serve.port)
        if up is not None:
            up.set()
        try:
            stop.wait()
        finally:
            log.info("stopping")
            scheduler.stop()
    log.info("stopped")


@contextmanager
def stopped_by_signals(stop: Event) -> Iterator[None]:
    """SIGTERM and SIGINT set `stop` while this lasts. Only in the main thread."""
    before = {each: signal.signal(each, lambda *_: stop.set()) for each in _STOPS}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@contextmanager
def _answering(service: Service) -> Iterator[None]:
    """The web addresses, in a thread of their own."""
    where = service.settings.serve
    server = _Server(
        uvicorn.Config(make_app(service), host=where.host, port=where.port, log_config=None, lifespan="off")
    )
    thread = Thread(target=server.run_quietly, name="web", daemon=True)
    thread.start()
    if not server.is_up.wait(_START_SECONDS) or not server.started:
        server.should_exit = True
        raise CannotListen(
            f"Nothing can listen on {where.host}:{where.port}: is another duecourse running, or the address not this "
            "machine's? DUECOURSE_SERVE__PORT chooses another port, DUECOURSE_SERVE__HOST another address."
        )
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


class _Server(uvicorn.Server):
    """uvicorn's server, which says when it is up, or that it cannot be."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_up = Event()

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Starts, and says so."""
        await super().startup(sockets)
        self.is_up.set()

    def run_quietly(self) -> None:
        """Runs; a port that is taken ends it."""
        try:
            self.run()
        except SystemExit:
            log.warning("the web address cannot be had")
        finally:
            self.is_up.set()
