"""A month behind S/4HANA, calm and in bad weather."""

from tests.e2e.faulty import FairMonth, FaultyMonth


class TestFair(FairMonth):
    ledger = "s4hana"


class TestFaulty(FaultyMonth):
    ledger = "s4hana"
