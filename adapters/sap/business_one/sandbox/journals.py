"""Journal entries that people wrote. A line on a customer names it in ShortName, and its control account."""

from collections.abc import Iterator

from adapters.sandbox.records import ZERO, EntryLine, JournalEntry
from adapters.sandbox.shelf import ENTRY
from adapters.sap.business_one.sandbox.context import Context
from adapters.sap.business_one.sandbox.wire import Json, day, not_found, number


class JournalEntries:
    """JournalEntries."""

    entity, key = "JournalEntries", "JdtNum"

    def __init__(self, context: Context) -> None:
        self._context = context

    def rows(self, dialect: str, after: int = 0) -> Iterator[Json]:
        """All rows by number; a deleted entry was reversed, and stays."""
        for row in self._context.books.rows.select("kind = ? AND n > ?", (ENTRY, after)):
            yield self._row(self._context.books.shelf.decode(JournalEntry, row), dialect)

    def one(self, ident: str, dialect: str) -> Json:
        """One row. Raises Refused."""
        found = self._context.books.shelf.find(JournalEntry, ENTRY, ident)
        if found is None or (self.entity, int(ident)) in self._context.hidden:
            raise not_found()
        return self._row(found, dialect)

    def _row(self, entry: JournalEntry, dialect: str) -> Json:
        made: Json = {
            "JdtNum": int(entry.id),
            "Number": int(entry.number) if entry.number.isdigit() else int(entry.id),
            "ReferenceDate": day(entry.on, dialect),
            "DueDate": day(entry.on, dialect),
            "Memo": entry.memo or None,
            "OriginalJournal": "ttJournalEntry",
            "BlockDunningLetter": "tNO",
            "JournalEntryLines": [self._line(line, entry, dialect) for line in entry.lines],
        }
        made |= self._context.own(entry)
        if (self.entity, int(entry.id)) in self._context.broken:
            made["JournalEntryLines"] = "n/a"
        return made

    def _line(self, line: EntryLine, entry: JournalEntry, dialect: str) -> Json:
        context = self._context
        debit, credit = max(line.amount, ZERO), max(-line.amount, ZERO)
        is_local = context.is_local(entry.currency)
        name = context.account(line.customer) if line.customer else line.account
        return {
            "Line_ID": int(line.id),
            "ShortName": name,
            "AccountCode": line.account,
            "Debit": number(context.in_local(debit, entry.currency)),
            "Credit": number(context.in_local(credit, entry.currency)),
            "FCDebit": number(ZERO if is_local else debit),
            "FCCredit": number(ZERO if is_local else credit),
            "FCCurrency": None if is_local else context.code(entry.currency),
            "DueDate": day(entry.on, dialect),
            "LineMemo": line.description or None,
        }
