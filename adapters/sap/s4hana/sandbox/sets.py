"""The entity sets: which there are, what stands in each, and what may be written to them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import msgspec

from adapters.sandbox.books import Books
from adapters.sandbox.records import Customer
from adapters.sap.s4hana.sandbox import items, partners, texts
from adapters.sap.s4hana.sandbox.clerk import Clerk
from adapters.sap.s4hana.sandbox.entries import Entries, Line, Number
from adapters.sap.s4hana.sandbox.listing import Shape
from adapters.sap.s4hana.sandbox.partners import Dunning, Extras
from adapters.sap.s4hana.sandbox.settings import S4HanaSettings
from adapters.sap.s4hana.sandbox.settling import Settling
from adapters.sap.s4hana.sandbox.shown import Shown
from adapters.sap.s4hana.sandbox.table import Table
from adapters.sap.s4hana.sandbox.texts import Place, Texts
from adapters.sap.s4hana.sandbox.wire import Answer, Refused, Row, encode
from adapters.sap.values import day

CUBE, PARTNERS = "API_OPLACCTGDOCITEMCUBE_SRV", "API_BUSINESS_PARTNER"
_SAMPLE_DAY = date(2000, 1, 1)


class Sets:
    """One company code's rows. The books' lock is held while they are read or written."""

    services: Mapping[str, Sequence[str]] = {CUBE: (items.ENTITY,), PARTNERS: (*partners.KEYS, texts.ENTITY)}

    def __init__(self, books: Books, settings: S4HanaSettings) -> None:
        self._books = books
        self._settings = settings
        self._zone = ZoneInfo(books.zone)
        self.entries = Entries(self._local)
        settling = Settling(self.entries, settings.partial, settings.resets_seen)
        self.clerk = Clerk(books, self.entries, settling)
        self.texts = Texts(books)
        self.extras = Extras()
        self.broken: set[tuple[Number, int]] = set()  # lines that cannot be read: an amount that is none
        self.breaks_type = False  # … or a flag that is none
        self._told: dict[str, Table] = {}
        self._shown = Shown()
        self._shapes = {name: self._shape_of(name) for names in self.services.values() for name in names}

    def _local(self, at: datetime) -> datetime:
        return at.astimezone(self._zone).replace(tzinfo=None)

    def shape(self, entity: str) -> Shape:
        """What an entity set looks like."""
        return self._shapes[entity]

    def lines(self) -> list[Line]:
        """All journal entry lines, up to date."""
        with self._books.lock:
            self.clerk.catch_up()
            return self.entries.lines

    def begin(self) -> None:
        """A new call: rows are told as they are from now on. Within one call they are made once."""
        self._told.clear()

    def rows(self, entity: str) -> Table:
        """All rows of an entity set, by key."""
        if entity not in self._told:
            rows = self._rows(entity)
            self._told[entity] = self._shown.table(rows) if entity == items.ENTITY else Table(rows)
        return self._told[entity]

    def _items(self) -> Iterator[Row]:
        names = self._books.names()
        company = items.Company(self._settings.company_code, self._books.name, self._books.home_currency)
        for line in self.lines():
            beside = (company, names.get(line.customer))
            row = self._shown.row(line, beside) or self._shown.remember(
                line, beside, items.row_of(line, company, names)
            )
            if (line.number, line.item) in self.broken:
                row = {**row, "IsReversed" if self.breaks_type else "AmountInTransactionCurrency": "*"}
            yield row

    def _rows(self, entity: str) -> Iterator[Row]:
        if entity == items.ENTITY:
            yield from self._items()
        elif entity == texts.ENTITY:
            yield from self.texts.rows()
        else:
            for customer in self._books.customers():
                yield from partners.rows_of(entity, customer, self._settings.company_code, self.extras, self._zone)

    def _shape_of(self, entity: str) -> Shape:
        if entity == items.ENTITY:
            return Shape(service=CUBE, entity=entity, key=items.KEY, sample=_item_sample())
        if entity == texts.ENTITY:
            sample: Row = {**dict.fromkeys(texts.KEY, ""), "LongText": ""}
            hidden = frozenset(["LongText"])
            return Shape(service=PARTNERS, entity=entity, key=texts.KEY, sample=sample, hidden=hidden)
        somebody = Customer(id="1", name="", emails="a@example.com", version=1)
        extras = Extras(persons={"1": [partners.Person("")]}, dunnings={"1": [Dunning(last=_SAMPLE_DAY)]})
        rows = partners.rows_of(entity, somebody, "", extras, self._zone)
        return Shape(service=PARTNERS, entity=entity, key=partners.KEYS[entity], sample=next(rows))

    # -- writing

    def write(self, method: str, entity: str, key: Mapping[str, str] | None, body: bytes) -> Answer:
        """Creates or changes a text or a dunning record; nothing else may be written. Raises `Refused`."""
        if method not in {"POST", "PATCH", "MERGE", "PUT"} or entity not in {texts.ENTITY, "A_CustomerDunning"}:
            raise Refused(405, "/IWBEP/CM_MGW_RT/061", f"Method '{method}' is not allowed on '{entity}'")
        try:
            given = msgspec.json.decode(body, type=dict[str, str | bool | None])
        except msgspec.DecodeError as error:
            raise Refused(400, "/IWBEP/CM_MGW_RT/176", "The request body is malformed") from error
        if unknown := set(given) - set(self.shape(entity).sample):
            raise Refused(400, "/IWBEP/CM_MGW_RT/024", f"Property '{min(unknown)}' is invalid")
        named = {**{name: str(given.get(name, "")) for name in self.shape(entity).key}, **(key or {})}
        if named["CompanyCode"] != self._settings.company_code:
            raise Refused(400, "R11/039", f"Company code {named['CompanyCode']} does not exist")
        named["Customer"] = named["Customer"].lstrip("0")
        self.begin()
        if entity == texts.ENTITY:
            self._write_text(method, named, str(given.get("LongText") or ""))
        else:
            self._write_dunning(method, named, given)
        return Answer(201, encode({"d": {**named, **given}})) if method == "POST" else Answer(204, b"")

    def _write_text(self, method: str, named: Mapping[str, str], text: str) -> None:
        place = Place(*(named[name] for name in texts.KEY))
        if method == "POST":
            self.texts.create(place, text)
        else:
            self.texts.change(place, text)

    def _write_dunning(self, method: str, named: Mapping[str, str], given: Mapping[str, str | bool | None]) -> None:
        self._books.customer(named["Customer"])
        known = self.extras.dunning(named["Customer"])
        record = next((each for each in known if each.area == named["DunningArea"]), None)
        if (record is None) != (method == "POST"):
            raise Refused(
                404 if record is None else 400, "/IWBEP/CM_MGW_RT/020", "Resource not found, or there already"
            )
        if record is None:
            record = Dunning(area=named["DunningArea"])
            known.append(record)
        record.block = str(given.get("DunningBlock", record.block) or "")
        record.level = str(given.get("DunningLevel", record.level) or "0")
        if "LastDunnedOn" in given:
            record.last = day(str(given["LastDunnedOn"] or ""))


def _item_sample() -> Row:
    number = Number("2000", "1")
    line = Line(
        number=number,
        item=1,
        kind="DR",
        amount=Decimal(1),
        currency="EUR",
        posted_on=_SAMPLE_DAY,
        dated=_SAMPLE_DAY,
        made_at=datetime(2000, 1, 1),  # noqa: DTZ001 - a system's own time
        due=_SAMPLE_DAY,
        cleared_by=number,
        cleared_on=_SAMPLE_DAY,
        changed_on=_SAMPLE_DAY,
    )
    return {**items.row_of(line, items.Company("", "", ""), {}), "LastDunningDate": _SAMPLE_DAY}
