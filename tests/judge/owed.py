"""What accounts owe, reckoned from the books: open items, what is disputed of them, free credit."""

from collections import defaultdict
from datetime import datetime
from decimal import Decimal

from tests.judge.audit import Dispute
from tests.judge.books import ZERO, Books, Document
from tests.judge.evidence import Evidence
from tests.judge.families import customer_of, own_addresses, party_of, root_of


def disputed_of(evidence: Evidence, item: str, at: datetime, document: Document, *, flags: bool = True) -> Decimal:
    """The contested amount of an item; a dispute that names none contests the whole.

    `flags`: what a machine takes for contested too, though it is no dispute until a person says so.
    """
    live = [each for each in evidence.audit.disputes if each.item == item and each.lives_at(at)]
    live = [each for each in live if flags or not each.is_flag]
    return sum((_contested(each, document) for each in live), ZERO)


def _contested(dispute: Dispute, document: Document) -> Decimal:
    return max(ZERO, document.open) if dispute.amount is None else dispute.amount


def account_documents(evidence: Evidence, account: str, at: datetime) -> list[Document]:
    """What can be asked of an account: its family's items, or only those that name its other party."""
    books, party = evidence.books, party_of(account)
    members = evidence.families(at).members(evidence.families(at).root(customer_of(account)))
    found = [each for each in books.documents_of(members, at) if each.can_be_asked]
    return [
        each
        for each in found
        if party & _followed(books, each, at) or not (party or is_another_party(evidence, each, at))
    ]


def _followed(books: Books, document: Document, at: datetime) -> frozenset[str]:
    """The addresses that an item may follow."""
    return document.emails or own_addresses(books, {document.customer}, at)


def is_another_party(evidence: Evidence, document: Document, at: datetime) -> bool:
    """Whether an item names only addresses that its customer does not, or follows its site's for want of any other."""
    books, site = evidence.books, document.customer
    root = root_of(books, site, at)
    sites, payers = own_addresses(books, {site}, at), own_addresses(books, {root}, at)
    payers |= evidence.company.contacts.get(root, frozenset())
    if not payers and site != root:
        return bool(document.emails | sites)
    return bool(document.emails) and not document.emails & (payers | sites)


def free_credit(evidence: Evidence, root: str, at: datetime) -> dict[str, Decimal]:
    """What is not yet applied to anything, by currency, positive: one pool for the family."""
    members = evidence.families(at).members(root)
    pool: dict[str, Decimal] = defaultdict(Decimal)
    for document in evidence.books.documents_of(members, at):
        if document.open < 0:
            pool[document.currency] -= document.open
    return dict(pool)
