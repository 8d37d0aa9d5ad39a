"""What a customer reads: the parts, the figures, the tones, in four languages."""

import re
from datetime import date
from decimal import Decimal

import pytest

from reminders.account import LastPayment, Taken, TakenHow
from reminders.formats import choose_language, formats
from reminders.messages import TONES, Message, MessageContext, MissingPromise, UnknownTone, contents, render
from reminders.phrases import phrases
from tests.unit.reminders.messages.letters import TODAY, Page, context, everything, item, line, money, plan

LANGUAGES = ("en", "de", "fr", "es")
LABELS = {"en": "To be paid", "de": "Zu zahlen", "fr": "À payer", "es": "A pagar"}


def text_of(what: MessageContext) -> str:
    return render(what).text


def one_invoice(tone: str, language: str = "en-GB", **more: object) -> Message:
    days = -3 if tone == "heads_up" else 12
    return render(context(plan(line(item(days=days)), tone=tone), language, **more))


def test_one_invoice_is_asked_for_by_company_number_amount_and_day() -> None:
    message = one_invoice("plain")
    assert message.subject == "Invoice 1042 from Acme Tools Ltd, EUR 1,250.00, due 8 Nov 2026"
    assert "Our invoice 1042 was due on 8 November 2026 and is now 12 days past due." in message.text
    assert "- Invoice 1042 of 9 Oct 2026, due 8 Nov 2026, 12 days past due: EUR 1,250.00" in message.text
    assert "To be paid: EUR 1,250.00" in message.text
    assert "Subtotal" not in message.text


def test_several_invoices_are_counted_and_summed_in_the_subject() -> None:
    message = render(everything())
    assert message.subject == "4 open invoices, EUR 1,051.00 and USD 70.00: Acme Tools Ltd, account 10023"


def test_each_part_has_its_heading_and_a_subtotal_for_each_currency() -> None:
    text = text_of(everything())
    about, also, not_yet = (
        text.index(heading) for heading in ("This is about\n", "Also past due\n", "Not yet due, for your information\n")
    )
    assert about < also < not_yet
    assert re.findall("Subtotal: (.*)", text[about:also]) == ["EUR 1,100.00", "USD 70.00"]
    assert re.findall("Subtotal: (.*)", text[also:not_yet]) == ["EUR 1.00"]
    assert re.findall("Subtotal: (.*)", text[not_yet:]) == ["EUR 9,999.00"]


def test_credit_is_taken_off_before_anything_is_asked() -> None:
    text = text_of(everything())
    assert (
        "Total: EUR 1,101.00\nless your credit of EUR 50.00\nTo be paid: EUR 1,051.00\nTo be paid: USD 70.00\n" in text
    )


def test_without_credit_no_credit_is_spoken_of() -> None:
    message = one_invoice("plain")
    assert "credit" not in message.text
    assert "Total:" not in message.text


def test_parts_under_review_and_promised_are_named_and_not_asked() -> None:
    text = text_of(everything())
    assert "(EUR 200.00 of it is under review and not asked for now)\n  (which leaves EUR 1,050.00 to be paid)" in text
    assert "(EUR 20.00 of it is promised and not asked for now)\n  (which leaves EUR 50.00 to be paid)" in text


def test_what_is_not_yet_due_is_shown_only_where_the_plan_lists_it_and_is_not_asked() -> None:
    assert "Not yet due" not in text_of(context(plan(line(item()), also=(line(item("1050", 100, 2)),))))
    assert "EUR 9,999.00" not in render(everything()).subject
    assert not re.search(r"To be paid: .*(9,999|11,0)", text_of(everything()))


def test_tone_deadline_and_days_speak_of_the_first_part_alone() -> None:
    text = text_of(context(plan(line(item(days=12)), also=(line(item("900", 100, 90)),))))
    opening = text.split("This is about")[0]
    assert "12 days past due" in opening
    assert "90" not in opening
    assert "90 days past due" in text


def test_sub_customers_and_instalments_are_named() -> None:
    text = text_of(everything())
    assert "- Invoice 1044 of 29 Sept 2026, instalment 2, due 29 Oct 2026" in text
    assert "(for Blue Kookies)" in text
    assert "(for Blue Bird Ltd)" not in text


def test_lines_of_one_document_stand_together() -> None:
    lines = [line(item("7", ref=f"invoice:7#{part}")) for part in (1, 2)]
    text = text_of(context(plan(lines[0], line(item("8")), lines[1])))
    assert re.findall(r"- Invoice (\d+)", text) == ["7", "7", "8"]


def test_a_journal_line_is_not_called_an_invoice() -> None:
    journal = item("J-5", ref="journal:9.1#1", document="journal:9.1")
    message = render(context(plan(line(journal))))
    assert message.subject.startswith("Account entry J-5 from")
    assert "Our account entry J-5 was due" in message.text


def test_an_invoice_without_a_number_leaves_no_gap() -> None:
    message = render(context(plan(line(item("")))))
    assert message.subject.startswith("Invoice from Acme")
    assert "Our invoice was due" in message.text


