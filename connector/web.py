"""The two addresses that machines ask: /healthz, and the ledger's calls ("something changed: sync now").

Neither tells anything personal, and neither reads the ledger: both answer at once.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import RowMapping
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from adapters.errors import LedgerRejected
from connector.backup import restored_from
from connector.bootstrap import SIGNATURE_HEADER, Service, quickbooks_call
from connector.connect import RECONNECT
from connector.jobs import READING, Job
from connector.store import companies, jobs
from connector.store.companies import CompanyRow
from connector.store.engine import Database

LARGEST_CALL = 1_000_000
"""Bytes of a webhook call; Intuit's are some kilobytes."""
FAILED_REPEATEDLY = 3
SYNCS_MISSED = 3


class Waits(StrEnum):
    """What a company waits for that is well, and does nothing."""

    CONNECTION = "connection"  # to be connected again
    COMPARISON = "comparison"  # restored from a backup
    PERSON = "person"  # somebody must look, and say `resume --company`
    QUOTA = "quota"  # the month's calls are used up


def make_app(service: Service) -> Starlette:
    """The web application of `duecourse serve`."""

    def healthz(_request: Request) -> Response:
        health = health_of(service.database, service.clock.now(), sync_minutes=service.settings.sync_minutes)
        return JSONResponse(health, status_code=200 if health["is_well"] else 503)

    async def quickbooks(request: Request) -> Response:
        body = await _body(request)
        if body is None:
            return PlainTextResponse("too large", status_code=413)
        try:
            realms = quickbooks_call(service.settings, body, request.headers.get(SIGNATURE_HEADER, ""))
        except LedgerRejected:
            return PlainTextResponse("not understood", status_code=400)
        if realms is None:
            return PlainTextResponse("not genuine", status_code=401)
        await run_in_threadpool(want_sync, service.database, realms, service.clock.now)
        return Response(status_code=200)

    return Starlette(
        routes=[
            Route("/healthz", healthz, methods=["GET"]),
            Route("/webhooks/quickbooks", quickbooks, methods=["POST"]),
        ]
    )


async def _body(request: Request) -> bytes | None:
    """The raw bytes, which the signature is over; None where there are too many."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_CALL:
            return None
    return bytes(body)


def want_sync(database: Database, realms: frozenset[str], now: Callable[[], datetime]) -> int:
    """Asks for a sync of the companies of these realms. Returns how many there are."""
    with database.write("want sync") as connection:
        called = [
            row for row in companies.load_all(connection) if row.ledger == "quickbooks" and row.ledger_ref in realms
        ]
        for row in called:
            companies.change(connection, row.id, sync_wanted_at=now())
    return len(called)


def health_of(database: Database, now: datetime, *, sync_minutes: int) -> dict[str, object]:
    """How old each job's last success is, in seconds, per company; `is_well` is the verdict over all.

    Unwell: the last sync is older than three times `sync_minutes`, or a job has failed three times in a row. A company
    that waits for a person, or for the next month's quota, is well: no restart of the process would help it.
    """
    longest = timedelta(minutes=SYNCS_MISSED * sync_minutes)
    with database.read() as connection:
        every = {
            companies.public_name(row.id): _company(row, jobs.load(connection, row.id), now, longest)
            for row in companies.load_all(connection)
        }
    return {"is_well": all(each["is_well"] for each in every.values()), "companies": every}


def _company(row: CompanyRow, known: Mapping[str, RowMapping], now: datetime, longest: timedelta) -> dict[str, object]:
    quota_ended = min(row.out_of_quota_until or row.connected_at, now)
    since_sync = now - max(row.synced_at or row.connected_at, quota_ended)
    waits = _waits(row, now)
    told = {
        job.value: {
            "last_success_seconds": _age(known[job.value]["last_success_at"], now),
            "failures": known[job.value]["failures"],
        }
        for job in Job
        if job.value in known
    }
    watched = set() if row.paused_because else set(Job) - (READING if waits else set())
    failing = any(known[job]["failures"] >= FAILED_REPEATEDLY for job in watched if job in known)
    return {
        "is_well": not failing and (waits is not None or since_sync <= longest),
        "is_paused": row.paused_because is not None,
        "waits": waits,
        "synced_seconds": _age(row.synced_at, now),
        "jobs": told,
    }


def _waits(row: CompanyRow, now: datetime) -> Waits | None:
    if row.paused_because is None:
        return Waits.QUOTA if row.out_of_quota_until and row.out_of_quota_until > now else None
    if RECONNECT in row.paused_because:
        return Waits.CONNECTION
    return Waits.COMPARISON if restored_from(row.paused_because) else Waits.PERSON


def _age(at: datetime | None, now: datetime) -> int | None:
    return None if at is None else int((now - at).total_seconds())
