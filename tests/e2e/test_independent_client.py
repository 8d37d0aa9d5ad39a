"""A client that somebody else wrote (python-quickbooks with intuit-oauth) works against the sandbox unchanged.

The sandbox runs in another process; the client talks to it over its own transport and its own OAuth. One test for
each operation; tests/conftest.py prints the count at the end of the run.
"""

import base64
import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Timer
from urllib.parse import parse_qs, urljoin, urlsplit

import intuitlib.config
import pytest
from intuitlib.client import AuthClient
from intuitlib.enums import Scopes
from intuitlib.exceptions import AuthClientError
from quickbooks import QuickBooks
from quickbooks.batch import batch_create, batch_delete, batch_update
from quickbooks.cdc import change_data_capture
from quickbooks.exceptions import AuthorizationException, ObjectNotFoundException, QuickbooksException
from quickbooks.mixins import ReadMixin
from quickbooks.objects import (
    Account,
    Attachable,
    AttachableRef,
    CreditMemo,
    Customer,
    Deposit,
    DetailLine,
    EmailAddress,
    Estimate,
    Invoice,
    Item,
    JournalEntry,
    JournalEntryLine,
    JournalEntryLineDetail,
    LinkedTxn,
    Payment,
    PaymentLine,
    PaymentMethod,
    Preferences,
    Ref,
    RefundReceipt,
    SalesItemLine,
    SalesItemLineDetail,
    SalesReceipt,
    Term,
    Vendor,
)
from quickbooks.objects.company_info import CompanyInfo
from quickbooks.objects.journalentry import Entity

