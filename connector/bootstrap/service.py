"""Opens the service from its settings, and furnishes a company's office: store, ledger, mail, rules."""

import os
import random
import socket
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import SecretStr

from adapters.http import Http
from adapters.ledger import Ledger
from connector.clock import Clock, SystemClock
from connector.office import Letterhead, Office, SendingRules
from connector.rulebooks import check_default, load_assignment, load_cadences
from connector.settings import Security as SettingsSecurity
from connector.settings import Settings
from connector.store import companies
from connector.store.companies import CompanyRow
from connector.store.credentials import check_key
from connector.store.engine import Boundaries, Database, open_database
from connector.vault import Vault, open_vault
from reminders.assignment import Assignment
from reminders.cadence_file import Cadence
from reminders.channels import Mailer, SendOutcome, SendResult, Stage
from reminders.channels.smtp import Security, SmtpTransport
from reminders.working_days import WorkingDays

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
    clients: dict[str, Http] = field(default_factory=dict)  # of ledgers with a session of their own, by ledger
    sessions: dict[tuple[str, str], Ledger] = field(default_factory=dict)  # these, by ledger and its ref
    at_end: ExitStack = field(default_factory=ExitStack)  # what else is given back

    def office(self, company_id: str | None = None, *, ledger: Ledger | None = None) -> Office:
        """The office of a company; where there is one only, its name may be left out. Raises `NoSuchCompany`."""
        with self.database.read() as connection:
            known = companies.load_all(connection)
            only = known[0].id if company_id is None and len(known) == 1 else company_id or ""
            row = companies.load(connection, only)
        return furnish(self, row, ledger or self.ledger(row), is_alone=len(known) == 1)

    def ledger(self, row: CompanyRow) -> Ledger:
        """The company's ledger; one with a session is shared. Raises `NotSetUp` where its settings are missing."""
        if row.ledger == "s4hana":
            from connector.bootstrap.s4hana import open_s4hana

            return open_s4hana(self, company_id=row.id, company_code=row.ledger_ref)
        if row.ledger == "business_one":
            from connector.bootstrap.business_one import open_business_one

            return open_business_one(self, row.ledger_ref)
        from connector.bootstrap.quickbooks import quickbooks_ledger

        return quickbooks_ledger(self, row)

    def close(self) -> None:
        """Lets go of connections."""
        if isinstance(self.mailer, SmtpTransport):
            self.mailer.close()
        self.at_end.close()
        for http in (self.http, *self.clients.values()):
            http.close()
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
