from tests.unit.connector.commands.shop import Shop


def test_a_customer_is_found_by_id_by_name_and_by_a_part_that_fits_one_only(shop: Shop) -> None:
    for wanted in ("21", "Bertram & Söhne", "BERTRAM & SÖHNE", "söhne"):
        assert shop.tell("why", wanted)[0]["account"] == "21"


def test_an_exact_name_wins_over_a_part_of_another(shop: Shop) -> None:
    shop.ledger.customer("30", "Anna Boats East")
    shop.tell("sync")
    assert shop.tell("why", "anna boats")[0]["account"] == "20"


def test_a_part_that_fits_several_names_the_candidates(shop: Shop) -> None:
    said = shop.run("why", "anna")
    assert said.code == 1
    assert "Anna Berta Books (22), Anna Boats (20)" in said.err


def test_nobody_of_that_name_says_what_to_do(shop: Shop) -> None:
    assert "use its id" in shop.run("why", "Zoe").err


def test_a_sub_customer_billed_with_its_parent_is_found_as_the_parent(shop: Shop) -> None:
    shop.ledger.customer("40", "Anna Boats: Dock", parent="20", bill_with_parent=True)
    shop.tell("sync")
    assert shop.tell("why", "40")[0]["account"] == "20"
