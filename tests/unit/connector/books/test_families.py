"""Whose account an item belongs to: families, bill addresses, merged customers; and what happens when they change."""

import pytest

from adapters.money import Money
from connector.store import customers, tables
from reminders.account import HoldKind
from tests.unit.connector.books.house import COMPANY, House


@pytest.fixture
def family(connected: House) -> House:
    """Anna's Boats (20) has a daughter billed with it (21), and one billed by itself (22)."""
    connected.ledger.customer("21", "Anna Oars", parent="20", bill_with_parent=True)
    connected.ledger.customer("22", "Anna Sails", parent="20")
    connected.sync()
    return connected


def test_a_sub_customer_billed_with_its_parent_is_part_of_the_parent_s_account(family: House) -> None:
    own, daughter = (
        family.ledger.bill("130", "20", "100.00", family.in_days(-14)),
        family.ledger.bill("131", "21", "50.00", family.in_days(-14)),
    )
    family.ledger.credit("700", "21", "30.00", family.today)
    family.sync()
    account = family.load("20").account
    assert {each.document for each in account.items} == {own, daughter}
    assert account.free_credit == {"USD": Money(3000, "USD")}


def test_a_sub_customer_billed_by_itself_is_an_account_of_its_own(family: House) -> None:
    ref = family.ledger.bill("132", "22", "50.00", family.in_days(-14))
    family.ledger.credit("700", "20", "30.00", family.today)
    family.sync()
    account = family.load("22").account
    assert family.account_of(ref) == "22"
    assert account.free_credit == {}
    assert account.parent_credit == {"USD": Money(3000, "USD")}


def test_a_new_sub_customer_and_its_first_invoice_come_on_one_page_without_the_parent(connected: House) -> None:
    connected.ledger.customer("21", "Anna Oars", parent="20", bill_with_parent=True)
    ref = connected.ledger.bill("131", "21", "50.00", connected.in_days(-14))
    connected.sync()
    assert connected.account_of(ref) == "20"


def test_a_sub_customer_that_is_billed_with_its_parent_from_now_on_takes_its_invoices_along(family: House) -> None:
    ref = family.ledger.bill("132", "22", "50.00", family.in_days(-14))
    family.ledger.credit("700", "22", "10.00", family.today)
    family.sync()
    family.asleep()
    family.ledger.change_customer("22", bill_with_parent=True)
    family.sync()
    assert family.account_of(ref) == "20"
    assert family.load("20").account.free_credit == {"USD": Money(1000, "USD")}
    assert "20" in family.awake()


def test_a_sub_customer_that_is_billed_by_itself_from_now_on_leaves_its_parent_s_account(family: House) -> None:
    own = family.ledger.bill("130", "20", "100.00", family.in_days(-14))
    ref = family.ledger.bill("131", "21", "50.00", family.in_days(-14))
    family.sync()
    family.ledger.change_customer("21", bill_with_parent=False)
    family.sync()
    assert (family.account_of(own), family.account_of(ref)) == ("20", "21")
    assert family.document(ref)["account"] == "21"
    assert {"20", "21"} <= family.awake()


def test_a_grandchild_moves_along_when_its_grandparent_does(family: House) -> None:
    family.ledger.customer("10", "Anna Holding")
    family.ledger.customer("31", "Anna Oars West", parent="21", bill_with_parent=True)
    ref = family.ledger.bill("140", "31", "50.00", family.in_days(-14))
    family.sync()
    assert family.account_of(ref) == "20"
    family.ledger.change_customer("20", parent="10", bill_with_parent=True)
    family.sync()
    assert family.account_of(ref) == "10"


def test_invoices_that_come_before_their_customer_join_its_family_when_it_comes(connected: House) -> None:
    ref = connected.ledger.bill("131", "21", "50.00", connected.in_days(-14))
    connected.sync()
    connected.ledger.customer("21", "Anna Oars", parent="20", bill_with_parent=True)
    connected.sync()
    assert connected.account_of(ref) == "20"


def test_an_invoice_that_names_somebody_else_s_address_forms_an_account_with_that_address(family: House) -> None:
    mine = family.ledger.bill("130", "20", "100.00", family.in_days(-14), bill_emails=("AP20@EXAMPLE.COM",))
    other = family.ledger.bill("133", "20", "75.00", family.in_days(-14), bill_emails=("Pay@Elsewhere.example",))
    family.ledger.change_customer("20", emails=("ap20@example.com",))
    family.ledger.credit("700", "20", "30.00", family.today)
    family.sync()
    account = family.load("20|pay@elsewhere.example").account
    assert (family.account_of(mine), family.account_of(other)) == ("20", account.ref)
    assert account.recipients == ("pay@elsewhere.example",)
    assert account.free_credit == {"USD": Money(3000, "USD")}
    assert [each.document for each in family.load("20").account.items] == [mine]


