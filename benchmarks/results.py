"""Writes results.md and results.png from the measurements."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version

from backhand.bench.process import BACKHAND, BACKHAND_BFLOAT16
from backhand.bench.table import format_figure
from backhand.bench.timing import Spread
from backhand.files.atomic import write_atomic
from backhand.precision import PRECISIONS
from compare import ROUNDED_LIMIT, ROUNDED_STEPS, Comparison

PACKAGES = "backhand", "numpy", "numba", "torch", "jax", "scikit-learn"
EXPLANATION = """\
- A step consists of forward pass, backward pass and update, by stochastic gradient descent with momentum; in float32,
  or with the factors of all products in bfloat16: PyTorch under autocast, JAX with arguments that are rounded.
- All programs begin with the same weights and see the same batch. Their losses are compared first, with dropout off:
  "loss difference" is the largest relative one in float32. A program in bfloat16 counts if its losses in {steps} steps
  stay as close to ours in float32 as {limit:.0%} of the first loss; slower ones than a peer in float32 are not asked.
- Times are medians over {rounds} rounds, in which the programs take turns; each sleeps while another runs.
- A ratio is our time divided by the fastest peer's in the same round; below 1 we are faster. The fastest peer is the
  one with the lowest median, in float32, or at any precision: there our time is the shorter of both. Times drift with
  the machine's clock and load; ratios within one run are more reliable.
- A GFLOP is 10⁹ operations in products with weights; a multiply-add counts as 2. "of peak" is their rate, divided by
  that of multiply-adds in registers alone, in the same precision, which is timed in the same run.
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
        return {BACKHAND.name: "backhand", BACKHAND_BFLOAT16.name: "backhand, bfloat16"} | self.peers

    def peak(self, precision: str) -> Spread | None:
        """The peak of the processor in GFLOP/s, over the measurements beside the workloads."""
        peaks = [comparison.peaks[precision] for comparison in self.comparisons if precision in comparison.peaks]
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

Median milliseconds per step, and ratios to the fastest peers with their ranges.

{step_table(results)}

{slower_workloads(results)}

All programs:

{program_table(results, lambda compared, name: format_figure(compared.measurements[name].ms.median))}

Largest differences of losses in bfloat16 from ours in float32: {rounded_differences(results)}.

![Milliseconds per step of each workload in each program](results.png)

## Starting

Milliseconds of the very first step, at the first start and at a later one.

{start_table(results)}

Seconds of importing: {import_times(results)}.

## Memory

Peak resident memory, in MiB.

{program_table(results, lambda compared, name: format_figure(compared.measurements[name].peak_mib))}

## How to read this

{EXPLANATION.format(rounds=rounds, steps=ROUNDED_STEPS, limit=ROUNDED_LIMIT)}
"""


def header(results: Results) -> str:
    """The machine and the programs, as a Markdown list."""
    lines = [
        f"Date: {results.date}",
        f"Processor: {results.cpu}, {results.cores} cores, all of which every program uses",
        f"Load before the run: {format_figure(results.load)}",
        *(f"Peak of multiply-adds in {precision}: {peak_text(results.peak(precision))}" for precision in PRECISIONS),
        f"Backhand: {results.backend}",
        f"NumPy: {results.comparisons[0].ours.blas}",
        f"Versions: Python {python_version()}, {', '.join(package_versions())}",
    ]
    return "\n".join(f"- {line}" for line in lines)


def peak_text(peak: Spread | None) -> str:
    return f"{peak.high:.0f} GFLOP/s (lowest measurement {peak.low:.0f})" if peak else "not measured"


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
    headings = ["workload", "batch", "GFLOP", "float32", "of peak", "fastest peer in float32", "ratio"]
    headings += ["bfloat16", "of peak", "fastest peer at any precision", "ratio", "loss difference"]
    return markdown_table(headings, [step_row(results, comparison) for comparison in results.comparisons])


def step_row(results: Results, compared: Comparison) -> list[str]:
    columns = []
    for rounded, own in ((False, BACKHAND), (True, BACKHAND_BFLOAT16)):
        name, ratio = compared.fastest(ours=False, rounded=rounded), compared.ratio(rounded=rounded)
        ms, peak = compared.measurements[own.name].ms.median, results.peak(own.precision)
        columns += [
            format_figure(ms),
            f"{1e3 * compared.gflop / ms / peak.high:.0%}" if peak else "-",
            f"{results.peers[name]} {format_figure(compared.measurements[name].ms.median)}",
            f"{ratio.median:.2f} ({ratio.low:.2f} to {ratio.high:.2f})",
        ]
    return [
        compared.workload.name,
        str(compared.workload.batch),
        f"{compared.gflop:.3f}",
        *columns,
        f"{max(compared.agreement.differences.values()):.0e}",
    ]


def rounded_differences(results: Results) -> str:
    """How far losses in bfloat16 were from ours in float32, as parts of the first loss."""
    return "; ".join(
        f"{row.workload.name}: {', '.join(f'{results.programs[n]} {value:.1%}' for n, value in row.rounded.items())}"
        for row in results.comparisons
    )


def slower_workloads(results: Results) -> str:
    """A sentence that names the workloads in which a peer is faster."""
    slower = [
        f"{row.workload.name} ({row.ratio(rounded=rounded).median:.2f} times the time of "
        f"{results.peers[row.fastest(ours=False, rounded=rounded)]})"
        for row in results.comparisons
        for rounded in (False, True)
        if row.ratio(rounded=rounded).median > 1
    ]
    return f"**A peer is faster in** {', '.join(slower)}." if slower else "No peer is faster in any of these."


def start_table(results: Results) -> str:
    def text(compared: Comparison, name: str) -> str:
        first = compared.agreement.first_step_ms.get(name)  # only of those in float32
        return f"{format_figure(first)}, later {format_figure(compared.measurements[name].first_ms)}" if first else "-"

    return program_table(results, text)


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
