"""The table that `backhand bench` prints."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backhand.bench.measure import Measurement
from backhand.bench.workloads import Workload

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

HEADINGS = "batch", "GFLOP", "ms per step", "range", "GFLOP/s", "of peak", "first step ms", "peak MiB"


@dataclass(frozen=True)
class Row:
    """A workload, the operations of one step in units of 10⁹, and the measurement."""

    workload: Workload
    gflop: float
    measurement: Measurement

    def speed(self) -> float:
        """The GFLOP/s at the median time of a step."""
        return 1e3 * self.gflop / self.measurement.ms.median

    def figures(self) -> dict[str, Any]:
        """The row as JSON can hold it: milliseconds per step, with their range over the rounds, and the rest."""
        ms = self.measurement.ms
        return {
            "name": self.workload.name,
            "batch": self.workload.batch,
            "gflop": self.gflop,
            "ms": {"median": ms.median, "low": ms.low, "high": ms.high},
            "gflops": self.speed(),
            "first_step_ms": self.measurement.first_ms,
            "peak_mib": self.measurement.peak_mib,
        }

    def cells(self, peak: float | None) -> list[str]:
        """The cells as text, in the order of `HEADINGS`. peak: of the processor, in GFLOP/s."""
        ms, speed = self.measurement.ms, self.speed()
        return [
            str(self.workload.batch),
            f"{self.gflop:.3f}",
            format_figure(ms.median),
            f"{format_figure(ms.low)} to {format_figure(ms.high)}",
            f"{speed:.0f}",
            f"{speed / peak:.0%}" if peak else "-",
            format_figure(self.measurement.first_ms),
            format_figure(self.measurement.peak_mib),
        ]


def format_figure(value: float | None) -> str:
    """A figure with three significant digits, or all before the decimal point; "-" for what could not be measured."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def make_table(rows: "Sequence[Row]", peak: float | None) -> "Table":
    """A table with one row per workload. peak: of the processor, in GFLOP/s."""
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("workload", no_wrap=True)
    for heading in HEADINGS:
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(row.workload.name, *row.cells(peak))
    return table
