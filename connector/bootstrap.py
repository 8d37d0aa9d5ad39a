"""Furnishes offices from settings: the only place that names concrete ledgers, channels and stores."""

import os
import random
import socket
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from pydantic import SecretStr
from sqlalchemy import Connection

from adapters.http import Http
from adapters.ledger import Ledger
from adapters.quickbooks import webhooks
from adapters.quickbooks.ledger import QuickBooksLedger
from adapters.quickbooks.limits import Standing
from adapters.quickbooks.oauth import Endpoints, OAuthClient, Tokens, new_state, read_callback
from connector.clock import Clock, SystemClock
from connector.office import Letterhead, Office, SendingRules
from connector.rulebooks import check_default, load_assignment, load_cadences
from connector.settings import Security as SettingsSecurity
from connector.settings import Settings
from connector.store import companies, pace
from connector.store.companies import CompanyRow
from connector.store.credentials import StoredTokens, check_key
from connector.store.engine import Boundaries, Database, open_database
from connector.store.pace import StoredQuota
from connector.vault import Vault, open_vault
from reminders.assignment import Assignment
from reminders.cadence_file import Cadence
from reminders.channels import Mailer, SendOutcome, SendResult, Stage
from reminders.channels.smtp import Security, SmtpTransport
from reminders.working_days import WorkingDays

QuickBooksTokens: TypeAlias = Tokens
"""What a consent at Intuit gives."""

if TYPE_CHECKING:
    from adapters.sandbox.books import Books
    from adapters.sandbox.company import WorldClock

BUILTIN_CADENCES = ("friendly", "standard", "firm")


class NotSetUp(Exception):
    """Something that this command needs is not set; the text says what and how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What all offices of one installation share."""

    settings: Settings
    clock: Clock
    database: Database
    vault: Vault
    cadences: Mapping[str, Cadence]
    mailer: Mailer
    http: Http

    def office(self, company_id: str | None = None, *, ledger: Ledger | None = None) -> Office:
        """The office of a company; where there is one only, its name may be left out. Raises `NoSuchCompany`."""
        with self.database.read() as connection:
            known = companies.load_all(connection)
            only = known[0].id if company_id is None and len(known) == 1 else company_id or ""
            row = companies.load(connection, only)
        return furnish(self, row, ledger or self.ledger(row), is_alone=len(known) == 1)

    def ledger(self, row: CompanyRow) -> Ledger:
        """The company's ledger."""
        return quickbooks_ledger(self, row)

    def close(self) -> None:
        """Lets go of connections."""
        if isinstance(self.mailer, SmtpTransport):
            self.mailer.close()
        self.http.close()
        self.database.dispose()


def open_service(
    settings: Settings,
    *,
    clock: Clock | None = None,
    mailer: Mailer | None = None,
    boundaries: Boundaries | None = None,
) -> Service:
    """Opens the store and everything that companies share. Raises StoreError, VaultError, SettingsError."""
    clock = clock or SystemClock()
    cadences = load_cadences(settings.cadence_folder)
    check_default(settings.default_cadence, cadences)
    if settings.assignment_file is not None:
        load_assignment(settings.assignment_file, cadences)
    database = open_database(
        settings.store_url, boundaries=boundaries, allow_network_folder=settings.allow_network_folder
    )
    secret = settings.secret_key.get_secret_value() if settings.secret_key else None
    vault = open_vault(secret, settings.data_dir)
    with database.write("check key") as connection:
        check_key(connection, vault, clock.now())
    return Service(
        settings=settings,
        clock=clock,
        database=database,
        vault=vault,
        cadences=cadences,
        mailer=mailer or smtp_mailer(settings),
        http=Http(sleep=clock.sleep, chance=random.SystemRandom().random),
    )


def furnish(service: Service, row: CompanyRow, ledger: Ledger, *, is_alone: bool = True) -> Office:
    """A company's office. `is_alone`: no other company is connected, so that the settings speak of this one."""
    settings = service.settings
    return Office(
        company=row.id,
        database=service.database,
        ledger=ledger,
        mailer=service.mailer,
        clock=service.clock,
        zone=row.zone,
        calendar=WorkingDays(row.country),
        cadences=service.cadences,
        assignment=assignment_of(service, row),
        letterhead=letterhead_of(settings, row, is_alone=is_alone),
        sending=SendingRules(
            fresh_seconds=settings.fresh_seconds,
            connections=settings.mail.connections,
            opens=settings.business_opens,
            closes=settings.business_closes,
        ),
        holder=f"{socket.gethostname()}:{os.getpid()}",
    )


