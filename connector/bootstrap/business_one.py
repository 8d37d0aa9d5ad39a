"""SAP Business One: a company's books behind its Service Layer."""

import random

from adapters.http import Http
from adapters.sap.business_one.ledger import BusinessOneLedger
from adapters.sap.business_one.settings import Settings
from adapters.sap.signin import secure_client
from connector.bootstrap.service import NotSetUp, Service


def open_business_one(service: Service, database: str) -> BusinessOneLedger:
    """The books of a company database: one session, given back when the service ends. Raises `NotSetUp`."""
    known = service.sessions.get(("business_one", database))
    if isinstance(known, BusinessOneLedger):
        return known
    ledger = _opened(service, database)
    service.sessions["business_one", database] = ledger
    service.at_end.callback(ledger.close)
    return ledger


def _opened(service: Service, database: str) -> BusinessOneLedger:
    told = service.settings.business_one
    if told.url is None or not told.user or told.password is None:
        raise NotSetUp(
            "Business One needs its Service Layer and a user: set DUECOURSE_BUSINESS_ONE__URL, "
            "DUECOURSE_BUSINESS_ONE__USER and DUECOURSE_BUSINESS_ONE__PASSWORD (or its _FILE).",
        )
    try:
        settings = Settings(
            partner_fields=told.partner_fields,
            document_fields=told.document_fields,
            marker_field=told.marker_field,
            details_length=told.details_length,
            dispute_blocks=told.dispute_blocks,
            zone=told.zone,
        )
    except ValueError as error:
        raise NotSetUp(
            f"DUECOURSE_BUSINESS_ONE__PARTNER_FIELDS or __DOCUMENT_FIELDS: {error} See docs/sap.md for what can."
        ) from error
    http = service.clients.get("business_one") or service.clients.setdefault("business_one", _http(service))
    return BusinessOneLedger(
        told.url,
        company=database,
        user=told.user,
        password=told.password.get_secret_value,
        http=http,
        now=service.clock.now,
        dialect=told.version,
        settings=settings,
        page_size=told.page_size,
    )


def _http(service: Service) -> Http:
    try:
        client = secure_client(ca_file=service.settings.business_one.ca_file)
    except OSError as error:
        raise NotSetUp(f"The certificate file of Business One cannot be used: {error}.") from error
    return Http(
        sleep=service.clock.sleep, chance=random.SystemRandom().random, client=client, trace_header="x-request-id"
    )
