"""QuickBooks Online: our app at Intuit, a company's consent, tokens and books."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import Connection

from adapters.quickbooks import webhooks
from adapters.quickbooks.ledger import QuickBooksLedger
from adapters.quickbooks.limits import Standing
from adapters.quickbooks.oauth import Endpoints, OAuthClient, Tokens, new_state, read_callback
from connector.bootstrap.service import NotSetUp, Service
from connector.settings import Settings
from connector.store import pace
from connector.store.companies import CompanyRow
from connector.store.credentials import StoredTokens
from connector.store.pace import StoredQuota

QuickBooksTokens: TypeAlias = Tokens
"""What a consent at Intuit gives."""


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
