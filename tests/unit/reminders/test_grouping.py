"""Whose account, and who gets it (docs/rules.md, sections 1 and 3)."""

from hypothesis import strategies as st

from adapters.documents import Customer
from reminders.grouping import account_of, addresses_of, billing_customer, choose_recipients, customer_of, sharing
from tests.unit.reminders.laws import law

PARENT = Customer(ref="1", name="Holding", emails=("ap@holding.example",))
SITE = Customer(ref="2", name="Site", parent="1", bill_with_parent=True, emails=("site@holding.example",))
ROOM = Customer(ref="3", name="Room", parent="2", bill_with_parent=True)
FREE = Customer(ref="4", name="Free", parent="1", emails=("free@example.com",))
ALL = {each.ref: each for each in (PARENT, SITE, ROOM, FREE)}


def test_a_sub_customer_billed_with_its_parent_is_part_of_the_parents_account() -> None:
    assert billing_customer(SITE, ALL) == PARENT
    assert billing_customer(ROOM, ALL) == PARENT
    assert account_of(ROOM, ALL, ()) == "1"


def test_a_sub_customer_billed_by_itself_is_an_account_of_its_own() -> None:
    assert account_of(FREE, ALL, ()) == "4"


def test_a_parent_that_is_not_known_ends_the_way_up() -> None:
    assert billing_customer(ROOM, {"3": ROOM, "2": SITE}) == SITE
    assert billing_customer(SITE, {}) == SITE


def test_a_circle_of_parents_ends() -> None:
    one = Customer(ref="1", name="1", parent="2", bill_with_parent=True)
    two = Customer(ref="2", name="2", parent="1", bill_with_parent=True)
    assert billing_customer(one, {"1": one, "2": two}) == two


def test_an_item_that_names_its_own_customers_address_stays_with_it() -> None:
    assert account_of(SITE, ALL, ("AP@Holding.example",)) == "1"
    assert account_of(SITE, ALL, ("else@example.com", "site@holding.example")) == "1"
    assert account_of(SITE, ALL, ("boss@example.com",), own_contacts=("boss@example.com",)) == "1"


def test_an_item_that_names_another_partys_address_is_an_account_of_its_own() -> None:
    ref = account_of(SITE, ALL, ("Broker@example.com",))
    assert ref == "1|broker@example.com"
    assert (customer_of(ref), addresses_of(ref)) == ("1", ("broker@example.com",))
    assert addresses_of("1") == ()


def test_following_the_bill_email_can_be_switched_off() -> None:
    assert account_of(SITE, ALL, ("broker@example.com",), follow_bill_email=False) == "1"


def test_our_own_contacts_come_first_then_the_customers_then_bill_email() -> None:
    assert choose_recipients(["a@x.example"], ["b@x.example"], ["c@x.example"]) == ("a@x.example",)
    assert choose_recipients([], ["b@x.example"], ["c@x.example"]) == ("b@x.example",)
    assert choose_recipients([], [], ["c@x.example"]) == ("c@x.example",)
    assert choose_recipients([], [], []) == ()


def test_unusable_addresses_are_left_out_and_nobody_steps_in() -> None:
    own = ["a@x.example", "A@X.example", "b@x.example"]
    assert choose_recipients(own, ["c@x.example"], [], {"B@x.example"}) == ("a@x.example",)
    assert choose_recipients(own, ["c@x.example"], [], {"a@x.example", "b@x.example"}) == ()


def test_an_address_of_several_customers_is_found() -> None:
    recipients = {"1": ["ap@x.example", "AP@x.example"], "2": ["Ap@X.example"], "2|b@x.example": ["b@x.example"]}
    assert sharing(recipients) == {"ap@x.example": ("1", "2")}


ADDRESSES = tuple(f"{name}@example.com" for name in "abcdef")
SOME = st.lists(st.sampled_from(ADDRESSES), max_size=2, unique=True).map(tuple)


@law(st.tuples(SOME, SOME, SOME, SOME))
def test_an_item_is_shown_only_to_an_address_that_its_invoice_or_its_customer_names(
    drawn: tuple[tuple[str, ...], ...],
) -> bool:
    contacts, parents, own, billed = drawn
    parent = Customer(ref="1", name="1", emails=parents)
    child = Customer(ref="2", name="2", parent="1", bill_with_parent=True, emails=own)
    account = account_of(child, {"1": parent, "2": child}, billed, own_contacts=contacts)
    shown_to = addresses_of(account) or choose_recipients(contacts, parents, own)
    assert set(shown_to) <= {*contacts, *parents, *own, *billed}
    if billed and not set(billed) & {*contacts, *parents, *own}:
        assert set(shown_to) == set(billed)
    return bool(shown_to)


def test_where_nobody_can_write_to_the_parent_a_site_is_written_to_about_its_own_items_alone() -> None:
    parent = Customer(ref="1", name="1")
    site = Customer(ref="2", name="2", parent="1", bill_with_parent=True, emails=("site@x.example",))
    other = Customer(ref="3", name="3", parent="1", bill_with_parent=True)
    everybody = {"1": parent, "2": site, "3": other}
    assert account_of(site, everybody, ()) == account_of(site, everybody, ("site@x.example",)) == "1|site@x.example"
    assert account_of(other, everybody, ()) == account_of(parent, everybody, ()) == "1"
    assert account_of(site, everybody, (), own_contacts=("ap@x.example",)) == "1"
