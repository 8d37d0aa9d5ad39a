"""A customer whom nobody can write to, until somebody names an address."""

from datetime import date, timedelta

from tests.unit.connector.bad_input.trade import MONDAY, Trade

SOON = MONDAY.date() + timedelta(days=2)


def _days_of_mails(trade: Trade, days: int) -> list[date]:
    """The days on which a mail left, while so many days go by."""
    found: list[date] = []
    for _ in range(days):
        before = len(trade.mails)
        trade.day()
        found += [trade.clock.now().date()] * (len(trade.mails) - before)
        trade.next_day()
    return found


def test_once_its_invoice_names_an_address_the_letters_keep_their_distance_and_none_is_left_out(trade: Trade) -> None:
    """The days without an address count for no distance; they end with the address, though it makes another account."""
    nobody = trade.customer("Nobody", "")
    invoice = trade.bill(nobody, due=SOON)
    trade.begin()
    assert _days_of_mails(trade, 14) == []
    trade.books.change_document(invoice, bill_email="claims@broker.example")
    first, second, third = _days_of_mails(trade, 24)
    assert {each.to for each in trade.mails} == {"claims@broker.example"}
    assert 6 <= (second - first).days <= 10
    assert 8 <= (third - second).days <= 12
