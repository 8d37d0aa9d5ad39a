"""The two addresses that machines ask: /healthz, and the ledger's calls ("something changed: sync now").

Neither tells anything personal, and neither reads the ledger: both answer at once.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import RowMapping
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from adapters.errors import LedgerRejected
from connector.bootstrap import SIGNATURE_HEADER, Service, quickbooks_call
from connector.jobs import Job
from connector.store import companies, jobs
from connector.store.companies import CompanyRow
from connector.store.engine import Database

LARGEST_CALL = 1_000_000
"""Bytes of a webhook call; Intuit's are some kilobytes."""
FAILED_REPEATEDLY = 3
SYNCS_MISSED = 3


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

    Unwell: the last sync is older than three times `sync_minutes`, or a job has failed three times in a row.
    """
    longest = timedelta(minutes=SYNCS_MISSED * sync_minutes)
    with database.read() as connection:
        every = {
            row.id: _company(row, jobs.load(connection, row.id), now, longest) for row in companies.load_all(connection)
        }
    return {"is_well": all(each["is_well"] for each in every.values()), "companies": every}


def _company(row: CompanyRow, known: Mapping[str, RowMapping], now: datetime, longest: timedelta) -> dict[str, object]:
    since_sync = now - (row.synced_at or row.connected_at)
    told = {
        job.value: {
            "last_success_seconds": _age(known[job.value]["last_success_at"], now),
            "failures": known[job.value]["failures"],
        }
        for job in Job
        if job.value in known
    }
    failing = any(each["failures"] >= FAILED_REPEATEDLY for each in known.values())
    return {
        "is_well": since_sync <= longest and not failing,
        "is_paused": row.paused_because is not None,
        "synced_seconds": _age(row.synced_at, now),
        "jobs": told,
    }


def _age(at: datetime | None, now: datetime) -> int | None:
    return None if at is None else int((now - at).total_seconds())
