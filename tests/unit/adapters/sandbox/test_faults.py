from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.sandbox.faults import HEADER, Faults, FaultsFileError, Rule, from_header, read_rules


class Clock:
    def __init__(self) -> None:
        self.at = datetime(2026, 3, 2, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


def strikes(faults: Faults, times: int, path: str = "/v3/company/1/invoice/5", body: bytes = b"") -> list[bool]:
    return [faults.strike("GET", path, {}, body) is not None for _ in range(times)]


def test_a_rule_strikes_as_often_as_it_says_after_the_calls_it_lets_pass() -> None:
    faults = Faults(Clock())
    faults.add(Rule(fault="throttle", count=2, skip=1))
    assert strikes(faults, 5) == [False, True, True, False, False]


def test_a_rule_ends_after_its_minutes() -> None:
    clock = Clock()
    faults = Faults(clock)
    faults.add(Rule(fault="throttle", minutes=10))
    clock.at += timedelta(minutes=10)
    assert strikes(faults, 1) == [True]
    clock.at += timedelta(seconds=1)
    assert strikes(faults, 1) == [False]


def test_a_rule_strikes_the_calls_beyond_so_many_in_a_minute() -> None:
    clock = Clock()
    faults = Faults(clock)
    faults.add(Rule(fault="throttle", above=3))
    assert strikes(faults, 5) == [False, False, False, True, True]
    clock.at += timedelta(seconds=59)
    assert strikes(faults, 1) == [True]
    clock.at += timedelta(seconds=2)
    assert strikes(faults, 3) == [False, False, True]


def test_a_rate_is_repeatable_by_its_seed() -> None:
    first, second, other = Faults(Clock()), Faults(Clock()), Faults(Clock())
    first.add(Rule(fault="html", rate=0.3, seed=7))
    second.add(Rule(fault="html", rate=0.3, seed=7))
    other.add(Rule(fault="html", rate=0.3, seed=8))
    struck = strikes(first, 200)
    assert struck == strikes(second, 200)
    assert struck != strikes(other, 200)
    assert 30 < sum(struck) < 90


@pytest.mark.parametrize(
    ("rule", "path", "body", "expected"),
    [
        (Rule(fault="x", entity="Invoice"), "/v3/company/1/invoice/5", b"", True),
        (Rule(fault="x", entity="Invoice"), "/v3/company/1/query", b"select * from invoice where", True),
        (Rule(fault="x", entity="Invoice"), "/v3/company/1/query", b"select * from Customer", False),
        (Rule(fault="x", entity="Invoice"), "/v3/company/1/customer/5", b"", False),
        (Rule(fault="x", path="/cdc$"), "/v3/company/1/cdc", b"", True),
        (Rule(fault="x", method="POST"), "/v3/company/1/invoice/5", b"", False),
        (Rule(fault="x", body="DocNumber"), "/v3/company/1/invoice", b'{"DocNumber": "7"}', True),
    ],
)
def test_a_rule_matches_method_path_entity_and_body(rule: Rule, path: str, body: bytes, *, expected: bool) -> None:
    faults = Faults(Clock())
    faults.add(rule)
    assert strikes(faults, 1, path, body) == [expected]


def test_the_header_switches_a_fault_on_for_one_call() -> None:
    faults = Faults(Clock())
    struck = faults.strike("GET", "/", {HEADER: "slow; seconds=2"}, b"")
    assert struck == from_header("slow; seconds=2")
    assert struck.options == {"seconds": "2"}
    assert strikes(faults, 1) == [False]


def test_rules_are_taken_back() -> None:
    faults = Faults(Clock())
    faults.add(Rule(fault="html"))
    faults.clear()
    assert strikes(faults, 1) == [False]


def test_a_faults_file_is_toml_or_json(tmp_path: Path) -> None:
    toml, plain = tmp_path / "faults.toml", tmp_path / "faults.json"
    toml.write_text('[[rules]]\nfault = "throttle"\npath = "/query"\ncount = 3\nretry_after = 5\n')
    plain.write_text('[{"fault": "throttle", "path": "/query", "count": 3, "retry_after": "5"}]')
    expected = [Rule(fault="throttle", path="/query", count=3, options={"retry_after": "5"})]
    assert read_rules(toml) == read_rules(plain) == expected


def test_a_rule_without_a_fault_is_named(tmp_path: Path) -> None:
    path = tmp_path / "faults.json"
    path.write_text('[{"fault": "html"}, {"path": "/query"}]')
    with pytest.raises(FaultsFileError, match="Rule 2"):
        read_rules(path)


def test_a_file_that_is_no_file_of_rules_is_named(tmp_path: Path) -> None:
    path = tmp_path / "faults.toml"
    path.write_text("rules = [")
    with pytest.raises(FaultsFileError, match="cannot be read"):
        read_rules(path)
