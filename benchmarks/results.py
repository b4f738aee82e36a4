"""Writes results.md and results.png from the measurements."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version

from backhand.bench.measure import Measurement
from backhand.bench.process import BACKHAND
from backhand.bench.table import format_figure
from backhand.bench.timing import Spread
from backhand.files.atomic import write_atomic
from compare import Comparison

PACKAGES = "backhand", "numpy", "numba", "torch", "jax", "scikit-learn"
EXPLANATION = """\
- A step consists of forward pass, backward pass and update, in float32, by stochastic gradient descent with momentum.
- All programs begin with the same weights and see the same batch. Their losses are compared first, with dropout off:
  "loss difference" is the largest relative one.
- Times are medians over {rounds} rounds, in which the programs take turns; each sleeps while another runs.
- The ratio is our time divided by the fastest peer's in the same round; below 1 we are faster. The fastest peer is the
  one with the lowest median. Times drift with the machine's clock and load; ratios within one run are more reliable.
- A GFLOP is 10⁹ operations in products with weights; a multiply-add counts as 2. "of peak" is their rate, divided by
  that of fused multiply-adds in registers alone, which is timed in the same run.
- The first start compiles all that is needed; a later one finds what the program keeps on disk.
- Memory is the peak resident memory of a program's process."""


@dataclass(frozen=True)
class Results:
    """When and where was measured, the names and titles of the peers, and the measurements.

    load: the load of the machine before the run, as the number of processes that wanted a core.
    """

    date: str
    cpu: str
    cores: int
    load: float | None
    backend: str
    peers: dict[str, str]
    comparisons: Sequence[Comparison]

    @property
    def programs(self) -> dict[str, str]:
        """The names and titles of all programs, ours first."""
        return {BACKHAND.name: BACKHAND.name} | self.peers

    @property
    def peak(self) -> Spread | None:
        """The peak of the processor in GFLOP/s, over the measurements beside the workloads."""
        peaks = [comparison.peak for comparison in self.comparisons if comparison.peak is not None]
        return Spread.of(peaks) if peaks else None


def write(results: Results, folder: Path) -> Path:
    """Write both files to a folder, and return the path of results.md."""
    from plot import draw

    write_atomic(folder / "results.png", draw(results))
    write_atomic(folder / "results.md", page(results))
    return folder / "results.md"


def page(results: Results) -> str:
    """The text of results.md."""
    rounds = len(results.comparisons[0].ours.rounds)
    return f"""\
# Training steps against other programs

Written by `make bench`; see [the guide](../docs/guides/benchmarks.md).

{header(results)}

## Steps

Median milliseconds per step, with the range of ours in brackets.

{step_table(results)}

{slower_workloads(results)}

![Milliseconds per step of each workload in each program](results.png)

## Starting

Milliseconds of the very first step, at the first start and at a later one.

{start_table(results)}

Seconds of importing: {import_times(results)}.

## Memory

Peak resident memory, in MiB.

{program_table(results, lambda compared, name: format_figure(compared.measurements[name].peak_mib))}

## How to read this

{EXPLANATION.format(rounds=rounds)}
"""


def header(results: Results) -> str:
    """The machine and the programs, as a Markdown list."""
    peak = results.peak
    highest = f"{peak.high:.0f} GFLOP/s (lowest measurement {peak.low:.0f})" if peak else "not measured"
    lines = [
        f"Date: {results.date}",
        f"Processor: {results.cpu}, {results.cores} cores, all of which every program uses",
        f"Load before the run: {format_figure(results.load)}",
        f"Peak of fused multiply-adds: {highest}",
        f"Backhand: {results.backend}",
        f"NumPy: {results.comparisons[0].ours.blas}",
        f"Versions: Python {python_version()}, {', '.join(package_versions())}",
    ]
    return "\n".join(f"- {line}" for line in lines)


def package_versions() -> list[str]:
    """The names and versions of the packages that are installed."""
    versions = []
    for package in PACKAGES:
        try:
            versions.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return versions


def step_table(results: Results) -> str:
    """The main table, with a row per workload."""
    headings = ["workload", "batch", "GFLOP", *results.programs.values(), "fastest peer"]
    headings += ["ratio (range)", "GFLOP/s", "of peak", "loss difference"]
    return markdown_table(headings, [step_row(results, comparison) for comparison in results.comparisons])


def step_row(results: Results, compared: Comparison) -> list[str]:
    ours, ratio = compared.ours.ms, compared.ratio
    speed = 1e3 * compared.gflop / ours.median
    return [
        compared.workload.name,
        str(compared.workload.batch),
        f"{compared.gflop:.3f}",
        f"{format_figure(ours.median)} ({format_figure(ours.low)} to {format_figure(ours.high)})",
        *(cell(compared, name, lambda measured: format_figure(measured.ms.median)) for name in results.peers),
        results.peers[compared.fastest],
        f"{ratio.median:.2f} ({ratio.low:.2f} to {ratio.high:.2f})",
        f"{speed:.0f}",
        f"{speed / results.peak.high:.0%}" if results.peak else "-",
        f"{max(compared.agreement.differences.values()):.0e}",
    ]


def cell(compared: Comparison, name: str, text: Callable[[Measurement], str]) -> str:
    """The measurement of a program as text; "-" where it does not run the workload."""
    return text(compared.measurements[name]) if name in compared.measurements else "-"


def slower_workloads(results: Results) -> str:
    """A sentence that names the workloads in which a peer is faster."""
    slower = [
        f"{row.workload.name} ({row.ratio.median:.2f} times the time of {results.peers[row.fastest]})"
        for row in results.comparisons
        if row.ratio.median > 1
    ]
    return f"**A peer is faster in** {', '.join(slower)}." if slower else "No peer is faster in any of these."


def start_table(results: Results) -> str:
    return program_table(
        results,
        lambda compared, name: (
            f"{format_figure(compared.agreement.first_step_ms[name])}, "
            f"later {format_figure(compared.measurements[name].first_ms)}"
        ),
    )


def import_times(results: Results) -> str:
    """The median time of each program's import."""
    texts = []
    for name, title in results.programs.items():
        rows = (comparison.measurements for comparison in results.comparisons)
        seconds = [measurements[name].import_seconds for measurements in rows if name in measurements]
        texts += [f"{title} {Spread.of(seconds).median:.2f}"] * bool(seconds)
    return ", ".join(texts)


def program_table(results: Results, text: Callable[[Comparison, str], str]) -> str:
    """A table with a row per workload and a column per program."""
    rows = [
        [row.workload.name, *(text(row, name) if name in row.measurements else "-" for name in results.programs)]
        for row in results.comparisons
    ]
    return markdown_table(["workload", *results.programs.values()], rows)


def markdown_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, whose first column is aligned to the left, the others to the right."""
    ruler = ["---", *["---:"] * (len(headings) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (headings, ruler, *rows))
