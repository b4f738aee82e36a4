"""`backhand bench`: the cost of training steps on this machine, as a table."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from backhand.console.options import Backend, Names, Threads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backhand.bench.table import Row
    from backhand.bench.workloads import Workload


def bench(
    only: Annotated[
        Names | None, typer.Option(parser=Names.parse, metavar="NAME,...", help="Time only these workloads.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, metavar="N", help="Time this number of rounds of steps.")] = 10,
    ranks: Annotated[
        bool, typer.Option("--ranks", help="Under mpiexec: time steps that all processes take together.")
    ] = False,
    precision: Annotated[
        str, typer.Option(metavar="PRECISION", help="Form products in float32 or bfloat16.")
    ] = "float32",
    backend: Backend = None,
    threads: Threads = None,
) -> dict[str, Any]:
    """Time the training steps of ten networks on this machine.

    Each network runs in a process of its own. `mpiexec -n N backhand bench --ranks` times steps of N processes
    together, measures the network between them, and says what more of them would bring.
    """
    if ranks:
        return _time_ranks(only, rounds, threads)
    from backhand import backend as backends
    from backhand.bench.startup import IMPORTED_MODULES, import_seconds
    from backhand.bench.table import format_figure, make_table
    from backhand.bench.workloads import select_workloads
    from backhand.console.terminal import make_console
    from backhand.machine import cores, cpu
    from backhand.precision import check

    check(precision)
    if backend is not None or threads is not None:
        backends.use(backend or backends.chosen(), threads)
    console = make_console()
    rows, peak = _time_workloads(select_workloads(only), rounds, precision)
    imports = {name: import_seconds(module) for name, module in IMPORTED_MODULES.items()}
    console.print(make_table(rows, peak))
    console.print(
        f"processor: {cpu()}, {cores()} cores, peak {format_figure(peak)} GFLOP/s (multiply-adds in {precision})"
    )
    console.print(f"backend: {backends.describe()}; NumPy on {rows[0].measurement.blas}")
    console.print(f"import: {', '.join(f'{name} {format_figure(seconds)} s' for name, seconds in imports.items())}")
    return {
        "processor": cpu(),
        "cores": cores(),
        "precision": precision,
        "peak_gflops": peak,
        "backend": backends.describe(),
        "blas": rows[0].measurement.blas,
        "import_seconds": imports,
        "workloads": [row.figures() for row in rows],
    }


def _time_ranks(only: Names | None, rounds: int, threads: int | None) -> dict[str, Any]:
    """Measure steps of the processes that mpiexec has started."""
    from backhand.bench.ranks import RanksBench
    from backhand.bench.ranks_table import as_json, lines, make_table
    from backhand.bench.workloads import select_workloads
    from backhand.console.terminal import make_console
    from backhand.errors import BackhandError
    from backhand.training.parallel.ranks import launched

    together = launched()
    if together is None:
        raise BackhandError(
            "--ranks times processes that train together; start several, as by `mpiexec -n 2 backhand bench --ranks`"
        )
    measure = RanksBench(tuple(workload.name for workload in select_workloads(only)), rounds / 5, threads)
    together.busy = True
    together.order(measure)
    network, rows = measure(together)
    together.busy = False
    console = make_console()
    console.print(make_table(rows, network))
    for line in lines(network, together):
        console.print(line)
    return as_json(network, rows)


def _time_workloads(workloads: "Sequence[Workload]", rounds: int, precision: str) -> "tuple[list[Row], float | None]":
    """A row for each workload, and the highest peak of the processor in GFLOP/s that was measured beside them."""
    from backhand.bench.measure import gflop, measure, save_inputs
    from backhand.bench.peak import peak
    from backhand.bench.process import PROGRAMS
    from backhand.bench.table import Row
    from backhand.console.terminal import make_console

    rows, peaks, program = [], [], PROGRAMS[precision]
    with TemporaryDirectory() as folder, make_console().status("") as status:
        for workload in workloads:
            status.update(f"timing {workload.name}")
            inputs = save_inputs(workload, Path(folder))
            peaks.append(peak(precision))
            rows.append(Row(workload, gflop(workload), measure([program], inputs, rounds)[program.name]))
    return rows, max(filter(None, peaks), default=None)
