"""The plot of the results: milliseconds a step, by workload and program."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from backhand.bench.process import BACKHAND
from backhand.page.style import BLUE, INK, ORANGE, SKY, YELLOW, bar, look, png
from results import Results

# Told apart by hatch and shade where there is no colour; ours is the only one that is filled dark.
STYLES = {
    BACKHAND.name: (BLUE, ""),
    "torch": (ORANGE, ""),
    "torch_cl": (ORANGE, "////"),
    "torch_compile": (YELLOW, "...."),
    "jax": (SKY, "\\\\\\\\"),
    "sklearn": ("#ffffff", "xxxx"),
}
BAR_WIDTH = 0.15  # of a bar, in units of a group


def draw(results: Results) -> bytes:
    """Groups of bars on a logarithmic scale; over ours its ratio to the fastest peer."""
    with look():
        figure = Figure(figsize=(max(2 + 1.2 * len(results.comparisons), 8), 4))
        axes = figure.subplots()
        for i, (name, title) in enumerate(results.programs.items()):
            draw_bars(axes, results, name, title, (i - (len(results.programs) - 1) / 2) * BAR_WIDTH)
        for x, compared in enumerate(results.comparisons):
            place = x - (len(results.programs) - 1) / 2 * BAR_WIDTH, compared.ours.ms.median
            offset = {"xytext": (0, 3), "textcoords": "offset points", "ha": "center"}
            axes.annotate(f"{compared.ratio.median:.2f}", place, **offset, fontsize=8, color=INK, fontweight="bold")
        axes.set(yscale="log", ylabel="ms a step (logarithmic)")
        axes.set_xticks(range(len(results.comparisons)), [each.workload.name for each in results.comparisons])
        axes.grid(False, axis="x")
        axes.set_ylim(
            bottom=0.5 * min(each.ms.median for row in results.comparisons for each in row.measurements.values())
        )
        figure.legend(loc="outside upper center", ncols=len(results.programs), handlelength=2)
        return png(figure)


def draw_bars(axes: Axes, results: Results, name: str, title: str, offset: float) -> None:
    """One program's."""
    known = [
        (x, each.measurements[name].ms.median)
        for x, each in enumerate(results.comparisons)
        if name in each.measurements
    ]
    x, heights = [place + offset for place, _ in known], [ms for _, ms in known]
    colour, hatch = STYLES[name]
    axes.bar(x, heights, BAR_WIDTH, label=title, **bar(colour, hatch, 0.6))
