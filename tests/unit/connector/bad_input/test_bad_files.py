"""Files and settings of the owner's own that are wrong: all mistakes at once, and never passed over."""

import io
from collections.abc import Mapping
from pathlib import Path

import pytest

from connector.bootstrap import Service, open_service
from connector.cli import invoke
from connector.settings import load_settings
from connector.settings_sources import SettingsError
from connector.store.engine import StoreError
from tests.contract.databases import SqliteDatabases
from tests.unit.connector.bad_input.trade import Trade

TEN_MISTAKES = """\
name = "ours"
list_not_due = "yes"

[rules]
min_gap_dais = 5
partial = "half"
weekly_cap = 0

[rules.minimum]
usd = "5.00"

[[step]]
id = "First"
day = 0
channel = "fax"
tone = "angry"

[[step]]
id = "second"
day = 12
channel = "email"
tone = "plain"
roles = "billing"
"""
TEN_LINES = [2, 5, 6, 7, 10, 13, 14, 15, 16, 23]
GENTLE = """\
name = "gentle"

[[step]]
id = "first"
day = 5
channel = "email"
tone = "friendly"
"""


def test_ten_mistakes_of_a_cadence_are_told_at_once_each_with_its_line_and_what_to_do(
    small_trade: Trade, tmp_path: Path
) -> None:
    path = tmp_path / "ours.toml"
    path.write_text(TEN_MISTAKES, encoding="utf-8")
    said = small_trade.run("cadence", "check", str(path), "--json")
    assert said.code == 5
    assert [each["line"] for each in said.data["problems"]] == TEN_LINES
    for each in said.data["problems"]:
        assert len(each["text"]) > 20, each
    read = small_trade.run("cadence", "check", str(path))
    assert read.code == 5
    for each in said.data["problems"]:
        assert each["text"].split(":")[0] in read.out


def _opened(folder: Path, **more: str) -> Service:
    given = {f"DUECOURSE_{name.upper()}": value for name, value in more.items()}
    return open_service(load_settings({"DUECOURSE_DATA_DIR": str(folder / "data"), **given}))


def _refused(folder: Path, **more: str) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        _opened(folder, **more)
    return refused.value.problems


def test_no_service_begins_on_a_cadence_that_is_wrong_and_every_file_of_the_folder_is_told(tmp_path: Path) -> None:
    cadences = tmp_path / "cadences"
    cadences.mkdir()
    (cadences / "1.toml").write_text(TEN_MISTAKES, encoding="utf-8")
    (cadences / "2.toml").write_bytes(b'name = "\xff\xfe"')
    (cadences / "3.toml").mkdir()
    (cadences / "4.toml").write_text(GENTLE, encoding="utf-8")
    said = _refused(tmp_path, cadence_folder=str(cadences))
    lines = [f"{cadences}/1.toml:{line}: " for line in TEN_LINES]
    assert [each.startswith(line) for each, line in zip(said, lines, strict=False)] == [True] * len(lines)
    assert said[len(lines) :] == [
        f"{cadences}/2.toml is no text in UTF-8.",
        f"{cadences}/3.toml cannot be read (Is a directory).",
    ]


def test_a_running_service_keeps_to_what_it_read_and_says_what_is_wrong_when_it_is_asked(tmp_path: Path) -> None:
    cadences = tmp_path / "cadences"
    cadences.mkdir()
    (cadences / "ours.toml").write_text(GENTLE, encoding="utf-8")
    service = _opened(tmp_path, cadence_folder=str(cadences))
    (cadences / "ours.toml").write_text(TEN_MISTAKES, encoding="utf-8")
    out, err = io.StringIO(), io.StringIO()
    assert invoke(["cadence", "list"], service, stdout=out, stderr=err) == 3
    assert err.getvalue().count(f"{cadences}/ours.toml:") == len(TEN_LINES)
    assert service.cadences["gentle"].steps[0].day == 5
    service.close()


def test_a_folder_of_cadences_that_is_not_there_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for name in ("absent", "file"):
        [said] = _refused(tmp_path, cadence_folder=str(tmp_path / name))
        assert said.startswith(f"DUECOURSE_CADENCE_FOLDER: {tmp_path / name} is no folder: ")


