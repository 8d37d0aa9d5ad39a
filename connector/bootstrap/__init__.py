"""Furnishes offices from settings: the only place that names concrete ledgers, channels and stores.

service.py opens what all companies share · quickbooks.py and s4hana.py connect a ledger · sandbox.py serves one.
"""

from connector.bootstrap.business_one import open_business_one
from connector.bootstrap.quickbooks import (
    SIGNATURE_HEADER,
    Consent,
    QuickBooksTokens,
    begin_consent,
    metered_calls,
    open_quickbooks,
    quickbooks_call,
    quickbooks_ledger,
    quickbooks_oauth,
    quickbooks_tokens,
    revoke_consent,
)
from connector.bootstrap.s4hana import open_s4hana, probe_s4hana
from connector.bootstrap.sandbox import SandboxWish, serve_sandbox
from connector.bootstrap.service import (
    BUILTIN_CADENCES,
    NotSetUp,
    Service,
    assignment_of,
    furnish,
    letterhead_of,
    open_service,
)

__all__ = [
    "BUILTIN_CADENCES",
    "SIGNATURE_HEADER",
    "Consent",
    "NotSetUp",
    "QuickBooksTokens",
    "SandboxWish",
    "Service",
    "assignment_of",
    "begin_consent",
    "furnish",
    "letterhead_of",
    "metered_calls",
    "open_business_one",
    "open_quickbooks",
    "open_s4hana",
    "open_service",
    "probe_s4hana",
    "quickbooks_call",
    "quickbooks_ledger",
    "quickbooks_oauth",
    "quickbooks_tokens",
    "revoke_consent",
    "serve_sandbox",
]