def test_the_last_payment_and_the_minute_of_the_figures_are_named() -> None:
    text = one_invoice("plain").text
    assert "The last payment we received from you was EUR 500.00 on 12 October 2026." in text
    assert "These figures are as of 20 November 2026, 08:31 (UTC+00:00)." in text
    berlin = one_invoice("plain", "de", zone="Europe/Berlin").text
    assert "Stand der Zahlen: 20. November 2026, 09:31 (UTC+01:00)." in berlin


def test_no_payment_is_invented_where_there_was_none() -> None:
    assert "last payment" not in one_invoice("plain", last_payment=None).text


def test_a_payment_on_its_way_is_spoken_of_but_not_in_a_heads_up() -> None:
    for tone in TONES:
        assert ("already on its way" in one_invoice(tone).text) == (tone != "heads_up")


def test_a_broken_promise_is_named_where_the_plan_says_so() -> None:
    sentence = "You had promised EUR 300.00 by 10 November 2026; that payment has not appeared in our books."
    assert sentence in text_of(everything())
    with pytest.raises(MissingPromise, match="p1"):
        render(everything(broken_promises=()))
    silent = plan(line(item()))
    assert "promised" not in text_of(everything(plan=silent))


def test_the_last_part_of_a_thread_says_which_message_it_replaces() -> None:
    assert "This mail replaces ours of 3 November 2026, which did not reach you." in text_of(everything())


def test_a_heads_up_speaks_of_the_future_and_asks_for_nothing() -> None:
    message = one_invoice("heads_up")
    assert "Our invoice 1042 falls due on 23 November 2026. This is only a heads-up" in message.text
    assert "due in 3 days" in message.text
    assert "Falling due: EUR 1,250.00" in message.text
    assert "To be paid" not in message.text
    assert "past due" not in message.text


def test_a_heads_up_for_several_invoices_has_its_own_subject() -> None:
    several = plan(line(item("1", days=-2)), line(item("2", days=-3)), tone="heads_up")
    assert render(context(several)).subject == "2 invoices fall due soon, EUR 2,500.00: Acme Tools Ltd"


def test_firm_says_that_we_wrote_before_only_if_we_did() -> None:
    told = Taken(cycle=1, step_no=1, step_id="a", step_day=3, on=TODAY, how=TakenHow.SENT)
    lapsed = Taken(cycle=1, step_no=1, step_id="a", step_day=-3, on=TODAY, how=TakenHow.LAPSED)
    before = "We have written to you about this before"
    assert before in text_of(context(plan(line(item(taken=(told,))), tone="firm")))
    assert before not in text_of(context(plan(line(item(taken=(lapsed,))), tone="firm")))
    assert before not in text_of(context(plan(line(item(taken=(told,), cycle=2)), tone="firm")))


def test_the_deadline_is_the_given_day_or_a_working_day_soon() -> None:
    assert "Please pay by 27 November 2026." in one_invoice("plain").text  # a week from Friday
    assert "Please pay by 30 November 2026." in one_invoice("final").text  # ten days would be a Monday
    assert "Please pay by 23 November 2026." in one_invoice("plain", today=date(2026, 11, 14)).text  # not on a Saturday
    assert "Please pay by 1 December 2026." in one_invoice("plain", pay_by=date(2026, 12, 1)).text


def test_the_owners_consequence_stands_in_firm_and_final_messages_alone() -> None:
    words = "Interest runs from the due date."
    stands = {tone for tone in TONES if words in one_invoice(tone, consequence=words).text}
    assert stands == {"firm", "final"}


def test_the_tones_bring_new_facts_and_no_louder_words() -> None:
    openings = {tone: one_invoice(tone).text.split("This is about")[0] for tone in TONES}
    assert len(set(openings.values())) == len(TONES)
    assert "last reminder" in openings["final"]
    assert "plan with amounts and days" in openings["firm"]
    assert "if something is wrong" in openings["plain"].casefold()
    for words in openings.values():
        assert not re.search(r"\b(?:urgent|immediately|legal|court|!|[A-Z]{4,})\b", words.replace("EUR", ""))


