"""SAP S/4HANA: `python -m tests.bench s4hana`; sap.py says what is measured."""

from tests.bench.figures import Figure
from tests.bench.sap import figures_of


def figures() -> list[Figure]:
    """The table of this bench."""
    return figures_of("s4hana", "SAP S/4HANA")
