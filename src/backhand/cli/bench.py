"""`backhand bench`: what training steps cost on this machine, as a table."""

from typing import Annotated

import typer

from backhand.console.options import Backend, Threads


def bench(
    only: Annotated[str | None, typer.Option(metavar="NAME_PATTERN,...", help="Only these workloads.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="ResizeMethod many blocks of steps_per_epoch are timed.")] = 10,
    backend: Backend = None,
    threads: Threads = None,
) -> None:
    """Time the training steps of ten networks on this machine.

    Each runs in a process of its own.
    """
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from backhand import backend as engine
    from backhand.bench.measure import gflop, measure, save_inputs
    from backhand.bench.peak import fma_peak
    from backhand.bench.process import OURS
    from backhand.bench.startup import IMPORTS, import_seconds
    from backhand.bench.table import Row, as_table, figure
    from backhand.bench.workloads import chosen
    from backhand.console.terminal import make_console
    from backhand.machine import cores, cpu

    if backend is not None or threads is not None:
        engine.use(backend or engine.chosen(), threads)
    console, rows, peaks = make_console(), [], []
    workloads = chosen(only)
    with TemporaryDirectory() as folder, console.status("") as status:
        for workload in workloads:
            status.update(f"timing {workload.name}")
            inputs = save_inputs(workload, Path(folder))
            peaks.append(fma_peak())
            rows.append(Row(workload, gflop(workload), measure([OURS], inputs, rounds)[OURS.name]))
        peak = max(filter(None, peaks), default=None)
        starts = [f"{name} {figure(import_seconds(module))} s" for name, module in IMPORTS.items()]
    console.print(as_table(rows, peak))
    console.print(f"{cpu()}, {cores()} cores; peak of fused multiply-adds {figure(peak)} GFLOP/s")
    console.print(f"{engine.describe()}; NumPy on {rows[0].measured.blas}")
    console.print(f"import: {', '.join(starts)}")