ROOT = Path(__file__).resolve().parents[2]
CALLBACK = "http://localhost:9/callback"
_PATIENCE = 180  # seconds; the month takes a tenth of it


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    command = [sys.executable, "-m", "adapters.quickbooks.sandbox", "--port", "0", "--company", "empty"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()


@pytest.fixture(scope="module", autouse=True)
def _pointed_at_the_sandbox(url: str) -> Iterator[None]:
    patch = pytest.MonkeyPatch()
    patch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    patch.setitem(intuitlib.config.DISCOVERY_URL, "sandbox", f"{url}/.well-known/openid_sandbox_configuration")
    patch.setattr(QuickBooks, "sandbox_api_url_v3", f"{url}/v3")
    yield
    patch.undo()


def connected() -> tuple[AuthClient, str]:
    """Goes through the authorize page like a person with a browser."""
    client = AuthClient("some-client", "some-secret", CALLBACK, "sandbox")
    page = client.get(client.get_authorization_url([Scopes.ACCOUNTING], state_token="abc"), timeout=10)
    action = re.search(r'action="([^"]+)"', page.text)
    assert action is not None
    fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', page.text))
    target = urljoin(page.url, action[1])
    answer = client.post(target, data={**fields, "decision": "connect"}, allow_redirects=False, timeout=10)
    back = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert back["state"] == ["abc"]
    client.get_bearer_token(back["code"][0], realm_id=back["realmId"][0])
    return client, back["realmId"][0]


@pytest.fixture(scope="module")
def qb(_pointed_at_the_sandbox: None) -> Iterator[QuickBooks]:
    auth, realm = connected()
    client = QuickBooks(auth_client=auth, refresh_token=auth.refresh_token, company_id=realm, minorversion=75)
    yield client
    client.session.close()
    auth.close()


@pytest.fixture
def customer(qb: QuickBooks) -> Customer:
    return Customer.all(max_results=1, qb=qb)[0]


def fresh_name(stem: str) -> str:
    return f"{stem} {uuid.uuid4().hex[:8]}"


def sales_line(amount: float, qb: QuickBooks) -> SalesItemLine:
    line = SalesItemLine()
    line.Amount = amount
    line.SalesItemLineDetail = SalesItemLineDetail()
    line.SalesItemLineDetail.ItemRef = Item.all(max_results=1, qb=qb)[0].to_ref()
    return line


def new_invoice(customer: Customer, qb: QuickBooks, amount: float = 100, request_id: str | None = None) -> Invoice:
    invoice = Invoice()
    invoice.Line.append(sales_line(amount, qb))
    invoice.CustomerRef = customer.to_ref()
    invoice.CustomerMemo = None
    invoice.save(qb=qb, request_id=request_id)
    return Invoice.get(invoice.Id, qb=qb)


def new_payment(customer: Customer, qb: QuickBooks, amount: float, invoice: Invoice | None = None) -> Payment:
    payment = Payment()
    payment.TotalAmt = amount
    payment.CustomerRef = customer.to_ref()
    payment.PaymentMethodRef = PaymentMethod.all(max_results=1, qb=qb)[0].to_ref()
    if invoice is not None:
        line = PaymentLine()
        line.Amount = amount
        line.LinkedTxn.append(invoice.to_linked_txn())
        payment.Line.append(line)
    payment.save(qb=qb)
    return Payment.get(payment.Id, qb=qb)


def new_credit_memo(customer: Customer, qb: QuickBooks, amount: float) -> CreditMemo:
    memo = CreditMemo()
    memo.Line.append(sales_line(amount, qb))
    memo.CustomerRef = customer.to_ref()
    memo.save(qb=qb)
    return CreditMemo.get(memo.Id, qb=qb)


def is_gone(cls: type[ReadMixin], ident: str, qb: QuickBooks) -> bool:
    with pytest.raises(ObjectNotFoundException) as raised:
        cls.get(ident, qb=qb)
    return bool(raised.value.error_code == 610)


# --- customers ---------------------------------------------------------------------------------------------------


def test_a_customer_is_created(qb: QuickBooks) -> None:
    customer = Customer()
    customer.DisplayName = fresh_name("Ørsted & Søn's +test")
    customer.CompanyName = "Ørsted"
    customer.PrimaryEmailAddr = EmailAddress()
    customer.PrimaryEmailAddr.Address = "a+b@example.com"
    customer.save(qb=qb)
    read = Customer.get(customer.Id, qb=qb)
    assert read.DisplayName == customer.DisplayName
    assert read.CompanyName == "Ørsted"
    assert read.PrimaryEmailAddr.Address == "a+b@example.com"


def test_customers_are_queried_with_a_quote_in_the_name(qb: QuickBooks) -> None:
    customer = Customer()
    customer.DisplayName = fresh_name("O'Neil")
    customer.save(qb=qb)
    assert [each.Id for each in Customer.filter(DisplayName=customer.DisplayName, qb=qb)] == [customer.Id]
    assert [each.Id for each in Customer.choose([customer.DisplayName], field="DisplayName", qb=qb)] == [customer.Id]


def test_customers_are_counted(qb: QuickBooks) -> None:
    assert Customer.count(qb=qb) == len(Customer.all(max_results=1000, qb=qb))


def test_a_customer_is_updated(qb: QuickBooks, customer: Customer) -> None:
    customer.Notes = f"Pays on Fridays {uuid.uuid4().hex}"
    customer.save(qb=qb)
    read = Customer.get(customer.Id, qb=qb)
    assert read.Notes == customer.Notes
    assert int(read.SyncToken) == int(customer.SyncToken) + 1


def test_a_customer_is_deleted_by_making_it_inactive(qb: QuickBooks) -> None:
    customer = Customer()
    customer.DisplayName = fresh_name("Short-lived")
    customer.save(qb=qb)
    read = Customer.get(customer.Id, qb=qb)
    read.Active = False
    read.save(qb=qb)
    assert Customer.filter(Id=customer.Id, qb=qb) == []
    assert [each.Id for each in Customer.where(f"Id = '{customer.Id}' AND Active IN (true, false)", qb=qb)] == [
        customer.Id
    ]


# --- invoices ----------------------------------------------------------------------------------------------------


def test_an_invoice_is_created(qb: QuickBooks, customer: Customer) -> None:
    invoice = new_invoice(customer, qb)
    assert (invoice.TotalAmt, invoice.Balance) == (100, 100)
    assert invoice.CustomerRef.name == customer.DisplayName
    assert date.fromisoformat(invoice.DueDate) == date.fromisoformat(invoice.TxnDate) + timedelta(days=30)


def test_invoices_are_queried_by_customer(qb: QuickBooks, customer: Customer) -> None:
    found = Invoice.query(f"select * from Invoice where CustomerRef = '{customer.Id}'", qb=qb)
    assert found
    assert {each.CustomerRef.value for each in found} == {customer.Id}


def test_open_invoices_are_found_with_where(qb: QuickBooks, customer: Customer) -> None:
    for _ in range(2):
        new_invoice(customer, qb)
    found = Invoice.where(
        f"CustomerRef = '{customer.Id}' AND Balance > '0'", order_by="DueDate DESC", max_results=5, qb=qb
    )
    assert len(found) >= 2
    assert all(each.Balance > 0 for each in found)
    assert [each.DueDate for each in found] == sorted((each.DueDate for each in found), reverse=True)


def test_an_invoice_is_updated(qb: QuickBooks, customer: Customer) -> None:
    invoice = new_invoice(customer, qb)
    invoice.PrivateNote = "Called on Monday"
    invoice.Line[0].Amount = 150
    invoice.save(qb=qb)
    read = Invoice.get(invoice.Id, qb=qb)
    assert (read.PrivateNote, read.TotalAmt, read.Balance) == ("Called on Monday", 150, 150)


def test_an_old_sync_token_is_refused(qb: QuickBooks, customer: Customer) -> None:
    invoice = new_invoice(customer, qb)
    old = Invoice.get(invoice.Id, qb=qb)
    invoice.save(qb=qb)
    with pytest.raises(QuickbooksException) as raised:
        old.save(qb=qb)
    assert raised.value.error_code == 5010


def test_the_same_request_id_creates_one_invoice(qb: QuickBooks, customer: Customer) -> None:
    request_id = uuid.uuid4().hex
    first = new_invoice(customer, qb, request_id=request_id)
    second = new_invoice(customer, qb, request_id=request_id)
    assert first.Id == second.Id


def test_an_invoice_is_voided(qb: QuickBooks, customer: Customer) -> None:
    invoice = new_invoice(customer, qb)
    invoice.void(qb=qb)
    read = Invoice.get(invoice.Id, qb=qb)
    assert (read.TotalAmt, read.Balance) == (0, 0)
    assert "Voided" in read.PrivateNote


def test_an_invoice_is_deleted(qb: QuickBooks, customer: Customer) -> None:
    invoice = new_invoice(customer, qb)
    answer = invoice.delete(qb=qb)
    assert answer["Invoice"] == {"domain": "QBO", "status": "Deleted", "Id": invoice.Id}
    assert is_gone(Invoice, invoice.Id, qb)


def test_an_invoice_has_a_link_only_when_it_is_asked_for(qb: QuickBooks, customer: Customer) -> None:
    invoice = new_invoice(customer, qb)
    invoice.BillEmail = EmailAddress()
    invoice.BillEmail.Address = "pay@example.com"
    invoice.save(qb=qb)
    assert not getattr(Invoice.get(invoice.Id, qb=qb), "InvoiceLink", "")
    assert Invoice.get(invoice.Id, qb=qb, params={"include": "invoiceLink"}).InvoiceLink.startswith("https://")


def test_an_invoice_is_mailed(qb: QuickBooks, customer: Customer) -> None:
    invoice = new_invoice(customer, qb)
    invoice.send(qb=qb, send_to="billing+new@example.com")
    read = Invoice.get(invoice.Id, qb=qb)
    assert read.BillEmail.Address == "billing+new@example.com"
    assert read.email_sent
    assert read.DeliveryInfo.DeliveryTime


def test_an_invoice_is_downloaded_as_pdf(qb: QuickBooks, customer: Customer) -> None:
    assert new_invoice(customer, qb).download_pdf(qb=qb).startswith(b"%PDF")


def test_an_unknown_invoice_is_told_as_610(qb: QuickBooks) -> None:
    assert is_gone(Invoice, "99999999", qb)


# --- payments ----------------------------------------------------------------------------------------------------


def test_there_are_payments_to_list(qb: QuickBooks) -> None:
    assert len(Payment.all(max_results=5, qb=qb)) == 5


def test_a_payment_settles_an_invoice(qb: QuickBooks, customer: Customer) -> None:
    invoice = new_invoice(customer, qb)
    payment = new_payment(customer, qb, 60, invoice)
    read = Invoice.get(invoice.Id, qb=qb)
    assert read.Balance == 40
    assert [each.TxnId for each in read.LinkedTxn] == [payment.Id]
    assert payment.UnappliedAmt == 0


def test_a_payment_without_lines_stays_unapplied(qb: QuickBooks, customer: Customer) -> None:
    assert new_payment(customer, qb, 12.34).UnappliedAmt == 12.34


def test_a_payment_is_updated(qb: QuickBooks, customer: Customer) -> None:
    invoice = new_invoice(customer, qb)
    payment = new_payment(customer, qb, 60, invoice)
    payment.Line = []
    payment.save(qb=qb)
    assert Invoice.get(invoice.Id, qb=qb).Balance == 100
    assert Payment.get(payment.Id, qb=qb).UnappliedAmt == 60


def test_a_payment_is_voided(qb: QuickBooks, customer: Customer) -> None:
    invoice = new_invoice(customer, qb)
    payment = new_payment(customer, qb, 60, invoice)
    payment.void(qb=qb)
    read = Payment.get(payment.Id, qb=qb)
    assert (read.TotalAmt, read.UnappliedAmt, read.Line) == (0, 0, [])
    assert "Voided" in read.PrivateNote
    assert Invoice.get(invoice.Id, qb=qb).Balance == 100


def test_a_payment_is_deleted(qb: QuickBooks, customer: Customer) -> None:
    payment = new_payment(customer, qb, 5)
    payment.delete(qb=qb)
    assert is_gone(Payment, payment.Id, qb)


# --- credit memos and journal entries ----------------------------------------------------------------------------


def test_a_credit_memo_is_created(qb: QuickBooks, customer: Customer) -> None:
    memo = new_credit_memo(customer, qb, 30)
    assert (memo.TotalAmt, memo.RemainingCredit, memo.Balance) == (30, 30, 30)


def test_a_credit_memo_is_updated(qb: QuickBooks, customer: Customer) -> None:
    memo = new_credit_memo(customer, qb, 30)
    memo.PrivateNote = "Agreed by phone"
    memo.save(qb=qb)
    assert CreditMemo.get(memo.Id, qb=qb).PrivateNote == "Agreed by phone"


def test_a_credit_memo_is_applied_by_a_payment_of_zero(qb: QuickBooks, customer: Customer) -> None:
    invoice, memo = new_invoice(customer, qb), new_credit_memo(customer, qb, 30)
    payment = Payment()
    payment.TotalAmt = 0
    payment.CustomerRef = customer.to_ref()
    for each in (invoice, memo):
        line = PaymentLine()
        line.Amount = 30
        line.LinkedTxn.append(each.to_linked_txn())
        payment.Line.append(line)
    payment.save(qb=qb)
    assert Invoice.get(invoice.Id, qb=qb).Balance == 70
    assert CreditMemo.get(memo.Id, qb=qb).RemainingCredit == 0


def test_a_credit_memo_is_deleted(qb: QuickBooks, customer: Customer) -> None:
    memo = new_credit_memo(customer, qb, 30)
    memo.delete(qb=qb)
    assert is_gone(CreditMemo, memo.Id, qb)


def test_a_journal_entry_on_ar_moves_the_customers_balance(qb: QuickBooks, customer: Customer) -> None:
    before = Customer.get(customer.Id, qb=qb).Balance
    receivable = Account.filter(AccountType="Accounts Receivable", qb=qb)[0]
    income = Account.filter(Name="Services", qb=qb)[0]
    entry = JournalEntry()
    for posting, account in (("Debit", receivable), ("Credit", income)):
        line = JournalEntryLine()
        line.Amount = 11
        line.JournalEntryLineDetail = JournalEntryLineDetail()
        line.JournalEntryLineDetail.PostingType = posting
        line.JournalEntryLineDetail.AccountRef = account.to_ref()
        if account is receivable:
            line.JournalEntryLineDetail.Entity = Entity()
            line.JournalEntryLineDetail.Entity.Type = "Customer"
            line.JournalEntryLineDetail.Entity.EntityRef = customer.to_ref()
        entry.Line.append(line)
    entry.save(qb=qb)
    assert JournalEntry.get(entry.Id, qb=qb).TotalAmt == 11
    assert Customer.get(customer.Id, qb=qb).Balance == before + 11


def test_a_journal_entry_is_deleted(qb: QuickBooks) -> None:
    entries = JournalEntry.all(qb=qb)
    entries[0].delete(qb=qb)
    assert is_gone(JournalEntry, entries[0].Id, qb)


# --- notes and files ---------------------------------------------------------------------------------------------


def note_on(invoice: Invoice, text: str) -> Attachable:
    note = Attachable()
    reference = AttachableRef()
    reference.EntityRef = Ref()
    reference.EntityRef.type = "Invoice"
    reference.EntityRef.value = invoice.Id
    reference.IncludeOnSend = False
    note.AttachableRef.append(reference)
    note.Note = text
    return note


def test_a_note_is_written_on_an_invoice_and_found_by_it(qb: QuickBooks, customer: Customer) -> None:
    invoice = new_invoice(customer, qb)
    note = note_on(invoice, "Promised for Friday")
    note.save(qb=qb)
    where = f"AttachableRef.EntityRef.Type = 'invoice' and AttachableRef.EntityRef.value = '{invoice.Id}'"
    found = Attachable.query(f"select * from attachable where {where}", qb=qb)
    assert [(each.Id, each.Note) for each in found] == [(note.Id, "Promised for Friday")]
    assert len(note.Id) == 19


def test_a_note_is_updated(qb: QuickBooks, customer: Customer) -> None:
    note = note_on(new_invoice(customer, qb), "First")
    note.save(qb=qb)
    read = Attachable.get(note.Id, qb=qb)
    read.Note = "Second"
    read.save(qb=qb)
    assert Attachable.get(note.Id, qb=qb).Note == "Second"


def test_a_note_is_deleted(qb: QuickBooks, customer: Customer) -> None:
    note = note_on(new_invoice(customer, qb), "Gone soon")
    note.save(qb=qb)
    note.delete(qb=qb)
    assert is_gone(Attachable, note.Id, qb)


def test_a_file_is_uploaded_from_a_path(qb: QuickBooks, tmp_path: Path) -> None:
    path = tmp_path / "statement.txt"
    path.write_bytes(b"so much is open\n")
    vendor = Vendor.all(max_results=1, qb=qb)[0]
    attachable = Attachable()
    reference = AttachableRef()
    reference.EntityRef = vendor.to_ref()
    attachable.AttachableRef.append(reference)
    attachable.FileName = path.name
    attachable.ContentType = "text/plain"
    attachable._FilePath = str(path)
    attachable.save(qb=qb)
    read = Attachable.get(attachable.Id, qb=qb)
    assert (read.FileName, read.Size) == ("statement.txt", 16)
    assert read.AttachableRef[0].EntityRef.value == vendor.Id


def test_a_file_is_uploaded_from_bytes(qb: QuickBooks, customer: Customer) -> None:
    attachable = note_on(new_invoice(customer, qb), "With a file")
    attachable.FileName = "scan.bin"
    attachable.ContentType = "application/octet-stream"
    attachable._FileBytes = b"\x00\x01\r\n\x02"
    attachable.save(qb=qb)
    read = Attachable.get(attachable.Id, qb=qb)
    assert (read.FileName, read.Size, read.Note) == ("scan.bin", 5, "With a file")


# --- lists and the company ---------------------------------------------------------------------------------------


def test_a_term_is_created(qb: QuickBooks) -> None:
    term = Term()
    term.Name = fresh_name("Net 77")
    term.DueDays = 77
    term.save(qb=qb)
    read = Term.get(term.Id, qb=qb)
    assert (read.Name, read.DueDays, read.Type) == (term.Name, 77, "STANDARD")


def test_a_term_is_updated(qb: QuickBooks) -> None:
    term = Term()
    term.Name = fresh_name("Net 5")
    term.DueDays = 5
    term.save(qb=qb)
    read = Term.get(term.Id, qb=qb)
    read.DueDays = 6
    read.save(qb=qb)
    assert Term.get(term.Id, qb=qb).DueDays == 6


def test_items_are_queried(qb: QuickBooks) -> None:
    item = Item.all(max_results=1, qb=qb)[0]
    assert item.Name
    assert item.Sku


def test_payment_methods_are_queried(qb: QuickBooks) -> None:
    assert "Check" in {each.Name for each in PaymentMethod.all(qb=qb)}


def test_vendors_are_queried(qb: QuickBooks) -> None:
    assert Vendor.all(max_results=1, qb=qb)[0].DisplayName


def test_several_ar_accounts_are_found(qb: QuickBooks) -> None:
    found = Account.query("select * from Account where AccountType = 'Accounts Receivable'", qb=qb)
    assert len(found) > 1


def test_preferences_are_read(qb: QuickBooks) -> None:
    preferences = Preferences.get(qb=qb)
    assert preferences.Id == "1"
    assert preferences.AccountingInfoPrefs.TaxYearMonth == "January"
    assert preferences.TimeTrackingPrefs.WorkWeekStartDate == "Monday"
    assert preferences.OtherPrefs.NameValue[0].Name == "SalesFormsPrefs.DefaultCustomerMessage"


def test_preferences_are_updated(qb: QuickBooks) -> None:
    preferences = Preferences.get(qb=qb)
    subject = uuid.uuid4().hex
    preferences.EmailMessagesPrefs.InvoiceMessage.Subject = subject
    preferences.save(qb=qb)
    assert Preferences.get(qb=qb).EmailMessagesPrefs.InvoiceMessage.Subject == subject


def test_the_company_is_read(qb: QuickBooks) -> None:
    company = CompanyInfo.get(qb.company_id, qb=qb)
    assert company.CompanyName == "Sandbox Company"
    assert company.Country == "US"


@pytest.mark.parametrize("cls", [Estimate, SalesReceipt, RefundReceipt, Deposit])
def test_a_form_without_ar_is_created_and_deleted(qb: QuickBooks, customer: Customer, cls: type[Estimate]) -> None:
    before = Customer.get(customer.Id, qb=qb).Balance
    form = cls()
    form.Line.append(sales_line(25, qb) if cls is not Deposit else DetailLine())
    form.CustomerRef = customer.to_ref()
    form.save(qb=qb)
    assert Customer.get(customer.Id, qb=qb).Balance == before
    cls.get(form.Id, qb=qb).delete(qb=qb)
    assert is_gone(cls, form.Id, qb)


# --- changes, batches, reports -----------------------------------------------------------------------------------


def test_change_data_capture_tells_what_changed(qb: QuickBooks, customer: Customer) -> None:
    invoice = new_invoice(customer, qb)
    gone = new_invoice(customer, qb)
    gone.delete(qb=qb)
    since = datetime.fromisoformat(invoice.MetaData.LastUpdatedTime).isoformat()
    changed = change_data_capture([Invoice, Customer], since, qb=qb)
    told = {each.Id: each for each in changed.Invoice}
    assert told[invoice.Id].Balance == 100
    assert told[gone.Id].status == "Deleted"
    assert customer.Id in {each.Id for each in changed.Customer}


def test_a_batch_creates_updates_and_deletes(qb: QuickBooks) -> None:
    customers = []
    for _ in range(3):
        customer = Customer()
        customer.DisplayName = fresh_name("Batched")
        customers.append(customer)
    created = batch_create(customers, qb=qb).successes
    assert len(created) == 3
    for customer in created:
        customer.Notes = "in a batch"
    updated = batch_update(created, qb=qb).successes
    assert {each.Notes for each in updated} == {"in a batch"}
    invoices = [new_invoice(updated[0], qb) for _ in range(2)]
    assert len(batch_delete(invoices, qb=qb).faults) == 0
    assert all(is_gone(Invoice, each.Id, qb) for each in invoices)


def test_a_batch_tells_faults_beside_successes(qb: QuickBooks, customer: Customer) -> None:
    fine, twice = Customer(), Customer()
    fine.DisplayName = fresh_name("Fine")
    twice.DisplayName = customer.DisplayName
    answer = batch_create([fine, twice], qb=qb)
    assert len(answer.successes) == 1
    assert [fault.Error[0].code for fault in answer.faults] == ["6240"]


@pytest.mark.parametrize("name", ["AgedReceivables", "AgedReceivableDetail"])
def test_an_ageing_report_is_read(qb: QuickBooks, name: str) -> None:
    report = qb.get_report(name, {"report_date": date.today().isoformat()})  # noqa: DTZ011 - the sandbox's real day
    assert report["Header"]["ReportName"] == name
    assert report["Rows"]["Row"][-1]["group"] == "GrandTotal"


# --- OAuth -------------------------------------------------------------------------------------------------------


def test_a_code_is_exchanged_after_the_connect_button() -> None:
    auth, realm = connected()
    assert auth.access_token
    assert auth.expires_in == 3600
    assert int(auth.x_refresh_token_expires_in) > 8_000_000
    assert realm.isdigit()
    auth.close()


def test_tokens_are_refreshed() -> None:
    auth, realm = connected()
    before = auth.access_token
    auth.refresh()
    assert auth.access_token != before
    client = QuickBooks(auth_client=auth, refresh_token=auth.refresh_token, company_id=realm, minorversion=75)
    assert Customer.count(qb=client) > 0
    client.session.close()
    auth.close()


def test_a_client_that_starts_with_a_refresh_token_gets_in() -> None:
    auth = AuthClient("id", "secret", CALLBACK, "sandbox")
    client = QuickBooks(auth_client=auth, refresh_token="sandbox-refresh-token", company_id="any", minorversion=75)
    assert Item.all(max_results=1, qb=client)
    client.session.close()
    auth.close()


def test_a_revoked_connection_is_closed() -> None:
    auth, realm = connected()
    client = QuickBooks(auth_client=auth, refresh_token=auth.refresh_token, company_id=realm, minorversion=75)
    assert auth.revoke()
    with pytest.raises(AuthorizationException):
        Customer.count(qb=client)
    with pytest.raises(AuthClientError, match="invalid_grant"):
        auth.refresh()
    client.session.close()
    auth.close()


def test_the_user_is_told() -> None:
    auth, _ = connected()
    assert auth.get_user_info().json()["emailVerified"] is True
    auth.close()


def test_base64_credentials_are_needed_for_tokens(url: str) -> None:
    data = {"grant_type": "refresh_token", "refresh_token": "sandbox-refresh-token"}
    auth = AuthClient("id", "secret", CALLBACK, "sandbox")
    refused = auth.post(f"{url}/oauth2/v1/tokens/bearer", data=data, timeout=10)
    assert refused.status_code == 401
    basic = base64.b64encode(b"id:secret").decode()
    taken = auth.post(
        f"{url}/oauth2/v1/tokens/bearer", data=data, headers={"Authorization": f"Basic {basic}"}, timeout=10
    )
    assert taken.json()["token_type"] == "bearer"
    auth.close()


def test_a_linked_transaction_is_told_by_type(qb: QuickBooks, customer: Customer) -> None:
    invoice = new_invoice(customer, qb)
    payment = new_payment(customer, qb, 100, invoice)
    link = payment.Line[0].LinkedTxn[0]
    assert isinstance(link, LinkedTxn)
    assert (link.TxnType, link.TxnId) == ("Invoice", invoice.Id)


@pytest.fixture
def demo_books(tmp_path: Path) -> Iterator[str]:
    """The books after the demo's month, still served by the process that played it."""
    command = [sys.executable, "-m", "connector", "demo", "--out", str(tmp_path / "out"), "--stay"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "COLUMNS": "200"}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        said = _said_until_it_stays(process)
        found = re.search(r"as QuickBooks does at (\S+) until", said)
        try:
            assert found, said
            yield found[1]
        finally:
            process.terminate()
            process.communicate()


def _said_until_it_stays(process: subprocess.Popen[str]) -> str:
    """What it printed. One that never says it stays is ended: its output would not end either."""
    assert process.stdout is not None
    patience = Timer(_PATIENCE, process.kill)
    patience.start()
    said = ""
    while "until Ctrl-C" not in said and (line := process.stdout.readline()):
        said += line
    patience.cancel()
    return said


def test_read_back_a_note_that_the_demo_wrote(demo_books: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        intuitlib.config.DISCOVERY_URL, "sandbox", f"{demo_books}/.well-known/openid_sandbox_configuration"
    )
    monkeypatch.setattr(QuickBooks, "sandbox_api_url_v3", f"{demo_books}/v3")
    auth, realm = connected()
    client = QuickBooks(auth_client=auth, refresh_token=auth.refresh_token, company_id=realm, minorversion=75)
    notes = [
        each for each in Attachable.all(max_results=1000, qb=client) if "[duecourse:reminder:" in (each.Note or "")
    ]
    assert len(notes) > 100
    note = notes[0]
    kinds = {reference.EntityRef.type for reference in note.AttachableRef}
    assert kinds == {"Customer", "Invoice"}
    assert not any(reference.IncludeOnSend for reference in note.AttachableRef)
    invoice = next(each.EntityRef.value for each in note.AttachableRef if each.EntityRef.type == "Invoice")
    assert Invoice.get(invoice, qb=client).DocNumber in note.Note
    client.session.close()
    auth.close()
