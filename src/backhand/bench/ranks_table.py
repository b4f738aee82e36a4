"""The table that `mpiexec -n N backhand bench --ranks` prints."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from backhand.bench.ranks import Row
from backhand.bench.scaling import Network
from backhand.bench.table import format_figure
from backhand.training.parallel.ranks import Ranks

if TYPE_CHECKING:
    from rich.table import Table

HOSTS = 2, 4, 8, 16, 32, 64


def make_table(rows: Sequence[Row], network: Network) -> "Table":
    """Steps of one rank and of all, measured and predicted, and the speed-up that more hosts would bring."""
    from rich.table import Table

    ranks = rows[0].ranks
    headings = "batch", "MB summed", "ms alone", f"ms on {ranks}", "predicted", "error", "hosts worth it"
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("workload", no_wrap=True)
    for heading in (*headings, *(f"x{hosts}" for hosts in HOSTS)):
        table.add_column(heading, justify="right")
    for row in rows:
        step = row.step
        alone, seconds = step.compute(step.batch), (row.measured, row.predicted)
        speedups = (f"{step.speedup(hosts, network):.1f}" if hosts <= step.batch else "-" for hosts in HOSTS)
        times = (format_figure(1e3 * each) for each in (alone, *seconds))
        size, worth = f"{step.size / 1e6:.2f}", str(step.worthwhile(network))
        table.add_row(row.name, str(step.batch), size, *times, f"{row.error:+.0%}", worth, *speedups)
    return table


def lines(network: Network, ranks: Ranks) -> list[str]:
    """What was measured besides, in sentences."""
    return [
        f"{ranks.size} ranks, {ranks.local} of them on the host of rank 0; latency {1e6 * network.latency:.0f} µs, "
        f"{8e-9 * network.bandwidth:.2g} Gbit/s, {network.overlap:.0%} of a sum is free beside other work",
        "x2 to x64: the speed-up on so many hosts with the same batch, as predicted; hosts worth it: the most, each of "
        "which does half of what it does alone",
    ]


def as_json(network: Network, rows: Sequence[Row]) -> dict[str, Any]:
    """The same for other programs: times in milliseconds."""
    return {
        "network": {
            "latency_us": 1e6 * network.latency,
            "gbit": 8e-9 * network.bandwidth,
            "overlap": network.overlap,
            "hosts": network.hosts,
            "sum_ms": {str(size): 1e3 * seconds for size, seconds in network.seconds.items()},
        },
        "workloads": [
            {
                "name": row.name,
                "batch": row.step.batch,
                "ranks": row.ranks,
                "bytes": row.step.size,
                "early": row.step.early,
                "window": row.step.window,
                "calls": row.step.calls,
                "overhead_ms": 1e3 * row.step.overhead,
                "alone_ms": {str(count): 1e3 * seconds for count, seconds in row.step.seconds.items()},
                "measured_ms": 1e3 * row.measured,
                "predicted_ms": 1e3 * row.predicted,
                "worthwhile_hosts": row.step.worthwhile(network),
            }
            for row in rows
        ],
    }