@pytest.mark.parametrize("tone", TONES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_one_invoice_takes_less_than_150_words(language: str, tone: str) -> None:
    days = -3 if tone == "heads_up" else 12
    facts = contents(context(plan(line(item(days=days)), tone=tone), language))
    prose = " ".join([facts["greeting"], *facts["opening"], *facts["closing"], facts["regards"]])
    assert 50 < len(prose.split()) < 150


@pytest.mark.parametrize("tone", TONES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_text_and_html_say_the_same(language: str, tone: str) -> None:
    what = everything(language, tone=tone)
    message = render(what)
    words = " ".join(Page(message.html).words.split())
    facts = contents(what)
    assert {int(line[:1] == "-") for line in message.text.splitlines()} == {0, 1}
    for part in facts["parts"]:
        for each in part["lines"]:
            for shown in (each["issued"], each["due"], each["days"], each["amount"], *each["notes"]):
                assert " ".join(shown.split()) in words
                assert shown in message.text
    for shown in (*facts["opening"], *facts["closing"], *facts["footer"], *facts["signature"], *facts["bank"]):
        assert " ".join(shown.split()) in words
        assert shown in message.text
    for each in facts["sums"]:
        assert " ".join(f"{each['label']} {each['amount']}".split()) in words


def test_amounts_and_days_follow_the_language() -> None:
    german, french, spanish = (one_invoice("plain", language).text for language in ("de-AT", "fr", "es"))
    assert "Zu zahlen: 1.250,00 EUR" in german
    assert "war am 8. November 2026 fällig" in german
    assert "À payer\u00a0: 1\u00a0250,00 EUR" in french
    assert "venció el 8 de noviembre de 2026" in spanish
    assert "d’ici le 1er décembre 2026" in one_invoice("plain", "fr", pay_by=date(2026, 12, 1)).text


@pytest.mark.parametrize("language", ["pt-BR", "", "xx", "klingon", "../../etc/passwd", "de" * 50, "zh-Hant-TW"])
def test_an_unknown_language_becomes_the_companys_and_then_english(language: str) -> None:
    assert one_invoice("plain", language, company_language="fr").language == "fr"
    assert one_invoice("plain", language, company_language="nl").language == "en"


def test_a_wish_without_a_region_takes_the_companys_way_of_writing_days() -> None:
    assert "8 November 2026" in one_invoice("plain", "en", company_language="en-GB").text
    assert "November 8, 2026" in one_invoice("plain", "en", company_language="en-US").text
    assert "November 8, 2026" in one_invoice("plain", "en-US", company_language="en-GB").text


def test_every_language_has_the_same_phrases() -> None:
    english = phrases("en").keys
    for language in LANGUAGES:
        assert phrases(language).keys == english


def test_a_tone_without_words_is_an_error_that_names_those_there_are() -> None:
    with pytest.raises(UnknownTone, match="friendly"):
        render(context(plan(line(item()), tone="shouting")))


def test_the_template_that_a_step_names_wins_over_its_tone() -> None:
    assert "slipped by" in text_of(context(plan(line(item()), tone="firm", template="friendly")))
    assert "plan with amounts" in text_of(context(plan(line(item()), tone="firm", template="")))


def test_the_layouts_see_plain_data_only() -> None:
    allowed = (str, int, Decimal, date, list, dict)

    def walk(value: object) -> None:
        assert type(value) in allowed, value
        for inner in [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else ():
            walk(inner)

    for language in LANGUAGES:
        for tone in TONES:
            walk(contents(everything(language, tone=tone)))


def test_the_page_fetches_nothing_and_runs_nothing() -> None:
    page = Page(render(everything()).html)
    assert not {"img", "script", "link", "iframe", "form", "object", "embed", "svg", "audio", "video"} & set(page.tags)
    assert page.attributes <= {"style", "lang", "charset", "name", "content", "scope", "colspan", "href"}
    assert page.links == ["https://pay.example/a?x=1&y=2", "https://pay.example/account"]
    assert "url(" not in render(everything()).html


def test_a_covered_currency_is_not_in_the_subject() -> None:
    what = plan(line(item("1", 1_000)), line(item("2", 2_000, currency="USD")), credit={"EUR": 1_000})
    message = render(context(what))
    assert message.subject == "2 open invoices, USD 20.00: Acme Tools Ltd"
    assert "To be paid: EUR 0.00" in message.text


def test_money_without_decimals_is_shown_without() -> None:
    what = context(
        plan(line(item(cents=1_250_000, currency="JPY"))), last_payment=LastPayment(amount=money(5, "KWD"), on=TODAY)
    )
    message = render(what)
    assert "JPY 1,250,000" in message.subject
    assert "KWD 0.005" in message.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_list_too_long_to_read_is_cut_counted_and_summed(language: str) -> None:
    about = [line(item(f"{number}", 1_000, 30)) for number in range(95)]
    also = [line(item(f"{number}", 100, 2)) for number in range(200, 220)]
    what = context(plan(*about, also=tuple(also)), language)
    first, second = contents(what)["parts"]
    assert (len(first["lines"]), first["more"]) == (95, "")
    assert len(second["lines"]) == 5
    assert "15" in second["more"]
    shown = formats(choose_language(language))
    assert shown.money(money(1_500)) in second["more"]
    assert second["totals"][0]["amount"] == shown.money(money(2_000))
    message = render(what)
    assert second["more"] in message.text
    assert second["more"] in message.html


def test_what_is_contested_of_the_part_that_is_cut_off_is_not_summed() -> None:
    about = [line(item(f"{number}", 1_000, 30), disputed=400 if number == 100 else 0) for number in range(102)]
    text = text_of(context(plan(*about)))
    assert "and 2 more, EUR 16.00 together" in text
    assert "To be paid: EUR 1,016.00" in text
