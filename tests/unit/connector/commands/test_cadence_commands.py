from pathlib import Path

from tests.unit.connector.commands.shop import COMPANY, Shop

_GOOD = """
name = "gentle"

[[step]]
id = "first"
day = 5
channel = "email"
tone = "friendly"
"""


def test_a_good_file_is_read_aloud(shop: Shop, tmp_path: Path) -> None:
    path = tmp_path / "gentle.toml"
    path.write_text(_GOOD, encoding="utf-8")
    said = shop.tell("cadence", "check", str(path), "--due", "2026-11-02", "--country", "us")
    assert said["problems"] == []
    assert said["reads"][0] == "An invoice due Mon 2 Nov 2026 that nobody pays gets:"


def test_all_problems_of_a_file_are_told_at_once_with_their_lines(shop: Shop, tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(_GOOD.replace("day = 5", "day = 0").replace('tone = "friendly"', 'tone = "rude"'), encoding="utf-8")
    said = shop.run("cadence", "check", str(path), "--json")
    assert said.code == 5
    assert [each["line"] for each in said.data["problems"]] == [6, 8]


def test_a_missing_file_is_one_sentence(shop: Shop, tmp_path: Path) -> None:
    said = shop.run("cadence", "check", str(tmp_path / "no.toml"))
    assert (said.code, said.err.count("\n")) == (1, 1)


def test_the_cadences_that_come_with_us_are_listed_shown_and_played(shop: Shop) -> None:
    assert {each["name"] for each in shop.tell("cadence", "list")} == {"friendly", "standard", "firm"}
    assert shop.tell("cadence", "show", "standard", "--due", "2026-11-20")["reads"]
    played = shop.tell("cadence", "simulate", "firm", "--due", "2026-11-20", "--country", "US")
    assert [each["on"] for each in played] == sorted(each["on"] for each in played)
    assert played[-1]["what"] == "the ladder ends"


def test_a_customer_is_given_a_cadence_and_looked_at_today(shop: Shop) -> None:
    shop.tell("run")
    shop.tell("run")
    assert "20" not in {each["account"] for each in shop.tell("plan")}
    assert shop.tell("cadence", "set", "20", "firm") == {"customer": "20", "from": "standard", "to": "firm"}
    assert shop.tell("why", "20")[0]["cadence"] == "firm"
    assert [(row["data"]["from"], row["data"]["to"]) for row in shop.history("cadence_changed")] == [
        ("standard", "firm")
    ]
    assert "20" in {each["account"] for each in shop.tell("plan")}


def test_an_unknown_cadence_names_those_there_are(shop: Shop) -> None:
    for words in (("set", "20", "soft"), ("show", "soft"), ("simulate", "soft", "--due", "2026-11-20")):
        said = shop.run("cadence", *words)
        assert said.code == 1
        assert "firm, friendly, standard" in said.err


def _default_of(shop: Shop) -> dict[str, list[str]]:
    return {each["name"]: each["default_of"] for each in shop.tell("cadence", "list") if each["default_of"]}


def test_the_companys_default_is_for_whoever_has_no_cadence_yet(shop: Shop) -> None:
    assert shop.tell("why", "20")[0]["cadence"] == "standard"
    assert shop.tell("cadence", "default", "firm") == {"company": COMPANY, "from": "standard", "to": "firm"}
    assert shop.tell("why", "20")[0]["cadence"] == "firm"
    assert _default_of(shop) == {"firm": ["Harbour Supplies"]}
    [row] = shop.history("cadence_changed")
    assert (row["account"], row["data"]["to"]) == (None, "firm")


def test_who_is_being_reminded_keeps_the_cadence_it_has(shop: Shop) -> None:
    shop.tell("run")
    shop.tell("cadence", "default", "firm")
    assert shop.tell("why", "20")[0]["cadence"] == "standard"


def test_everybody_is_looked_at_again_when_the_default_changes(shop: Shop) -> None:
    shop.tell("run")
    shop.tell("run")
    assert shop.tell("plan") == []
    shop.tell("cadence", "default", "firm")
    assert {each["account"] for each in shop.tell("plan")} >= {"20", "21", "22"}


def test_a_default_that_is_unknown_or_the_same_is_refused(shop: Shop) -> None:
    for name in ("soft", "standard"):
        assert shop.run("cadence", "default", name).code == 1
    assert shop.history("cadence_changed") == []


def test_with_an_assignment_file_the_default_stands_there(tmp_path: Path) -> None:
    path = tmp_path / "assignment.toml"
    path.write_text('default = "friendly"\n', encoding="utf-8")
    shop = Shop(tmp_path, assignment_file=path)
    assert _default_of(shop) == {"friendly": ["Harbour Supplies"]}
    said = shop.run("cadence", "default", "firm")
    assert (said.code, str(path) in said.err) == (1, True)
    shop.service.close()


def test_each_company_has_its_default_and_a_new_one_begins_with_the_settings(tmp_path: Path) -> None:
    shop = Shop(tmp_path, connected=False, default_cadence="friendly")
    assert _default_of(shop) == {"friendly": ["a new company"]}
    shop.connect()
    shop.connect("qbo-1002", "1002")
    shop.tell("--company", "1002", "cadence", "default", "firm")
    assert _default_of(shop) == {"standard": ["Harbour Supplies"], "firm": ["Company 1002"]}
    shop.service.close()
