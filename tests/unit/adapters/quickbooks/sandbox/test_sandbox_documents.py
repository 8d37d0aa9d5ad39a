from datetime import timedelta
from decimal import Decimal

import pytest

from adapters.quickbooks.sandbox import SandboxSettings
from adapters.sandbox.records import AR_ACCOUNT
from tests.unit.adapters.quickbooks.sandbox.face import DAY, Face

D = Decimal


def line(amount: str, **detail: object) -> dict[str, object]:
    told = {"ItemRef": {"value": "1", "name": "Services"}, **detail}
    return {"Amount": D(amount), "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": told}


def created(face: Face, customer: str, amount: str = "100.00", **fields: object) -> dict[str, object]:
    body = {"CustomerRef": {"value": customer}, "Line": [line(amount)], **fields}
    made: dict[str, object] = face.post("invoice", body)["Invoice"]
    return made


def test_an_invoice_of_the_books_is_shown_with_all_that_is_known(face: Face) -> None:
    customer = face.customer(terms="Net 30")
    ident = face.invoice(customer, "337.50", number="A-7", deposit=D("37.50"), memo="spring", bill_email="b@x.example")
    shown = face.read("invoice", ident)
    assert {name: shown[name] for name in ("Id", "SyncToken", "DocNumber", "TxnDate", "DueDate", "PrivateNote")} == {
        "Id": ident,
        "SyncToken": "0",
        "DocNumber": "A-7",
        "TxnDate": "2026-03-02",
        "DueDate": "2026-04-01",
        "PrivateNote": "spring",
    }
    assert (shown["TotalAmt"], shown["Deposit"], shown["Balance"]) == (D("337.50"), D("37.50"), D("300.00"))
    assert shown["CustomerRef"] == {"value": customer, "name": "Anna"}
    assert shown["CurrencyRef"] == {"value": "USD", "name": "United States Dollar"}
    assert shown["BillEmail"] == {"Address": "b@x.example"}
    assert (shown["EmailStatus"], shown["DeliveryInfo"]["DeliveryType"]) == ("EmailSent", "Email")
    assert shown["SalesTermRef"]["name"] == "Net 30"
    assert shown["LinkedTxn"] == []
    assert shown["MetaData"]["LastUpdatedTime"] == "2026-03-02T09:00:00-08:00"


def test_amounts_keep_their_decimals_in_the_raw_text(face: Face) -> None:
    ident = face.invoice(face.customer(), "337.5")
    body = face.app.answer("GET", f"/v3/company/1/invoice/{ident}", {}, {}, b"").body
    assert b'"TotalAmt":337.50' in body
    face.books.void("invoice", ident)
    assert b'"TotalAmt":0,' in face.app.answer("GET", f"/v3/company/1/invoice/{ident}", {}, {}, b"").body


def test_what_a_client_wrote_is_read_back(face: Face) -> None:
    made = created(
        face, face.customer(), CustomerMemo={"value": "Thanks"}, ShipAddr={"Line1": "1 Pier"}, DocNumber="X1"
    )
    shown = face.read("invoice", str(made["Id"]))
    assert shown["CustomerMemo"] == {"value": "Thanks"}
    assert shown["ShipAddr"] == {"Line1": "1 Pier"}
    assert [each["DetailType"] for each in shown["Line"]] == ["SalesItemLineDetail", "SubTotalLineDetail"]
    assert face.books.document(str(made["Id"])).number == "X1"


def test_discounts_and_tax_are_part_of_the_total(face: Face) -> None:
    body = {
        "CustomerRef": {"value": face.customer()},
        "Line": [line("100", Qty=4, UnitPrice=25), {"Amount": 10, "DetailType": "DiscountLineDetail"}],
        "TxnTaxDetail": {"TotalTax": D("7.20")},
    }
    assert face.post("invoice", body)["Invoice"]["TotalAmt"] == D("97.20")


def test_the_due_date_follows_from_the_terms(face: Face) -> None:
    (term,) = face.ids("select * from Term where Name = 'Net 45'")
    made = created(face, face.customer(), TxnDate="2026-03-02", SalesTermRef={"value": term})
    assert made["DueDate"] == "2026-04-16"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"CustomerRef": None}, "2020"),
        ({"CustomerRef": {"value": "99"}}, "6250"),
        ({"Line": []}, "2020"),
        ({"Line": [line("100", Qty=3, UnitPrice=25)]}, "6070"),
        ({"Line": [line("100") | {"Amount": "lots"}]}, "2080"),
        ({"DocNumber": "1" * 22}, "2050"),
        ({"PrivateNote": "x" * 4001}, "2050"),
        ({"BillEmail": {"Address": "nobody"}}, "2210"),
        ({"BillEmail": {"Address": "a" * 95 + "@x.example"}}, "2050"),
        ({"EmailStatus": "NeedToSend"}, "2020"),
        ({"DueDate": "tomorrow"}, "2080"),
        ({"BadJson": True}, "2010"),
    ],
)
def test_what_cannot_be_an_invoice_is_refused(face: Face, change: dict[str, object], code: str) -> None:
    body = {"CustomerRef": {"value": face.customer()}, "Line": [line("100")], **change}
    assert face.refusal("POST", "invoice", body) == code
    assert face.query("select count(*) from Invoice") == {"totalCount": 0}


