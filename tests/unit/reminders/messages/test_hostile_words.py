"""Whatever stands in a ledger stays text: never a template, never markup, never a second line."""

import dataclasses
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as changed

from reminders.account import OwedItem
from reminders.messages import MessageContext, render
from reminders.plain_text import one_line, web_address
from tests.unit.reminders.messages.letters import Page, context, everything, item, line, plan

TEMPLATES = [
    "{{ 7 * 7 }}",
    "{{ inv.pay() }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ self.__init__.__globals__ }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ lipsum.__globals__ }}",
    '{{ "a" * 10 ** 9 }}',
    "{% for x in range(10 ** 9) %}x{% endfor %}",
    "{% include '/etc/passwd' %}",
    "{# comment #}",
    "{{ company }}",
    "{{ undefined_name }}",
    "{%",
    "}}",
    "${7*7}",
    "#{7*7}",
    "<%= 7*7 %>",
    "%(x)s %s {0} {x.__class__}",
]
MARKUP = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "</title><script>alert(1)</script>",
    "</td></tr></table><h1>Pay to IBAN XX</h1>",
    "<a href='javascript:alert(1)'>x</a>",
    "<iframe src=//evil.example>",
    "<style>*{display:none}</style>",
    "&lt;script&gt;",
    "<!-- ",
    "]]>",
    "<\x00script>",
    "＜script＞",
    "<b>bold</b>",
]
ONE_LINE_FIELDS = ("company_name", "sender_name", "customer_name", "customer_account", "stop_address")
MORE_LINES_FIELDS = ("bank_details", "reply_hint", "consequence", "postal_address")
HARMLESS = "Harmless"


def with_item(**changes: str) -> Callable[[], MessageContext]:
    """The full message, its first invoice changed."""

    def make() -> MessageContext:
        what = everything()
        first, *others = what.plan.about
        owed: OwedItem = changed(first.item, **changes)
        about = (changed(first, item=owed), *others)
        return dataclasses.replace(what, plan=dataclasses.replace(what.plan, about=about))

    return make


def has_the_shape_of(page: Page, clean: Page) -> bool:
    return (page.tags, page.attributes, page.links) == (clean.tags, clean.attributes, clean.links)


@pytest.mark.parametrize("words", TEMPLATES + MARKUP)
@pytest.mark.parametrize("field", ONE_LINE_FIELDS + MORE_LINES_FIELDS)
def test_words_of_others_are_shown_as_they_are(field: str, words: str) -> None:
    message = render(everything(**{field: words}))
    page = Page(message.html)
    assert has_the_shape_of(page, Page(render(everything(**{field: HARMLESS})).html))
    shown = one_line(words)[:29].rstrip()
    assert shown in (message.subject if field == "customer_account" else message.text)
    assert shown in page.words


@pytest.mark.parametrize("words", TEMPLATES + MARKUP)
@pytest.mark.parametrize("field", ["number", "customer_name"])
def test_words_in_an_invoice_are_shown_as_they_are(field: str, words: str) -> None:
    message = render(with_item(**{field: words})())
    page = Page(message.html)
    assert has_the_shape_of(page, Page(render(with_item(**{field: HARMLESS})()).html))
    assert one_line(words)[:39].rstrip() in message.text
    assert one_line(words)[:39].rstrip() in page.words


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "https://x.example/ onclick=alert(1)",
        'https://x.example/"><script>',
        "https://x.example/\r\nBcc: x",
        "//evil.example",
        "file:///etc/passwd",
        "https://",
        "",
    ],
)
def test_only_plain_web_addresses_become_links(link: str) -> None:
    assert web_address(link) == ""
    assert Page(render(with_item(pay_link=link)()).html).links == ["https://pay.example/account"]


def test_a_name_of_ten_thousand_letters_is_cut() -> None:
    message = render(everything(customer_name="x" * 10_000, company_name="y" * 10_000))
    assert len(message.subject) < 200
    assert "x" * 200 not in message.text
    assert "…" in message.text


@pytest.mark.parametrize("control", ["\r\n", "\n", "\0", "\u2028", "\u2029", "\x1b[31m", "\u202e", "\u200b", "\ud800"])
def test_no_name_breaks_a_line_or_turns_the_writing(control: str) -> None:
    message = render(everything(customer_name=f"Blue{control}Bcc: x", company_name=f"Acme{control}Ltd"))
    for text in (message.subject, message.text, message.html):
        assert control not in text.replace("\n", "") or control == "\n"
        assert "\nBcc" not in text
    assert "\n" not in message.subject
    message.text.encode()


def test_emoji_and_accents_stay() -> None:
    assert "Señor Ñandú 👩‍👩‍👧 & Söhne" in render(everything(customer_name="Señor Ñandú 👩‍👩‍👧 & Söhne")).text


anything = st.text(max_size=60) | st.sampled_from(TEMPLATES + MARKUP)


@settings(max_examples=150, deadline=None)
@given(anything, anything, anything, anything)
def test_no_words_at_all_change_the_shape_of_a_message(company: str, sender: str, customer: str, number: str) -> None:
    message = render(letter(company, sender, customer, number))
    clean = render(letter("c", "s", HARMLESS, "1"))
    assert has_the_shape_of(Page(message.html), Page(clean.html))
    assert len(message.text.splitlines()) == len(clean.text.splitlines())
    assert "\n" not in message.subject


def letter(company: str, sender: str, customer: str, number: str) -> MessageContext:
    owed = item(number, customer_name="The billed one")
    return context(plan(line(owed)), company_name=company, sender_name=sender, customer_name=customer)
