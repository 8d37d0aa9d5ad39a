"""Cost against size, both in powers of ten, as an SVG."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure as Sheet

from tests.bench.figures import Point


def draw(points: Iterable[Point], path: Path) -> None:
    """One line for each series. The same points make the same file, and its words stay words."""
    series: dict[str, list[Point]] = defaultdict(list)
    for each in points:
        series[each.series].append(each)
    with mpl.rc_context({"svg.hashsalt": "duecourse", "svg.fonttype": "none"}):
        sheet = Sheet(figsize=(8, 5), layout="constrained")
        axes = sheet.add_subplot(xscale="log", yscale="log", xlabel="invoices in the books", ylabel="seconds")
        for name, mine in series.items():
            along = sorted(mine, key=lambda each: each.size)
            axes.plot([each.size for each in along], [each.seconds for each in along], marker="o", label=name)
        axes.grid(visible=True, which="major", alpha=0.3)
        if series:
            axes.legend(frameon=False)
        sheet.savefig(path, metadata={"Date": None})