def test_a_sparse_update_changes_what_it_names_and_a_full_one_nulls_the_rest(face: Face) -> None:
    made = created(face, face.customer(), CustomerMemo={"value": "Thanks"}, DocNumber="X1", PrivateNote="old")
    sparse = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "new"}
    shown = face.post("invoice", sparse)["Invoice"]
    assert (shown["PrivateNote"], shown["DocNumber"], shown["SyncToken"]) == ("new", "X1", "1")
    assert shown["CustomerMemo"] == {"value": "Thanks"}
    full = {"Id": made["Id"], "SyncToken": "1", "CustomerRef": made["CustomerRef"], "Line": [line("80")]}
    shown = face.post("invoice", full)["Invoice"]
    assert {"PrivateNote", "DocNumber", "CustomerMemo"}.isdisjoint(shown)
    assert (shown["TotalAmt"], shown["Balance"]) == (80, 80)


def test_a_stale_update_is_refused_and_changes_nothing(face: Face) -> None:
    ident = face.invoice(face.customer())
    face.books.change_due_date(ident, DAY)
    body = {"Id": ident, "SyncToken": "0", "sparse": True, "PrivateNote": "lost"}
    assert face.refusal("POST", "invoice", body) == "5010"
    assert "PrivateNote" not in face.read("invoice", ident)


def test_a_total_below_what_is_paid_is_refused(face: Face) -> None:
    customer = face.customer()
    ident = face.invoice(customer)
    face.books.pay(customer, D(90), on=DAY, apply={ident: D(90)})
    token = face.read("invoice", ident)["SyncToken"]
    body = {"Id": ident, "SyncToken": token, "sparse": True, "Line": [line("80")]}
    assert face.refusal("POST", "invoice", body) == "6000"


def test_a_voided_invoice_has_zeroes_a_note_and_no_status(face: Face) -> None:
    made = created(face, face.customer(), PrivateNote="spring")
    shown = face.post("invoice", {"Id": made["Id"], "SyncToken": "0"}, operation="void")["Invoice"]
    assert (shown["TotalAmt"], shown["Balance"], shown["PrivateNote"]) == (0, 0, "Voided - spring")
    assert {each["Amount"] for each in shown["Line"]} == {0}
    assert "status" not in shown
    note = {"Id": made["Id"], "SyncToken": "1", "sparse": True, "PrivateNote": "anything"}
    shown = face.post("invoice", note)["Invoice"]
    assert (shown["TotalAmt"], shown["PrivateNote"]) == (0, "anything")


def test_a_deleted_invoice_is_answered_as_a_stub_and_then_as_610(face: Face) -> None:
    ident = face.invoice(face.customer())
    gone = face.post("invoice", {"Id": ident, "SyncToken": "0"}, operation="delete")["Invoice"]
    assert gone == {"domain": "QBO", "status": "Deleted", "Id": ident}
    assert face.refusal("GET", f"invoice/{ident}") == "610"
    assert face.ids("select * from Invoice") == []


def test_an_invoice_with_payments_must_be_freed_before_it_is_deleted(face: Face) -> None:
    customer = face.customer()
    ident = face.invoice(customer)
    payment = face.books.pay(customer, D(10), on=DAY, apply={ident: D(10)})
    token = face.read("invoice", ident)["SyncToken"]
    assert face.refusal("POST", "invoice", {"Id": ident, "SyncToken": token}, operation="delete") == "6000"
    face.books.delete("payment", payment)
    token = face.read("invoice", ident)["SyncToken"]
    face.post("invoice", {"Id": ident, "SyncToken": token}, operation="delete")


