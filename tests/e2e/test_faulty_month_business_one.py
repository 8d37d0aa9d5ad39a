"""A month behind Business One, calm and in bad weather."""

from tests.e2e.faulty import FairMonth, FaultyMonth


class TestFair(FairMonth):
    ledger = "business-one"


class TestFaulty(FaultyMonth):
    ledger = "business-one"
