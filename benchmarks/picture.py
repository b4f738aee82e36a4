"""The plot of the results: milliseconds a step, by workload and program."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from backhand.bench.process import OURS
from backhand.page.style import BLUE, INK, ORANGE, SKY, YELLOW, bar, look, png
from results import Results

# Told apart by hatch and shade where there is no colour; ours is the only one that is filled dark.
LOOKS = {
    OURS.name: (BLUE, ""),
    "torch": (ORANGE, ""),
    "torch_cl": (ORANGE, "////"),
    "torch_compile": (YELLOW, "...."),
    "jax": (SKY, "\\\\\\\\"),
    "sklearn": ("#ffffff", "xxxx"),
}
WIDTH = 0.15  # of a bar, in units of a group


def draw(results: Results) -> bytes:
    """Groups of bars on a logarithmic scale; over ours its ratio to the fastest peer."""
    with look():
        figure = Figure(figsize=(max(2 + 1.2 * len(results.compared), 8), 4))
        axes = figure.subplots()
        for i, (name, title) in enumerate(results.programs.items()):
            bars(axes, results, name, title, (i - (len(results.programs) - 1) / 2) * WIDTH)
        for x, compared in enumerate(results.compared):
            place = x - (len(results.programs) - 1) / 2 * WIDTH, compared.ours.ms.median
            offset = {"xytext": (0, 3), "textcoords": "offset points", "ha": "center"}
            axes.annotate(f"{compared.ratio.median:.2f}", place, **offset, fontsize=8, color=INK, fontweight="bold")
        axes.set(yscale="log", ylabel="ms a step (logarithmic)")
        axes.set_xticks(range(len(results.compared)), [each.workload.name for each in results.compared])
        axes.grid(False, axis="x")
        axes.set_ylim(bottom=0.5 * min(each.ms.median for row in results.compared for each in row.measured.values()))
        figure.legend(loc="outside upper center", ncols=len(results.programs), handlelength=2)
        return png(figure)


def bars(axes: Axes, results: Results, name: str, title: str, offset: float) -> None:
    """One program's."""
    known = [(x, each.measured[name].ms.median) for x, each in enumerate(results.compared) if name in each.measured]
    x, heights = [place + offset for place, _ in known], [ms for _, ms in known]
    colour, hatch = LOOKS[name]
    axes.bar(x, heights, WIDTH, label=title, **bar(colour, hatch, 0.6))
