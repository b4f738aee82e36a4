"""The table that `backhand bench` prints."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backhand.bench.measure import Measured
from backhand.bench.workloads import Workload

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

HEADINGS = "batch", "GFLOP", "ms a step", "range", "GFLOP/s", "of peak", "first step ms", "peak MiB"


@dataclass(frozen=True)
class Row:
    """A workload, the 10⁹ operations of its step, and what was measured."""

    workload: Workload
    gflop: float
    measured: Measured

    def speed(self) -> float:
        """GFLOP/s at the median."""
        return 1e3 * self.gflop / self.measured.ms.median

    def cells(self, peak: float | None) -> list[str]:
        """As text, in the order of `HEADINGS`; peak in GFLOP/s."""
        ms, speed = self.measured.ms, self.speed()
        return [
            str(self.workload.batch),
            f"{self.gflop:.3f}",
            figure(ms.median),
            f"{figure(ms.low)} to {figure(ms.high)}",
            f"{speed:.0f}",
            f"{speed / peak:.0%}" if peak else "-",
            figure(self.measured.first_ms),
            figure(self.measured.peak_mib),
        ]


def figure(value: float | None) -> str:
    """Three digits that count, or all before the point; "-" for what could not be measured."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def as_table(rows: "Sequence[Row]", peak: float | None) -> "Table":
    """One row a workload."""
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("workload", no_wrap=True)
    for heading in HEADINGS:
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(row.workload.name, *row.cells(peak))
    return table
