import msgspec

from adapters.quickbooks import wire
from adapters.quickbooks.journals import Journals
from tests.unit.adapters.quickbooks.office import encoded


def home() -> str:
    return "USD"


def entry(*lines: tuple[str, str, float, str, str], ident: str = "55") -> wire.JournalEntry:
    return msgspec.json.decode(
        encoded(
            {
                "Id": ident,
                "TxnDate": "2026-05-04",
                "Line": [
                    {
                        "Id": line_id,
                        "Amount": amount,
                        "JournalEntryLineDetail": {
                            "PostingType": side,
                            "AccountRef": {"value": account},
                            "Entity": {"Type": "Customer", "EntityRef": {"value": customer}},
                        },
                    }
                    for line_id, side, amount, account, customer in lines
                ],
            }
        ),
        type=wire.JournalEntry,
    )


def paying(ident: str, customer: str, amount: float, line_id: str = "") -> wire.Payment:
    link = {"TxnId": "55", "TxnType": "JournalEntry"} | ({"TxnLineId": line_id} if line_id else {})
    row = {"Id": ident, "CustomerRef": {"value": customer}, "Line": [{"Amount": amount, "LinkedTxn": [link]}]}
    return msgspec.json.decode(encoded(row), type=wire.Payment)


def opens(journals: Journals, row: wire.JournalEntry) -> dict[str, int]:
    documents, _ = journals.read(row, {"84", "85"}, home)
    return {document.id: document.open.minor for document in documents}


def test_only_lines_on_any_of_the_ar_accounts_count() -> None:
    row = entry(("0", "Debit", 50, "84", "20"), ("1", "Credit", 7, "85", "21"), ("2", "Credit", 43, "1", "20"))
    assert opens(Journals(), row) == {"55.0": 5000, "55.1": -700}


def test_a_payment_that_names_a_line_pays_that_line() -> None:
    journals = Journals()
    journals.note_payments([paying("1", "20", 30, "1")])
    assert opens(journals, entry(("0", "Debit", 50, "84", "20"), ("1", "Debit", 50, "84", "20"))) == {
        "55.0": 5000,
        "55.1": 2000,
    }


def test_a_payment_that_names_none_pays_the_lines_of_its_customer_in_order() -> None:
    journals = Journals()
    journals.note_payments([paying("1", "20", 60)])
    lines = (("0", "Debit", 50, "84", "21"), ("1", "Debit", 50, "84", "20"), ("2", "Debit", 50, "84", "20"))
    assert opens(journals, entry(*lines)) == {"55.0": 5000, "55.1": 0, "55.2": 4000}


def test_a_payment_that_is_voided_gives_back_what_it_paid() -> None:
    journals = Journals()
    assert journals.note_payments([paying("1", "20", 30)]) == {"55"}
    assert journals.note_payments([paying("1", "20", 30)]) == set()
    assert journals.note_payments([wire.Payment(id="1")]) == {"55"}
    assert opens(journals, entry(("0", "Debit", 50, "84", "20"))) == {"55.0": 5000}


def test_a_line_taken_out_of_an_entry_is_gone() -> None:
    journals = Journals()
    journals.read(entry(("0", "Debit", 50, "84", "20"), ("1", "Debit", 5, "84", "20")), {"84"}, home)
    _, gone = journals.read(entry(("0", "Debit", 50, "84", "20")), {"84"}, home)
    assert [each.ref for each in gone] == ["journal:55.1"]
