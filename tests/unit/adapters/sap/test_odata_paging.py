from collections.abc import Iterator
from urllib.parse import parse_qs

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.errors import LedgerUnavailable
from adapters.sap.odata import Query, Rows
from adapters.sap.values import Version
from tests.unit.adapters.sap.service import Item, Service, rows, rows4


class _Books:
    """A service of `held` items that gives at most `limit` at once."""

    def __init__(self, held: int, limit: int, version: Version, *, says_so: bool = True) -> None:
        self.held = held
        self.limit = limit
        self.version = version
        self.says_so = says_so

    def __call__(self, request: httpx.Request) -> httpx.Response:
        asked = {name: told[0] for name, told in parse_qs(request.url.query.decode()).items()}
        start = int(asked.get("$skiptoken") or asked.get("$skip", "0"))
        end = int(asked.get("end") or start + int(asked.get("$top", self.held)))
        upto = min(end, start + self.limit, self.held)
        given = range(start, upto)
        is_cut = self.says_so and upto - start == self.limit and upto < end  # as CAP does: a phantom page at the end
        link = f"A_Items?$skiptoken={upto}&end={end}" if is_cut else None
        if self.version is Version.V2:
            return rows(*given, link=link, count=str(self.held) if "$inlinecount" in asked else None)
        more: dict[str, object] = {"nextLink": link} if link else {}
        return rows4(*given, **more, **({"count": self.held} if "$count" in asked else {}))


def _numbers(pages: Iterator[Rows[Item]]) -> list[int]:
    return [int(row.Number) for page in pages for row in page.good]


@given(
    held=st.integers(0, 40), limit=st.integers(1, 12), size=st.integers(1, 15), version=st.sampled_from(Version),
    skip=st.integers(0, 10), top=st.none() | st.integers(0, 45), with_count=st.booleans(),
)  # fmt: skip
def test_every_row_comes_once_and_in_order_however_few_are_given_at_once(
    held: int, limit: int, size: int, version: Version, skip: int, top: int | None, with_count: bool
) -> None:
    service = Service()
    service.answers(_Books(held, limit, version))
    query = Query(skip=skip, top=top, with_count=with_count)
    told = _numbers(service.client(version).pages("A_Items", Item, query, size=size))
    assert told == list(range(held))[skip : None if top is None else skip + top]


@given(held=st.integers(0, 40), limit=st.integers(1, 12), size=st.integers(1, 15))
def test_a_service_that_gives_fewer_without_a_word_is_found_out_by_its_count(held: int, limit: int, size: int) -> None:
    service = Service()
    service.answers(_Books(held, limit, Version.V2, says_so=False))
    assert _numbers(service.client().pages("A_Items", Item, Query(with_count=True), size=size)) == list(range(held))


def test_rows_are_counted_once_a_walk(service: Service) -> None:
    service.answers(_Books(25, 10, Version.V2))
    pages = list(service.client().pages("A_Items", Item, Query(with_count=True), size=10))
    assert [page.count for page in pages] == [25, None, None]
    assert [("$inlinecount" in line) for line in service.lines] == [True, False, False]


def test_a_phantom_last_page_is_an_empty_one(service: Service) -> None:
    service.answers(rows(1, 2, link="A_Items?$skiptoken=2"), rows())
    assert [page.told for page in service.client().pages("A_Items", Item, Query(), size=5)] == [2, 0]


def test_links_in_a_circle_are_no_answer(service: Service) -> None:
    service.answers(rows(1, link="A_Items?$skiptoken=1"))
    with pytest.raises(LedgerUnavailable, match="circle"):
        list(service.client().pages("A_Items", Item, Query(), size=100))
    assert len(service.asked) == 2


def test_a_service_that_skips_nothing_is_no_answer(service: Service) -> None:
    service.answers(rows(1, 2, 3))
    with pytest.raises(LedgerUnavailable, match="the same rows however many are skipped"):
        list(service.client().pages("A_Items", Item, Query(), size=3))
    assert len(service.asked) == 2


def test_what_a_read_prefers_is_said_with_every_page(service: Service) -> None:
    service.answers(rows(1, link="A_Items?$skiptoken=1"), rows(2, 3), rows())
    prefers = {"Prefer": "odata.maxpagesize=3"}
    list(service.client().pages("A_Items", Item, Query(), size=3, headers=prefers))
    assert [each.headers["prefer"] for each in service.asked] == ["odata.maxpagesize=3"] * 3


def test_one_silent_page_is_asked_for_again_and_none_twice(service: Service) -> None:
    service.answers(rows(1, link="A_Items?$skiptoken=1"), httpx.ReadTimeout("silence"), rows(2))
    assert _numbers(service.client().pages("A_Items", Item, Query(), size=5)) == [1, 2]
    assert service.lines[1] == service.lines[2]


def test_pages_are_read_no_further_than_they_are_wanted(service: Service) -> None:
    service.answers(_Books(100, 10, Version.V2))
    next(service.client().pages("A_Items", Item, Query(), size=50))
    assert len(service.asked) == 1
