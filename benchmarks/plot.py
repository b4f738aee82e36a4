"""The plot of the results: the milliseconds per step, by workload and program."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from backhand.bench.process import BACKHAND, BACKHAND_BFLOAT16
from backhand.page.style import BLUE, INK, ORANGE, SKY, YELLOW, bar, plot_style, png
from results import Results

# Hatch and shade tell the bars apart without colour; only ours is filled dark.
STYLES = {
    BACKHAND.name: (BLUE, ""),
    BACKHAND_BFLOAT16.name: (BLUE, "oo"),
    "torch": (ORANGE, ""),
    "torch_bf16": (ORANGE, "oo"),
    "torch_cl": (ORANGE, "////"),
    "torch_cl_bf16": (ORANGE, "//oo"),
    "torch_compile": (YELLOW, "...."),
    "torch_compile_bf16": (YELLOW, "oo"),
    "jax": (SKY, "\\\\\\\\"),
    "jax_bf16": (SKY, "oo"),
    "sklearn": ("#ffffff", "xxxx"),
}
GROUP = 0.85  # the width of a group of bars, of the distance between two


def draw(results: Results) -> bytes:
    """Draw groups of bars on a logarithmic scale, with the ratio at any precision above our bars."""
    with plot_style():
        figure = Figure(figsize=(max(2 + 1.5 * len(results.comparisons), 8), 4.5))
        axes = figure.subplots()
        width = GROUP / len(results.programs)
        for i, (name, title) in enumerate(results.programs.items()):
            draw_bars(axes, results, name, title, width, (i - (len(results.programs) - 1) / 2) * width)
        for x, comparison in enumerate(results.comparisons):
            top = x - (len(results.programs) - 1) / 2 * width, comparison.ours.ms.median
            offset = {"xytext": (0, 3), "textcoords": "offset points", "ha": "center"}
            text = f"{comparison.ratio(rounded=True).median:.2f}"
            axes.annotate(text, top, **offset, fontsize=8, color=INK, fontweight="bold")
        axes.set(yscale="log", ylabel="ms per step (logarithmic)")
        axes.set_xticks(
            range(len(results.comparisons)), [comparison.workload.name for comparison in results.comparisons]
        )
        axes.grid(False, axis="x")
        medians = (measured.ms.median for row in results.comparisons for measured in row.measurements.values())
        axes.set_ylim(bottom=0.5 * min(medians))
        figure.legend(loc="outside upper center", ncols=6, handlelength=2)
        return png(figure)


def draw_bars(axes: Axes, results: Results, name: str, title: str, width: float, offset: float) -> None:
    """Draw the bars of one program."""
    known = [
        (x, each.measurements[name].ms.median)
        for x, each in enumerate(results.comparisons)
        if name in each.measurements
    ]
    x, heights = [place + offset for place, _ in known], [ms for _, ms in known]
    colour, hatch = STYLES[name]
    axes.bar(x, heights, width, label=title, **bar(colour, hatch, 0.6))
