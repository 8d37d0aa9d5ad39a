"""Where clients are made for tests of other people's servers, and where their waiting is written down."""

from contextlib import ExitStack
from datetime import UTC, datetime

from adapters.http import Http, Patience
from adapters.sap.odata import ODataClient
from adapters.sap.signin import secure_client
from adapters.sap.values import Version

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


class Desk:
    """Makes clients that wait without waiting, and closes them."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self.opened = ExitStack()

    def http(self) -> Http:
        """A connection of its own, with its own cookies."""
        made = Http(sleep=self.waits.append, chance=lambda: 0.0, client=secure_client(), patience=Patience(attempts=3))
        self.opened.callback(made.close)
        return made

    def client(self, root: str, version: Version = Version.V2, **more: object) -> ODataClient:
        """A client of the service at `root`."""
        told = {"http": self.http(), "now": lambda: NOW, **more}
        return ODataClient(root, version=version, **told)  # type: ignore[arg-type]
