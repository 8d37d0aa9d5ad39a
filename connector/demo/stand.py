"""Whose interface the books stand behind while the month is played, and how the service comes to know them.

The three ledgers differ in what they can show of a company at all: only QuickBooks keeps an address for each invoice
and says when it was mailed. What a ledger cannot show, the service cannot heed, and the judge does not ask for.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import httpx
from pydantic import SecretStr

from adapters.http import Http
from adapters.quickbooks.oauth import read_callback
from adapters.quickbooks.sandbox import serve_quickbooks
from adapters.sandbox import office as world_office
from adapters.sandbox.behaviour import Behaviour
from adapters.sandbox.books import Books
from adapters.sandbox.server import Sandbox
from adapters.sap.business_one.sandbox import serve_business_one
from adapters.sap.s4hana.sandbox import ServedS4Hana, serve_s4hana
from connector.bootstrap import Service, quickbooks_oauth
from connector.connect import Proposal, confirm, propose, propose_business_one, propose_s4hana
from connector.settings import BusinessOneSettings, QuickBooksSettings, S4HanaSettings, Settings

_SECRET = SecretStr("secret")  # the sandboxes' own


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """One ledger. `names` tells what it calls the books' documents, where it has names of its own.

    `shows_delivery`: it keeps an address for each invoice, and when the invoice was mailed. `plain_numbers`: it numbers
    invoices itself, by digits alone.
    """

    title: str
    serve: Callable[..., Sandbox]
    settings: Callable[[str], Mapping[str, object]]
    propose: Callable[[Service], Proposal]
    clients: tuple[str, ...] = ()  # of the service, which this ledger's calls go through
    names: Callable[[Sandbox], dict[str, str]] = lambda _: {}
    shows_delivery: bool = False
    plain_numbers: bool = False
    hidden: frozenset[Behaviour] = frozenset()

    def open(self, books: Books, now: Callable[[], datetime]) -> Sandbox:
        """The ledger's interface over these books, for `with`."""
        return self.serve(books, now=now)

    def connect(self, service: Service) -> str:
        """What `duecourse connect` does. Returns the company's id."""
        return confirm(service, self.propose(service), zone_name=str(world_office.ZONE), country=world_office.COUNTRY)

    def patient(self, service: Service, sleep: Callable[[float], None], seed: int) -> None:
        """Gives the service HTTP clients whose waits between attempts are the same every time."""
        for name in self.clients:
            service.clients[name] = replayed(sleep, seed)


def replayed(sleep: Callable[[float], None], seed: int) -> Http:
    """An HTTP client whose waits replay exactly."""
    return Http(sleep=sleep, chance=random.Random(f"waits {seed}").random)  # noqa: S311 - a world, not a secret


def _quickbooks(url: str) -> Mapping[str, object]:
    return {
        "quickbooks": QuickBooksSettings(
            client_id="demo",
            client_secret=_SECRET,
            api_url=url,
            authorize_url=f"{url}/connect/oauth2",
            token_url=f"{url}/oauth2/v1/tokens/bearer",
            revoke_url=f"{url}/v2/oauth2/tokens/revoke",
        )
    }


def _consent(service: Service) -> Proposal:
    """The consent, clicked by a plain HTTP client."""
    oauth = quickbooks_oauth(service)
    state = "demo"
    url = httpx.URL(oauth.authorize_url(state))
    answer = httpx.post(url.copy_with(query=None), data={**dict(url.params), "decision": "connect"})
    code, realm = read_callback(answer.headers["location"], state)
    return propose(service, oauth.exchange(code, realm), realm)


def _s4hana(url: str) -> Mapping[str, object]:
    return {"s4hana": S4HanaSettings(url=url, user="duecourse", password=_SECRET)}


def _s4hana_names(box: Sandbox) -> dict[str, str]:
    assert isinstance(box, ServedS4Hana)
    return box.face.names()


def _business_one(url: str) -> Mapping[str, object]:
    zone = str(world_office.ZONE)
    return {"business_one": BusinessOneSettings(url=url, user="manager", password=_SECRET, zone=zone)}


_UNTOLD = frozenset([Behaviour.BILL_EMAIL_OF_OTHER, Behaviour.NEVER_DELIVERED, Behaviour.CUSTOMER_MERGED])
"""Of this, SAP's invoices know nothing; and its customers are not merged."""

STANDS: Mapping[str, Stand] = {
    "quickbooks": Stand(
        title="QuickBooks",
        serve=serve_quickbooks,
        settings=_quickbooks,
        propose=_consent,
        shows_delivery=True,
    ),
    "s4hana": Stand(
        title="S/4HANA",
        serve=serve_s4hana,
        settings=_s4hana,
        propose=lambda service: propose_s4hana(service, "1710"),
        clients=("s4hana",),
        names=_s4hana_names,
        hidden=_UNTOLD,
    ),
    "business-one": Stand(
        title="Business One",
        serve=serve_business_one,
        settings=_business_one,
        propose=lambda service: propose_business_one(service, "SBODEMO")[0],
        clients=("business_one",),
        plain_numbers=True,
        hidden=_UNTOLD,
    ),
}


def company_settings(stand: Stand, url: str, common: Settings) -> Settings:
    """The settings of an installation that reads this ledger."""
    return common.model_copy(update=dict(stand.settings(url)))
