"""Trains the grid of r2-two-layer-cifar10 on a Dask cluster of two workers, one of which is killed and replaced.

Compared are the results, cell by cell to the bit, with those of one process on one thread, and the times with those of
one process on all cores and of `--workers 2`. A unit trains `--together` cells in step; with 1 it is a single cell.
usage: python benchmarks/cluster.py --out FOLDER [--data-dir $BACKHAND_DATA] [--epochs 16] [--together 9] [--batches 4]
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from backhand.console.exits import run_to_exit_status
from backhand.errors import BackhandError
from backhand.machine import cores, cpu
from backhand.study import shipped_series, to_toml
from backhand.study.series import Series

TIMES = {"seconds", "elapsed"}  # what differs from process to process
BACKHAND = [sys.executable, "-m", "backhand"]
SHARE = 0.3  # of the results that there are when the worker is killed


def grid(epochs: int, together: int, batches: int) -> Series:
    """The grid alone, of so many epochs, with so many cells in a unit, for so many of its four batch sizes."""
    series = shipped_series()["r2-two-layer-cifar10"]
    part = next(part for part in series.parts if part.name == "grid")
    batch, *others = part.axes
    axes = (batch.model_copy(update={"values": batch.values[:batches]}), *others)
    changes = {"set": part.set | {"train.epochs": epochs}, "together": together, "axes": axes, "claims": ()}
    return series.model_copy(update={"name": "grid", "parts": (part.model_copy(update=changes),)})


class Dask:
    """A scheduler and its workers, each a process of one thread."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.folder, self.file, self.workers = folder, folder / "scheduler.json", list[subprocess.Popen[bytes]]()
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", "0")
        while not self.file.exists():
            time.sleep(0.05)

    def work(self) -> None:
        """Start one more worker."""
        local = ("--local-directory", str(self.folder / f"worker-{len(self.workers)}"))
        self.workers.append(self._start("worker", "--nthreads", "1", "--no-nanny", *local))

    def _start(self, kind: str, *options: str) -> subprocess.Popen[bytes]:
        words = [sys.executable, "-m", f"distributed.cli.dask_{kind}", "--scheduler-file", str(self.file)]
        with (self.folder / f"{kind}-{len(self.workers)}.log").open("w") as log:
            return subprocess.Popen([*words, "--no-dashboard", *options], stdout=log, stderr=log)

    @property
    def address(self) -> str:
        """Where the scheduler is found."""
        return str(json.loads(self.file.read_text())["address"])

    def end(self) -> None:
        """Kill all of them."""
        for process in (*self.workers, self.scheduler):
            process.kill()


def timed(words: Sequence[str], out: Path, cluster: Dask | None, count: int) -> float:
    """Run the series into this folder; returns the seconds. The cluster's first worker is killed on the way."""
    start, killed = time.perf_counter(), cluster is None
    with out.with_suffix(".log").open("w") as log:
        process = subprocess.Popen([*words, "--out", str(out)], stdout=log, stderr=log)
        while process.poll() is None:
            time.sleep(0.05)
            if cluster is not None and not killed and len(results(out)) >= SHARE * count:
                killed = True
                cluster.workers[0].kill()
                cluster.work()
    if process.returncode or not killed:
        raise BackhandError(f"the run into {out} ended with status {process.returncode}; see {out.with_suffix('.log')}")
    return time.perf_counter() - start


def results(out: Path) -> dict[str, Any]:
    """The results of the cells so far, by their files, without times."""
    return {path.name: timeless(json.loads(path.read_text("utf-8"))) for path in sorted(out.glob("grid/*.json"))}


def timeless(value: Any) -> Any:
    """The value without the times in it."""
    if isinstance(value, dict):
        return {key: timeless(each) for key, each in value.items() if key not in TIMES}
    return [timeless(each) for each in value] if isinstance(value, list) else value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", help="Look for data sets in this folder.")
    parser.add_argument("--out", type=Path, required=True, help="Write the series to this new folder.")
    parser.add_argument("--epochs", type=int, default=16, help="Train each cell for this number of epochs.")
    parser.add_argument("--together", type=int, default=9, help="Train this number of cells in a unit.")
    parser.add_argument("--batches", type=int, default=4, help="Train this number of the four batch sizes.")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True)
    series = grid(arguments.epochs, arguments.together, arguments.batches)
    file, count = arguments.out / "grid.toml", len(list(series.parts[0].cells()))
    file.write_text(to_toml(series), "utf-8")
    data = ["--data-dir", arguments.data_dir] if arguments.data_dir else []
    words = [*BACKHAND, "run", str(file), *data]
    print(
        f"{cpu()}, {cores()} cores; {count} cells, {arguments.together} in a unit, {arguments.epochs} epochs",
        flush=True,
    )
    dask = Dask(arguments.out / "dask")
    try:
        dask.work()
        dask.work()
        ways = {
            "one process, one thread": ["--threads", "1"],
            "one process, all cores": [],
            "two processes": ["--workers", "2"],
            "Dask, one of two workers killed and replaced": ["--cluster", dask.address],
        }
        found = list[dict[str, Any]]()
        for number, (name, options) in enumerate(ways.items()):
            out = arguments.out / f"way-{number}"
            seconds = timed([*words, *options], out, dask if "--cluster" in options else None, count)
            found.append(results(out))
            equal = sum(found[-1].get(cell) == result for cell, result in found[0].items())
            print(f"{name}: {seconds:.0f} s; {equal} of {count} cells equal those of the first to the bit", flush=True)
    finally:
        dask.end()


if __name__ == "__main__":
    sys.exit(run_to_exit_status(main))
