"""The ledgers that the company of the crash matrix may keep its books in: how each is shown, known, and read by us.

`writes` tells a call that writes a note from all others. Notes are read where they lie, not as the books tell them:
S/4HANA's are entries in long texts, which the books show once however often they stand there.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pydantic import SecretStr

from adapters.documents import DocumentKind
from adapters.quickbooks.oauth import Tokens
from adapters.quickbooks.sandbox.app import QuickBooksSandbox
from adapters.quickbooks.sandbox.settings import SandboxSettings
from adapters.sandbox.books import Books
from adapters.sandbox.server import Receive, Scope, Send
from adapters.sap.business_one.sandbox import BusinessOneSandbox
from adapters.sap.s4hana.sandbox import S4HanaSandbox
from adapters.sap.s4hana.sandbox import S4HanaSettings as S4HanaSystem
from adapters.sap.s4hana.sandbox.texts import Place
from connector.bootstrap import Service
from connector.connect import Proposal, propose, propose_business_one, propose_s4hana
from connector.settings import BusinessOneSettings, QuickBooksSettings, S4HanaSettings

ZONE = "America/New_York"
_CODE, _TEXT, _ARCHIVE = "1710", "0001", "0002"
_SECRET = SecretStr("secret")
_ACTIVITIES = re.compile(rb"(POST|PATCH) \S*Activities")
#: What people wrote into a customer's text long ago, its paragraphs newest first: with our entries it is too long.
PEOPLE_WROTE = tuple(f"{words} " * 45 + "." for words in ("Prefers the phone,", "Moved in spring,", "Pays by cheque,"))


class Face(Protocol):
    """A ledger's interface over the books."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""


@dataclass(frozen=True, slots=True)
class Told:
    """Words in the ledger, and where they stand: a note, a memo, a text; a text is a `customer`'s."""

    kind: str
    ident: str
    words: str
    customer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """One ledger. `client` is the service's HTTP client for it, where its writes are boundaries too."""

    name: str
    face: Callable[[Books, Callable[[], datetime]], Face]
    settings: Callable[[str], Mapping[str, object]]
    propose: Callable[[Service], Proposal]
    writes: Callable[[str, str, bytes], bool]
    told: Callable[[Books, Face], Iterable[Told]]
    client: str = ""
    has_pay_pages: bool = False
    lived_in: Callable[[Face, Iterable[str]], None] = lambda _face, _customers: None
    wrongs: Callable[[Face, Mapping[str, str]], Iterable[str]] = lambda _face, _customers: ()


# -- QuickBooks


def _quickbooks(url: str) -> Mapping[str, object]:
    return {
        "quickbooks": QuickBooksSettings(
            client_id="crash",
            client_secret=SecretStr("crash"),
            api_url=url,
            authorize_url=f"{url}/connect/oauth2",
            token_url=f"{url}/oauth2/v1/tokens/bearer",
            revoke_url=f"{url}/v2/oauth2/tokens/revoke",
        )
    }


def _with_tokens(service: Service) -> Proposal:
    refresh = SandboxSettings().refresh_token
    tokens = Tokens(realm="1", access_token="", access_expires_at=service.clock.now(), refresh_token=refresh)
    return propose(service, tokens, "1")


def _notes_and_memos(books: Books, _: Face) -> Iterator[Told]:
    yield from (Told("note", each.id, each.text) for each in books.notes())
    yield from (Told("memo", each.id, each.memo) for each in books.documents(kind=DocumentKind.INVOICE))


# -- S/4HANA


def _s4hana(url: str) -> Mapping[str, object]:
    """Its texts are so short that the oldest words move to the archive on that morning."""
    return {
        "s4hana": S4HanaSettings(
            url=url, user="duecourse", password=_SECRET, archive_text_id=_ARCHIVE, text_length=2500
        )
    }


def _s4hana_face(books: Books, now: Callable[[], datetime]) -> Face:
    system = S4HanaSystem(company_code=_CODE, user="duecourse", password=_SECRET.get_secret_value())
    return S4HanaSandbox(books, now=now, settings=system)


def _people_wrote(face: Face, customers: Iterable[str]) -> None:
    assert isinstance(face, S4HanaSandbox)
    for each in customers:
        face.sets.texts.create(Place(each, _CODE, "EN", _TEXT), "\n\n".join(PEOPLE_WROTE))


def _texts(_: Books, face: Face) -> Iterator[Told]:
    assert isinstance(face, S4HanaSandbox)
    for row in face.sets.texts.rows():
        customer = str(row["Customer"])
        yield Told("text", f"{customer} {row['LongTextID']}", str(row["LongText"]), customer)


def _texts_wrong(face: Face, customers: Mapping[str, str]) -> Iterator[str]:
    """What people wrote stands there still, once, in the text or in its archive; and something was moved there."""
    assert isinstance(face, S4HanaSandbox)
    rows = list(face.sets.texts.rows())
    for name, ident in customers.items():
        words = [str(row["LongText"]) for row in rows if row["Customer"] == ident]
        for each in PEOPLE_WROTE:
            count = sum(text.count(each) for text in words)
            if count != 1:
                yield f"of {name}'s text, “{each[:20]}…” stands {count} times"
    if not any(row["LongTextID"] == _ARCHIVE for row in rows):
        yield "nothing was moved to an archive"


def _writes_text(method: str, path: str, _: bytes) -> bool:
    return method in {"POST", "PATCH"} and "/A_CustomerCompanyText" in path


# -- Business One


def _business_one(url: str) -> Mapping[str, object]:
    return {"business_one": BusinessOneSettings(url=url, user="manager", password=_SECRET, zone=ZONE)}


def _activities_wrong(face: Face, _: Mapping[str, str]) -> Iterator[str]:
    """Both promises have ended by the evening, so their tasks are closed."""
    assert isinstance(face, BusinessOneSandbox)
    tasks = [row for row in face.activities.rows("v2") if row["ActivityProperty"] == "cn_Task"]
    if len(tasks) != 2:
        yield f"there are {len(tasks)} tasks, not 2"
    yield from (f"the task “{row['Details']}” is open" for row in tasks if row["Closed"] != "tYES")


STANDS: Mapping[str, Stand] = {
    each.name: each
    for each in (
        Stand(
            name="quickbooks",
            face=lambda books, now: QuickBooksSandbox(books, now=now, settings=SandboxSettings()),
            settings=_quickbooks,
            propose=_with_tokens,
            writes=lambda method, path, _: method != "GET" and "/v3/" in path and not path.endswith("/query"),
            told=_notes_and_memos,
            has_pay_pages=True,
        ),
        Stand(
            name="s4hana",
            face=_s4hana_face,
            settings=_s4hana,
            propose=lambda service: propose_s4hana(service, _CODE),
            writes=_writes_text,
            told=_texts,
            client="s4hana",
            lived_in=_people_wrote,
            wrongs=_texts_wrong,
        ),
        Stand(
            name="business-one",
            face=lambda books, now: BusinessOneSandbox(books, now=now),
            settings=_business_one,
            propose=lambda service: propose_business_one(service, "SBODEMO")[0],
            writes=lambda _, path, body: path.endswith("/$batch") and _ACTIVITIES.search(body) is not None,
            told=lambda books, _: [Told("activity", each.id, each.text) for each in books.notes()],
            client="business_one",
            wrongs=_activities_wrong,
        ),
    )
}
