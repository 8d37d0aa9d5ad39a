"""Catches the answer of a consent page: one visit of the browser to an address of this machine."""

import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlsplit

_THIS_MACHINE = frozenset(["localhost", "127.0.0.1", "::1"])
_PAGE = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>Duecourse</title>"
    "<p>Duecourse has the answer. You can close this page and go back to the terminal.</p></html>"
)


class NoAnswer(Exception):
    """Nobody answered the consent page in time; the text says what to do."""


def is_here(redirect_url: str) -> bool:
    """Whether the browser is sent back to this machine, so that we can catch it."""
    parts = urlsplit(redirect_url)
    return parts.scheme == "http" and parts.hostname in _THIS_MACHINE


class Catcher:
    """Listens on the redirect address until the browser comes by. Raises OSError where the port is taken."""

    def __init__(self, redirect_url: str) -> None:
        parts = urlsplit(redirect_url)
        self._base = f"{parts.scheme}://{parts.netloc}"
        self._answered: list[str] = []
        handler = _handler(parts.path or "/", self._answered)
        self._server = HTTPServer((_host(parts.hostname), parts.port or 80), handler)
        self._server.timeout = 0.5

    def wait(self, seconds: float, monotonic: Callable[[], float] = time.monotonic) -> str:
        """The address that the browser was sent to. Raises `NoAnswer` after `seconds`."""
        until = monotonic() + seconds
        while not self._answered:
            if monotonic() > until:
                raise NoAnswer("Nobody answered the consent page in time: run `duecourse connect quickbooks` again.")
            self._server.handle_request()
        return self._base + self._answered[0]

    def close(self) -> None:
        """Stops listening."""
        self._server.server_close()


def _host(name: str | None) -> str:
    return "127.0.0.1" if name in {None, "localhost"} else str(name)


def _handler(path: str, answered: list[str]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Takes the one visit that matters; a browser also asks for icons."""

        timeout = 10  # a connection that says nothing does not keep the others waiting for long

        def do_GET(self) -> None:
            """Answers a visit."""
            matters = urlsplit(self.path).path == path
            if matters:
                answered.append(self.path)
            body = _PAGE.encode() if matters else b""
            self.send_response(200 if matters else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
            """Nothing: the address holds the code."""

    return Handler