def assignment_of(service: Service, row: CompanyRow) -> Assignment:
    """The rules of the assignment file, or the company's default cadence for everybody. Raises SettingsError."""
    path = service.settings.assignment_file
    if path is not None:
        return load_assignment(path, service.cadences)
    known = row.default_cadence in service.cadences
    return Assignment(default=row.default_cadence if known else service.settings.default_cadence)


def letterhead_of(settings: Settings, row: CompanyRow, *, is_alone: bool) -> Letterhead:
    """The company's own letterhead, else the settings'. Of several companies, none is ever paid on another's account:
    bank details and postal address of the settings are left out.
    """
    shared = Letterhead(
        sender=settings.mail.sender_address or "reminders@localhost.invalid",
        sender_name=settings.mail.sender_name if is_alone and settings.mail.sender_name else row.name,
        reply_to=settings.mail.reply_to,
        stop_address=settings.mail.stop_address,
        postal_address=settings.postal_address if is_alone else "",
        bank_details=settings.bank_details if is_alone else "",
    )
    own = {name: value for name, value in (row.letterhead or {}).items() if value}
    return replace(shared, **own)


def smtp_mailer(settings: Settings) -> Mailer:
    """The company's mail server; without one, nothing can be sent, and that is said where it is tried."""
    mail = settings.mail
    if not mail.host:
        return NoMailServer()
    return SmtpTransport(
        host=mail.host,
        port=mail.port,
        security=_SECURITY[mail.security],
        user=mail.user,
        password=mail.password.get_secret_value if mail.password else None,
        access_token=_renewed(mail.xoauth2_token) if mail.xoauth2_token else None,
        connect_timeout=mail.connect_timeout_seconds,
        command_timeout=mail.command_timeout_seconds,
        reply_timeout=mail.reply_timeout_seconds,
        pool_size=mail.connections,
    )


def _renewed(token: SecretStr) -> Callable[[], str]:
    """An access token lives for an hour: where it stands in a file, the file is read at each login."""
    path = os.environ.get("DUECOURSE_MAIL__XOAUTH2_TOKEN_FILE")
    if not path:
        return token.get_secret_value
    return lambda: Path(path).read_text(encoding="utf-8").strip()


_SECURITY = {
    SettingsSecurity.STARTTLS: Security.STARTTLS,
    SettingsSecurity.TLS: Security.TLS,
    SettingsSecurity.NONE: Security.NONE,
}


class NoMailServer:
    """Stands where no mail server is set: nothing leaves, and everything waits."""

    def send(self, sender: str, recipient: str, data: bytes, at_data: Callable[[], bool]) -> SendResult:
        """Defers."""
        del sender, recipient, data, at_data
        reply = "no mail server is set: DUECOURSE_MAIL__HOST"
        return SendResult(outcome=SendOutcome.DEFERRED, reply=reply, stage=Stage.CONNECT)


# -- QuickBooks


def quickbooks_oauth(service: Service, *, redirect_url: str | None = None) -> OAuthClient:
    """Our app at Intuit. Raises `NotSetUp` where its id or secret is missing."""
    settings = service.settings.quickbooks
    if not settings.client_id or settings.client_secret is None:
        raise NotSetUp(
            "QuickBooks needs your app's keys: set DUECOURSE_QUICKBOOKS__CLIENT_ID and "
            "DUECOURSE_QUICKBOOKS__CLIENT_SECRET (or its _FILE). The README says where to find them.",
        )
    return OAuthClient(
        client_id=settings.client_id,
        client_secret=settings.client_secret.get_secret_value(),
        redirect_uri=redirect_url or settings.redirect_url,
        http=service.http,
        now=service.clock.now,
        endpoints=Endpoints(
            authorize_url=settings.authorize_url, token_url=settings.token_url, revoke_url=settings.revoke_url
        ),
    )


def quickbooks_tokens(service: Service, company_id: str) -> StoredTokens[Tokens]:
    """Where the company's tokens are kept, sealed."""
    return StoredTokens(Tokens, service.database, service.vault, service.clock, company_id)


def quickbooks_ledger(service: Service, row: CompanyRow) -> QuickBooksLedger:
    """The company's books in QuickBooks Online."""
    return open_quickbooks(service, company_id=row.id, realm=row.ledger_ref, private_notes=row.note_style)


