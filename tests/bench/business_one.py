"""SAP Business One: `python -m tests.bench business-one`; sap.py says what is measured."""

from tests.bench.figures import Figure
from tests.bench.sap import figures_of


def figures() -> list[Figure]:
    """The table of this bench."""
    return figures_of("business-one", "SAP Business One")
