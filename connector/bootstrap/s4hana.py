"""SAP S/4HANA: a system's two services, and a company code's books in it."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from adapters.errors import LedgerUnavailable
from adapters.http import Http
from adapters.sap.odata import ODataClient
from adapters.sap.s4hana.ledger import S4HanaLedger, Services
from adapters.sap.s4hana.lines import Habits
from adapters.sap.s4hana.probe import Check, probe
from adapters.sap.s4hana.texts import TextPlace
from adapters.sap.s4hana.wire import ATTACHMENTS, CUBE, PARTNERS
from adapters.sap.signin import Basic, ClientCredentials, Nobody, SignIn, secure_client
from adapters.sap.values import Version
from connector.bootstrap.service import NotSetUp, Service
from connector.settings_sap import S4HanaSettings
from connector.store import leases

_ROOT = "/sap/opu/odata/sap/"
_LOCK_SECONDS, _LOCK_TRIES = 180.0, 20


def open_s4hana(service: Service, *, company_id: str, company_code: str) -> S4HanaLedger:
    """The books of a company code in the system of the settings, always over the same session. Raises `NotSetUp`."""
    known = service.sessions.get(("s4hana", company_code))
    if isinstance(known, S4HanaLedger):
        return known
    ledger = _opened(service, company_id=company_id, company_code=company_code)
    service.sessions["s4hana", company_code] = ledger
    return ledger


def _opened(service: Service, *, company_id: str, company_code: str) -> S4HanaLedger:
    settings = service.settings.s4hana
    locks = _Locks(service, company_id)
    return S4HanaLedger(
        s4hana_services(service),
        company_code=company_code,
        texts=TextPlace(
            company_code=company_code,
            text_id=settings.text_id,
            language=settings.text_language,
            archive_id=settings.archive_text_id,
            longest=settings.text_length,
        ),
        locked=locks.of,
        now=service.clock.now,
        page_size=settings.page_size,
        habits=Habits(
            payment_types=frozenset(settings.payment_types),
            direct_debits=frozenset(settings.direct_debits),
            payment_block_holds=settings.payment_block_holds,
        ),
        block_code=settings.block_code if settings.write_blocks else "",
        write_level=settings.write_dunning_level,
    )


def probe_s4hana(service: Service, company_code: str) -> list[Check]:
    """What works for a company code, by reading alone. Raises LedgerError and `NotSetUp`."""
    services, settings = s4hana_services(service), service.settings.s4hana
    return probe(
        services.items,
        services.partners,
        company_code,
        text_id=settings.text_id,
        language=settings.text_language,
        attachments=services.attachments,
        cases=services.cases,
    )


def s4hana_services(service: Service) -> Services:
    """The services that we read and write, over one session. Raises `NotSetUp`."""
    settings = service.settings.s4hana
    if settings.url is None:
        raise NotSetUp(
            "S/4HANA needs its address: set DUECOURSE_S4HANA__URL, like https://my1-api.s4hana.ondemand.com."
        )
    http = service.clients.get("s4hana") or service.clients.setdefault("s4hana", _http(service, settings))
    sign_in = _sign_in(service, settings, http)
    fixed = {"sap-client": settings.client} if settings.client else {}

    def client(name: str = "", version: Version = Version.V2, root: str = f"{settings.url}{_ROOT}") -> ODataClient:
        return ODataClient(
            f"{root}{name}",
            version=version,
            http=http,
            now=service.clock.now,
            sign_in=sign_in,
            fixed=fixed,
            headers={"Accept-Language": settings.language},
        )

    attachments = client(ATTACHMENTS) if settings.attach_to_items else None
    cases = client(version=Version.V4, root=settings.promises_url) if settings.promises_url else None
    return Services(items=client(CUBE), partners=client(PARTNERS), attachments=attachments, cases=cases)


def _http(service: Service, settings: S4HanaSettings) -> Http:
    try:
        client = secure_client(ca_file=settings.ca_file, certificate=settings.certificate, key=settings.certificate_key)
    except OSError as error:
        raise NotSetUp(f"A certificate file of S/4HANA cannot be used: {error}.") from error
    return Http(
        sleep=service.clock.sleep, chance=random.SystemRandom().random, client=client, trace_header="sap-passport"
    )


def _sign_in(service: Service, settings: S4HanaSettings, http: Http) -> SignIn:
    if settings.token_url is not None:
        if not settings.user or settings.password is None:
            raise NotSetUp("OAuth at S/4HANA needs DUECOURSE_S4HANA__USER (client id) and __PASSWORD (its secret).")
        return ClientCredentials(
            token_url=settings.token_url,
            client_id=settings.user,
            secret=settings.password.get_secret_value,
            http=http,
            now=service.clock.now,
        )
    if settings.user and settings.password is not None:
        return Basic(settings.user, settings.password.get_secret_value)
    if settings.certificate is not None:
        return Nobody()
    raise NotSetUp(
        "S/4HANA needs credentials: set DUECOURSE_S4HANA__USER and DUECOURSE_S4HANA__PASSWORD (or its _FILE), or "
        "DUECOURSE_S4HANA__CERTIFICATE.",
    )


class _Locks:
    """One writer of a customer's text at a time, in whatever process: a lease in the store."""

    def __init__(self, service: Service, company_id: str) -> None:
        self._service = service
        self._company = company_id

    @contextmanager
    def of(self, customer: str) -> Iterator[None]:
        """Holds the customer's lease. Raises LedgerUnavailable where another writer keeps it."""
        name, clock = f"text:{self._company}:{customer}", self._service.clock
        holder = f"{random.SystemRandom().getrandbits(64):x}"
        number = self._take(name, holder)
        try:
            yield
        finally:
            with self._service.database.write("release text") as connection:
                leases.release(connection, name, number, clock.now())

    def _take(self, name: str, holder: str) -> int:
        for _ in range(_LOCK_TRIES):
            with self._service.database.write("lock text") as connection:
                now = self._service.clock.now()
                number = leases.take(connection, name, holder, now, _LOCK_SECONDS)
            if number is not None:
                return number
            self._service.clock.sleep(1.0)
        wait = timedelta(seconds=_LOCK_SECONDS)
        raise LedgerUnavailable("Somebody else is writing this customer's text.", retry_after=wait, sent=False)