def test_a_payment_bumps_the_invoices_time_and_token(face: Face) -> None:
    customer = face.customer()
    ident = face.invoice(customer)
    face.clock.move(hours=1)
    body = {
        "CustomerRef": {"value": customer},
        "TotalAmt": 60,
        "PaymentRefNum": "1044",
        "Line": [{"Amount": 40, "LinkedTxn": [{"TxnId": ident, "TxnType": "Invoice"}]}],
    }
    payment = face.post("payment", body)["Payment"]
    invoice = face.read("invoice", ident)
    assert (
        invoice["MetaData"]["LastUpdatedTime"] == payment["MetaData"]["LastUpdatedTime"] == "2026-03-02T10:00:00-08:00"
    )
    assert (invoice["Balance"], invoice["SyncToken"]) == (60, "1")
    assert invoice["LinkedTxn"] == [{"TxnId": payment["Id"], "TxnType": "Payment"}]
    assert (payment["UnappliedAmt"], payment["PaymentRefNum"], payment["TxnDate"]) == (20, "1044", "2026-03-02")
    named = {each["value"]["Name"]: each["value"]["Value"] for each in payment["Line"][0]["LineEx"]["any"]}
    assert named == {"txnId": ident, "txnOpenBalance": "100", "txnReferenceNumber": "1001"}


def test_a_customers_time_moves_with_its_balance_and_its_token_does_not(face: Face) -> None:
    customer = face.customer()
    face.clock.move(minutes=5)
    face.invoice(customer)
    shown = face.read("customer", customer)
    assert (shown["SyncToken"], shown["Balance"]) == ("0", 100)
    assert shown["MetaData"]["LastUpdatedTime"] == "2026-03-02T09:05:00-08:00"


def test_a_payment_update_replaces_all_lines_or_leaves_everything_as_it_was(face: Face) -> None:
    customer = face.customer()
    first, second = face.invoice(customer), face.invoice(customer)
    payment = face.books.pay(customer, D(60), on=DAY, apply={first: D(60)})
    shown = face.read("payment", payment)
    too_much = [{"Amount": 61, "LinkedTxn": [{"TxnId": second, "TxnType": "Invoice"}]}]
    body = {"Id": payment, "SyncToken": shown["SyncToken"], "sparse": True, "Line": too_much}
    assert face.refusal("POST", "payment", body) == "6000"
    assert face.books.open_balance(first) == 40
    body["SyncToken"] = face.read("payment", payment)["SyncToken"]
    body["Line"] = [{"Amount": 60, "LinkedTxn": [{"TxnId": second, "TxnType": "Invoice"}]}]
    face.post("payment", body)
    assert (face.books.open_balance(first), face.books.open_balance(second)) == (D(100), D(40))


@pytest.mark.parametrize(
    ("change", "code"),
    [({"TotalAmt": None}, "2020"), ({"CustomerRef": None}, "2020"), ({"Nonsense": 1}, "2010")]
    + [
        ({"Line": [{"Amount": 5, "LinkedTxn": [{"TxnId": "1", "TxnType": kind}]}]}, code)
        for kind, code in (("Expense", "620"), ("Invoice", "610"), ("JournalEntry", "620"))
    ],
)
def test_what_cannot_be_a_payment_is_refused(face: Face, change: dict[str, object], code: str) -> None:
    body = {"CustomerRef": {"value": face.customer()}, "TotalAmt": 10, **change}
    assert face.refusal("POST", "payment", body) == code


def test_a_credit_application_is_a_payment_of_zero_with_two_lines(face: Face) -> None:
    customer = face.customer()
    invoice, memo = face.invoice(customer), face.books.credit(customer, D(30), on=DAY)
    payment = face.read("payment", face.books.apply_credit(memo, {invoice: D(30)}, DAY))
    assert (payment["TotalAmt"], payment["UnappliedAmt"]) == (0, 0)
    assert payment["PrivateNote"] == "Created by QB Online to link credits to charges."
    assert "DepositToAccountRef" not in payment
    assert [(each["Amount"], each["LinkedTxn"][0]["TxnType"]) for each in payment["Line"]] == [
        (D(30), "Invoice"),
        (D(30), "CreditMemo"),
    ]
    assert face.read("creditmemo", memo)["RemainingCredit"] == 0
    assert [each["TxnType"] for each in face.read("invoice", invoice)["LinkedTxn"]] == ["Payment"]


def test_a_journal_entry_shows_no_open_part_and_is_paid_by_its_line(face: Face) -> None:
    customer = face.customer()
    entry = face.books.journal([(customer, D(70), AR_ACCOUNT), (None, D(-70), "Services")], on=DAY)
    shown = face.read("journalentry", entry)
    assert "Balance" not in shown
    first = shown["Line"][0]["JournalEntryLineDetail"]
    assert first["PostingType"] == "Debit"
    assert first["Entity"] == {"Type": "Customer", "EntityRef": {"value": customer, "name": "Anna"}}
    assert first["AccountRef"]["name"] == AR_ACCOUNT
    link = {"TxnId": entry, "TxnType": "JournalEntry"}
    body = {"CustomerRef": {"value": customer}, "TotalAmt": 70, "Line": [{"Amount": 70, "LinkedTxn": [link]}]}
    payment = face.post("payment", body)["Payment"]
    assert payment["Line"][0]["LinkedTxn"] == [{**link, "TxnLineId": "0"}]
    assert face.read("customer", customer)["Balance"] == 0


