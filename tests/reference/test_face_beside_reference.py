"""Our own face of S/4HANA beside SAP's own engine, over the same books: the adapter reads the same from both."""

from decimal import Decimal

import pytest

from adapters.sap.s4hana.sandbox import Partial, S4HanaSettings
from tests.contract.ledgers import Connection
from tests.contract.lively import TEN, TODAY, a_lively_company, bill, customer
from tests.contract.replica import Replica
from tests.contract.s4hana_connection import S4HanaConnection
from tests.contract.s4hana_on_reference import S4HanaOnReference
from tests.reference.server import Reference


def _a_year(here: Connection) -> list[object]:
    """Steps in the books, and after each what was read: documents, customers, totals."""
    told: list[object] = []
    replica = Replica(here.ledger)

    def read(*, whole: bool = False) -> None:
        replica.sync(whole=whole)
        told.append((dict(replica.documents), dict(replica.customers), here.ledger.totals(TODAY).by_customer))
        here.clock.later(days=1)

    invoices = a_lively_company(here)
    owner = here.books.document(invoices[3]).customer
    read()
    payment = here.books.pay(owner, Decimal("14.10"), on=TODAY, apply={invoices[3]: TEN, invoices[4]: Decimal(4)})
    read()
    here.books.unapply_payment(payment, invoices[3])
    here.books.change_total(invoices[8], Decimal("7.70"))
    read()
    here.books.edit_customer(owner, emails="new@example.com, other@example.com", note="Call Jane first.")
    child = customer(here, "Child", parent=owner, bill_with_parent=True)
    bill(here, child, Decimal(1200))
    here.books.void("invoice", invoices[12])
    read()
    here.books.return_payment(payment)
    assert replica.cursor is not None
    replica.apply(here.ledger.fresh(list(replica.documents)[:7], [owner], replica.cursor))
    read(whole=True)
    return told


@pytest.mark.parametrize("partial", Partial)
def test_what_is_read_from_our_face_is_read_from_saps_engine(small_pages: Reference, partial: Partial) -> None:
    settings = S4HanaSettings(partial=partial)
    ours = _a_year(S4HanaConnection(settings))
    theirs = _a_year(S4HanaOnReference(small_pages, settings))
    for step, (one, other) in enumerate(zip(ours, theirs, strict=True)):
        assert one == other, step