def test_an_invoice_comes_home_when_the_customer_takes_its_address_for_its_own(family: House) -> None:
    ref = family.ledger.bill("133", "20", "75.00", family.in_days(-14), bill_emails=("pay@elsewhere.example",))
    family.sync()
    family.ledger.change_customer("20", emails=("ap20@example.com", "pay@elsewhere.example"))
    family.sync()
    assert family.account_of(ref) == "20"


def test_a_new_bill_address_moves_the_invoice_and_wakes_both_accounts(family: House) -> None:
    ref = family.ledger.bill("133", "20", "75.00", family.in_days(-14))
    family.sync()
    family.asleep()
    family.ledger.change(ref, bill_emails=("pay@elsewhere.example",))
    family.sync()
    assert family.account_of(ref) == "20|pay@elsewhere.example"
    assert family.awake() == {"20", "20|pay@elsewhere.example"}


def test_a_reminder_contact_set_with_us_is_the_customer_s_own_address(family: House) -> None:
    with family.database.write("set contact") as connection:
        customers.set_own(connection, COMPANY, "20", own_contacts=["pay@elsewhere.example"])
    ref = family.ledger.bill("133", "20", "75.00", family.in_days(-14), bill_emails=("pay@elsewhere.example",))
    family.ledger.change_customer("20", phone="555-0100")  # the customer is on the same page
    family.sync()
    assert family.account_of(ref) == "20"


def test_bill_addresses_are_not_followed_where_the_rules_say_so(database_house: House) -> None:
    ref = database_house.ledger.bill(
        "133", "20", "75.00", database_house.in_days(-14), bill_emails=("pay@elsewhere.example",)
    )
    database_house.sync()
    assert database_house.account_of(ref) == "20"


@pytest.mark.parametrize("change", ["block", "credit used up"])
def test_what_changes_for_a_customer_wakes_the_accounts_that_follow_its_bill_addresses(
    family: House, change: str
) -> None:
    family.ledger.change_customer("20", block="stop")
    family.ledger.credit("700", "20", "200.00", family.today)
    invoice = family.ledger.bill("130", "20", "200.00", family.in_days(-14))
    family.ledger.bill("133", "20", "75.00", family.in_days(-14), bill_emails=("pay@elsewhere.example",))
    family.sync()
    family.asleep()
    if change == "block":
        family.ledger.change_customer("20", block="")
    else:
        family.ledger.apply_credit("901", "credit_memo:700", invoice, "200.00")
    family.sync()
    assert "20|pay@elsewhere.example" in family.awake()


def test_the_invoices_of_a_merged_customer_live_on_with_the_other(family: House) -> None:
    family.ledger.customer("23", "Anna's Boats Ltd")
    ref = family.ledger.bill("135", "23", "60.00", family.in_days(-14))
    family.ledger.credit("700", "23", "10.00", family.today)
    family.sync()
    family.ledger.merge("23", "20")
    family.sync()
    assert (family.account_of(ref), family.document(ref)["customer"]) == ("20", "20")
    (gone,) = family.rows(tables.customer, tables.customer.c.ref == "23")
    assert (gone["active"], gone["merged_into"]) == (False, "20")
    assert family.load("20").account.free_credit == {"USD": Money(1000, "USD")}


def test_a_merged_customer_s_later_invoice_still_finds_the_survivor(family: House) -> None:
    for ref, name in (("23", "Anna A"), ("24", "Anna B")):
        family.ledger.customer(ref, name)
    family.sync()
    family.ledger.merge("24", "23")
    family.sync()
    family.ledger.merge("23", "20")
    family.sync()
    late = family.ledger.bill("136", "24", "60.00", family.in_days(-14))
    family.sync()
    assert family.account_of(late) == "20"


def test_a_circle_of_parents_ends_nowhere_and_harms_nobody(connected: House) -> None:
    connected.ledger.customer("21", "One", parent="22", bill_with_parent=True)
    connected.ledger.customer("22", "Two", parent="21", bill_with_parent=True)
    ref = connected.ledger.bill("131", "21", "50.00", connected.in_days(-14))
    connected.sync()
    assert connected.account_of(ref) in {"21", "22"}


def test_an_invoice_that_the_ledger_blocks_waits_alone_until_it_is_freed(family: House) -> None:
    blocked, other = (
        family.ledger.bill("130", "20", "100.00", family.in_days(-30), block="A"),
        family.ledger.bill("131", "20", "50.00", family.in_days(-30)),
    )
    family.sync()
    [hold] = family.load("20").account.holds
    assert (hold.kind, set(hold.items), hold.ends) == (HoldKind.LEDGER_BLOCK, {f"{blocked}#1"}, None)
    assert {each.document for each in family.load("20").account.items} == {blocked, other}
    family.asleep()
    family.ledger.change(blocked, block="")
    family.sync()
    assert family.load("20").account.holds == ()
    assert "20" in family.awake()
