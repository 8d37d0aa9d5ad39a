import base64
import hashlib
import hmac
import json

import pytest

from adapters.errors import LedgerRejected
from adapters.quickbooks.webhooks import companies, is_genuine

TOKEN = "verifier"
NEW = json.dumps(
    [
        {
            "specversion": "1.0",
            "id": "a",
            "source": "intuit.x",
            "type": "qbo.invoice.updated.v1",
            "intuitentityid": "130",
            "intuitaccountid": "111",
            "data": {},
        },
        {"id": "b", "type": "qbo.payment.created.v1", "intuitentityid": "7", "intuitaccountid": "222"},
        {"id": "c", "type": "qbo.customer.merged.v1", "intuitaccountid": "111", "data": {"deletedid": "9"}},
    ]
).encode()
OLD = json.dumps(
    {
        "eventNotifications": [
            {"realmId": "111", "dataChangeEvent": {"entities": [{"name": "Invoice", "id": "1", "operation": "Void"}]}},
            {"realmId": "333", "dataChangeEvent": {"entities": []}},
        ]
    }
).encode()


def signed(body: bytes, token: str = TOKEN) -> str:
    return base64.b64encode(hmac.new(token.encode(), body, hashlib.sha256).digest()).decode()


@pytest.mark.parametrize("body", [NEW, OLD, b"", b"\xff\xfe not text"])
def test_intuits_own_signature_is_taken(body: bytes) -> None:
    assert is_genuine(body, signed(body), TOKEN)


@pytest.mark.parametrize(
    "signature", ["", "nonsense", "é", signed(NEW + b" "), signed(NEW, "other"), signed(NEW)[:-2], signed(NEW) + "\n"]
)
def test_any_other_signature_is_not(signature: str) -> None:
    assert not is_genuine(NEW, signature, TOKEN)


def test_without_a_verifier_token_nothing_is_genuine() -> None:
    assert not is_genuine(NEW, signed(NEW, ""), "")


@pytest.mark.parametrize(("body", "realms"), [(NEW, {"111", "222"}), (OLD, {"111", "333"}), (b" []", set())])
def test_both_forms_name_the_companies_to_sync(body: bytes, realms: set[str]) -> None:
    assert companies(body) == realms


def test_events_of_other_products_name_no_company() -> None:
    assert companies(b'[{"type":"payroll.run.created.v1","intuitaccountid":"5"}]') == frozenset()


@pytest.mark.parametrize("body", [b"", b"hello", b"[1,2]", b"42"])
def test_what_is_no_call_of_quickbooks_is_refused(body: bytes) -> None:
    with pytest.raises(LedgerRejected):
        companies(body)
