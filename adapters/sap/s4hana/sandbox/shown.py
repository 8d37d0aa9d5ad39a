"""Lines as they were shown last: a line that is as it was is not made into a row again, nor is a table of such."""

from collections.abc import Iterable
from operator import is_

from adapters.sap.s4hana.sandbox.entries import Line
from adapters.sap.s4hana.sandbox.table import Table
from adapters.sap.s4hana.sandbox.wire import Row


def state_of(line: Line) -> tuple[object, ...]:
    """Whatever of a line may change once it is posted."""
    return (
        line.due,
        line.reference,
        line.text,
        line.special,
        line.invoice,
        line.invoice_letter,
        line.cleared_by,
        line.cleared_on,
        line.was_reset,
        line.reversed_by,
        line.reverses,
        line.changed_on,
        line.dunning_block,
        line.payment_block,
    )


class Shown:
    """Rows by line, each with what it was made of."""

    def __init__(self) -> None:
        self._rows: dict[int, tuple[Line, tuple[object, ...], Row]] = {}
        self._last: list[Row] = []
        self._table = Table(())

    def row(self, line: Line, beside: tuple[object, ...]) -> Row | None:
        """The row that the line had, where neither it nor what stands `beside` it has changed."""
        known = self._rows.get(id(line))
        return known[2] if known and known[0] is line and known[1] == (*state_of(line), *beside) else None

    def remember(self, line: Line, beside: tuple[object, ...], row: Row) -> Row:
        """A row that was made."""
        self._rows[id(line)] = (line, (*state_of(line), *beside), row)
        return row

    def table(self, rows: Iterable[Row]) -> Table:
        """The table of these rows: the last one, where they are the same."""
        now = list(rows)
        if len(now) != len(self._last) or not all(map(is_, now, self._last)):
            self._last, self._table = now, Table(now)
        return self._table