def open_quickbooks(
    service: Service, *, company_id: str, realm: str, private_notes: str = "attachable"
) -> QuickBooksLedger:
    """The books of a realm, with the tokens kept for `company_id`."""
    settings = service.settings.quickbooks
    return QuickBooksLedger(
        realm=realm,
        api_url=settings.api,
        tokens=quickbooks_tokens(service, company_id),
        oauth=quickbooks_oauth(service),
        http=service.http,
        quota=StoredQuota(service.database, Standing.decode),
        now=service.clock.now,
        history_months=settings.history_months,
        monthly_budget=settings.monthly_budget,
        note_field="private_note" if private_notes == "private_note" else "attachable",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """A consent that was asked for: the page to open, and where the browser is sent back to."""

    url: str
    redirect_url: str
    state: str
    oauth: OAuthClient

    def finish(self, answered: str) -> tuple[Tokens, str]:
        """Tokens and realm, for the address that the browser was sent to. Raises LedgerError."""
        code, realm = read_callback(answered, self.state)
        return self.oauth.exchange(code, realm), realm


def begin_consent(service: Service) -> Consent:
    """Asks for the consent of a QuickBooks company. Raises `NotSetUp`."""
    oauth, state = quickbooks_oauth(service), new_state()
    redirect_url = service.settings.quickbooks.redirect_url
    return Consent(url=oauth.authorize_url(state), redirect_url=redirect_url, state=state, oauth=oauth)


def revoke_consent(service: Service, company_id: str) -> None:
    """Gives a company's consent back. Raises LedgerError."""
    quickbooks_oauth(service).revoke(quickbooks_tokens(service, company_id).load())


def quickbooks_call(settings: Settings, body: bytes, signature: str) -> frozenset[str] | None:
    """The realms that a webhook call speaks of; None where it is not Intuit's. Raises `LedgerRejected` for nonsense."""
    verifier = settings.quickbooks.webhook_verifier
    if verifier is None or not webhooks.is_genuine(body, signature, verifier.get_secret_value()):
        return None
    return webhooks.companies(body)


SIGNATURE_HEADER = webhooks.SIGNATURE_HEADER


def metered_calls(connection: Connection, row: CompanyRow, now: datetime) -> int:
    """How many metered calls were made for the company in this month (UTC)."""
    return Standing.decode(pace.load(connection, row.ledger_ref)).metered.get(f"{now:%Y-%m}", 0)


# -- the sandbox


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxWish:
    """Which company the sandbox is to serve; `port` 0 takes a free one."""

    port: int = 0
    company: str = "believable"  # or empty
    seed: int = 1
    size: str = "small"  # medium, large
    faults: Path | None = None


@contextmanager
def serve_sandbox(wish: SandboxWish) -> Iterator[str]:
    """QuickBooks' API over a company's books while the context lasts; yields its address. Raises `NotSetUp`."""
    from adapters.quickbooks.sandbox import serve_quickbooks
    from adapters.sandbox.faults import FaultsFileError, read_rules

    try:
        rules = read_rules(wish.faults) if wish.faults else []
    except FaultsFileError as error:
        raise NotSetUp(str(error)) from error
    with tempfile.TemporaryDirectory(prefix="duecourse-") as folder:
        books = _sandbox_books(wish, Path(folder))
        try:
            with serve_quickbooks(books, port=wish.port, faults=rules) as sandbox:
                yield sandbox.url
        finally:
            books.close()


def _sandbox_books(wish: SandboxWish, folder: Path) -> "Books":
    """The wished company's books, up to this morning; from then on their clock is the machine's."""
    from adapters.quickbooks.sandbox.empty_company import fill
    from adapters.sandbox.books import Books
    from adapters.sandbox.company import believable, first_instant
    from adapters.sandbox.large import fill_large
    from adapters.sandbox.office import believable_books, local_day

    now = SystemClock().now
    if wish.company == "empty":
        books = Books(now=now, name="Sandbox Company")
        fill(books)
        return books
    today = local_day(now())
    if wish.size == "large":
        books = believable_books(now, path=str(folder / "books.db"))
        fill_large(books, today=today, seed=wish.seed)
        return books
    past = _PastThenPresent(first_instant(today))
    books = believable_books(past)
    believable(books, clock=past, seed=wish.seed, size=wish.size, today=today)
    past.go_on(now)
    return books


class _PastThenPresent:
    """A clock that is set through the past while the books are written, and then goes on by itself."""

    def __init__(self, past: "WorldClock") -> None:
        self._now: Callable[[], datetime] = past
        self.set = past.set

    def __call__(self) -> datetime:
        return self._now()

    def go_on(self, now: Callable[[], datetime]) -> None:
        """From here on it tells the present."""
        self._now = now