def test_a_default_cadence_that_nobody_knows_names_those_there_are(tmp_path: Path) -> None:
    said = _refused(tmp_path, default_cadence="soft")
    assert said == ["DUECOURSE_DEFAULT_CADENCE: there is no cadence “soft”: there are firm, friendly, standard."]


def test_an_assignment_file_that_is_wrong_is_told_line_by_line_before_anything_runs(tmp_path: Path) -> None:
    path = tmp_path / "assignment.toml"
    assert _refused(tmp_path, assignment_file=str(path)) == [f"{path} cannot be read (No such file or directory)."]
    path.write_text('default = "soft"\n\n[[rule]]\ncadance = "firm"\n', encoding="utf-8")
    said = _refused(tmp_path, assignment_file=str(path))
    assert len(said) > 1
    assert all(each.startswith(f"{path}:") for each in said)


def test_an_assignment_file_that_breaks_while_the_service_runs_is_told_line_by_line(
    tmp_path: Path, sqlite_databases: SqliteDatabases
) -> None:
    path = tmp_path / "assignment.toml"
    path.write_text('default = "firm"\n', encoding="utf-8")
    trade = Trade(tmp_path, sqlite_databases.new_url(), assignment_file=path)
    trade.bill(trade.customer())
    trade.begin()
    path.write_text('default = "soft"\n', encoding="utf-8")
    said = trade.run("run")
    assert (said.code, trade.mails) == (3, [])
    assert said.err.startswith(f"{path}:1: ")
    path.write_text('default = "firm"\n', encoding="utf-8")
    trade.day()
    assert len(trade.mails) == 1
    trade.close()


NONSENSE: Mapping[str, tuple[dict[str, str], str]] = {
    "a shop that closes before it opens": (
        {"BUSINESS_OPENS": "17", "BUSINESS_CLOSES": "9"},
        "DUECOURSE_BUSINESS_OPENS must be an hour before DUECOURSE_BUSINESS_CLOSES: nothing would ever be sent.",
    ),
    "a shop that is never open": (
        {"BUSINESS_OPENS": "9", "BUSINESS_CLOSES": "9"},
        "DUECOURSE_BUSINESS_OPENS must be an hour before DUECOURSE_BUSINESS_CLOSES: nothing would ever be sent.",
    ),
    "a home of nobody": (
        {"DATA_DIR": "~nobody-of-this-name/x"},
        "DUECOURSE_DATA_DIR must not begin with the home of a user that is not there.",
    ),
    "a path with a control character": (
        {"INBOX_FOLDER": "in\x01box"},
        "DUECOURSE_INBOX_FOLDER must be a path without control characters.",
    ),
    "an address without a server": (
        {"QUICKBOOKS__API_URL": "https://"},
        "DUECOURSE_QUICKBOOKS__API_URL must name a server, as https://host or https://host:port do.",
    ),
    "an address with half a bracket": (
        {"QUICKBOOKS__TOKEN_URL": "https://[bad"},
        "DUECOURSE_QUICKBOOKS__TOKEN_URL must name a server, as https://host or https://host:port do.",
    ),
    "a port that is a word": (
        {"QUICKBOOKS__TOKEN_URL": "https://host:port"},
        "DUECOURSE_QUICKBOOKS__TOKEN_URL must name a server, as https://host or https://host:port do.",
    ),
    "a number with an exponent": (
        {"SYNC_MINUTES": "1e9"},
        "DUECOURSE_SYNC_MINUTES should be a valid integer, unable to parse string as an integer.",
    ),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_a_nonsense_setting_is_one_clear_sentence(name: str) -> None:
    given, sentence = NONSENSE[name]
    with pytest.raises(SettingsError) as refused:
        load_settings({f"DUECOURSE_{key}": value for key, value in given.items()})
    assert refused.value.problems == [sentence]


@pytest.mark.parametrize(
    "url", ["nonsense", "mysql://a:canary@b/c", "sqlite://", "postgresql://a:canary@host:port/name", "sqlite:////etc"]
)
def test_a_nonsense_database_is_one_clear_sentence_without_its_password(tmp_path: Path, url: str) -> None:
    with pytest.raises(StoreError) as refused:
        _opened(tmp_path, database_url=url)
    said = str(refused.value)
    assert (said.startswith("The database "), "canary" in said, "\n" in said) == (True, False, False)
