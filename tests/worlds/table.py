"""The years that were played, as lines and as a table."""

from collections.abc import Sequence

from tests.worlds.played import Played

_COLUMNS = (
    *("seed", "company", "customers", "invoices", "reminders", "mails", "notes", "uncertain", "kills", "faults"),
    *("commands", "cases judged", "broken", "CPU s"),
)


def _cells(year: Played) -> list[str]:
    counts = (year.customers, year.invoices, year.reminders, year.mails, year.notes, year.uncertain, year.kills)
    more = (year.faults, year.commands, year.cases, len(year.broken))
    return [str(year.seed), year.company, *map(str, (*counts, *more)), f"{year.cpu_seconds:.0f}"]


def line(year: Played) -> str:
    """One year in one line."""
    return " · ".join(f"{name} {cell}" for name, cell in zip(_COLUMNS, _cells(year), strict=True))


def totals_table(years: Sequence[Played]) -> str:
    """All years as a Markdown table, with their sums."""
    rows = [_cells(year) for year in years]
    sums = [str(sum(int(row[place]) for row in rows)) for place in range(2, len(_COLUMNS))]
    rule = ["---:" if name != "company" else "---" for name in _COLUMNS]
    lines = [list(_COLUMNS), rule, *rows, ["**all**", f"{len(years)} years", *sums]]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