@pytest.mark.parametrize("customer_named", [True, False])
def test_a_line_on_receivables_must_name_a_customer(face: Face, *, customer_named: bool) -> None:
    (receivable, *_) = face.ids("select * from Account where AccountType = 'Accounts Receivable'")
    (income,) = face.ids("select * from Account where Name = 'Services'")
    entity = {"Entity": {"Type": "Customer", "EntityRef": {"value": face.customer()}}} if customer_named else {}
    lines = [
        {
            "Amount": 12,
            "DetailType": "JournalEntryLineDetail",
            "JournalEntryLineDetail": {"PostingType": posting, "AccountRef": {"value": account}, **more},
        }
        for posting, account, more in (("Debit", receivable, entity), ("Credit", income, {}))
    ]
    if customer_named:
        assert face.post("journalentry", {"Line": lines})["JournalEntry"]["TotalAmt"] == 12
    else:
        assert face.refusal("POST", "journalentry", {"Line": lines}) == "6000"
    assert face.refusal("POST", "journalentry", {"Line": lines[1:]}) == "6000"


def test_an_existing_number_is_refused_where_the_company_wants_it_so() -> None:
    face = Face(SandboxSettings(open_door=True, duplicate_numbers=False))
    customer = face.customer()
    created(face, customer, DocNumber="7")
    body = {"CustomerRef": {"value": customer}, "Line": [line("1")], "DocNumber": "7"}
    assert face.refusal("POST", "invoice", body) == "6140"
    assert face.post("invoice", body, include="allowduplicatedocnum")["Invoice"]["DocNumber"] == "7"
    face.books.close()


def test_a_closed_period_refuses_writes_into_it(face: Face) -> None:
    ident = face.invoice(face.customer())
    closing = {"Id": "1", "SyncToken": "0", "sparse": True, "AccountingInfoPrefs": {"BookCloseDate": "2026-03-02"}}
    face.post("preferences", closing)
    note = {"Id": ident, "SyncToken": "0", "sparse": True, "PrivateNote": "x"}
    assert face.refusal("POST", "invoice", note) == "6210"
    later = face.invoice("1", issue_date=DAY + timedelta(days=1))
    assert face.post("invoice", {**note, "Id": later})["Invoice"]["PrivateNote"] == "x"


def test_foreign_amounts_are_shown_with_their_rate_and_in_home_currency() -> None:
    face = Face(multicurrency=True, rates={"EUR": D("1.08")})
    shown = face.read("invoice", face.invoice(face.customer(currency="EUR"), "50"))
    assert shown["CurrencyRef"]["value"] == "EUR"
    assert (shown["ExchangeRate"], shown["TotalAmt"], shown["HomeTotalAmt"]) == (D("1.08"), D(50), D(54))
    assert face.get("preferences")["Preferences"]["CurrencyPrefs"]["MultiCurrencyEnabled"] is True
    face.books.close()


def test_mailing_overwrites_the_address_and_says_when(face: Face) -> None:
    ident = face.invoice(face.customer(), delivery="waiting")
    assert face.read("invoice", ident)["EmailStatus"] == "NeedToSend"
    face.clock.move(days=1)
    shown = face.post(f"invoice/{ident}/send", b"", sendTo="new+one@x.example")["Invoice"]
    assert shown["BillEmail"]["Address"] == "new+one@x.example"
    assert (shown["EmailStatus"], shown["DeliveryInfo"]["DeliveryTime"]) == ("EmailSent", "2026-03-03T09:00:00-08:00")


def test_the_link_to_pay_is_there_only_with_include_and_an_address(face: Face) -> None:
    customer = face.customer()
    ident, bare = face.invoice(customer), face.invoice(customer, bill_email="")
    assert face.get(f"invoice/{ident}", include="invoiceLink")["Invoice"]["InvoiceLink"].startswith("https://")
    assert "InvoiceLink" not in face.get(f"invoice/{bare}", include="invoiceLink")["Invoice"]
    assert "InvoiceLink" not in face.read("invoice", ident)
    status, answer = face.call("POST", "query", b"select * from Invoice", include="invoiceLink")
    assert (status, ["InvoiceLink" in each for each in answer["QueryResponse"]["Invoice"]]) == (200, [False, True])
