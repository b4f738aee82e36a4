"""A Dask scheduler and workers, each a process of its own on this machine, which a test may kill."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SECONDS = 60  # in which a process must start


class DaskProcesses:
    """A scheduler on a free port and its workers, of one thread each; `folder` is where they run, away from the tests.

    environment: more variables of the scheduler.   started: the workers, in the order in which they were started.
    """

    def __init__(self, folder: Path, environment: dict[str, str] | None = None) -> None:
        self.folder, self.started = folder, list[subprocess.Popen]()
        self.file = folder / "scheduler.json"
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", "0", **(environment or {}))
        deadline = time.monotonic() + SECONDS
        while not self.file.exists():
            assert self.scheduler.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)

    @property
    def address(self) -> str:
        """What `--cluster` is given."""
        return json.loads(self.file.read_text())["address"]

    def work(self, **environment: str) -> subprocess.Popen:
        """Start one more worker, which has these variables besides."""
        number = len(self.started)
        options = ("--nthreads", "1", "--no-nanny", "--local-directory", f"worker-{number}")
        self.started.append(self._start("worker", *options, **environment))
        return self.started[-1]

    def _start(self, kind: str, *options: str, **environment: str) -> subprocess.Popen:
        words = [sys.executable, "-m", f"distributed.cli.dask_{kind}", "--scheduler-file", self.file, "--no-dashboard"]
        path = os.pathsep.join([*filter(None, [environment.pop("PYTHONPATH", "")]), *sys.path])
        with (self.folder / f"{kind}-{len(self.started)}.log").open("w") as log:
            return subprocess.Popen(
                [*words, *options],
                cwd=self.folder,
                env=os.environ | {"PYTHONPATH": path} | environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def end(self) -> None:
        """Kill all of them."""
        for process in (*self.started, self.scheduler):
            process.kill()
            process.wait()


@contextmanager
def dask_cluster(folder: Path, workers: int = 0, **environment: str) -> Iterator[DaskProcesses]:
    """A scheduler with these variables, and so many workers, for the `with` block."""
    folder.mkdir(exist_ok=True)
    processes = DaskProcesses(folder, environment)
    try:
        for _ in range(workers):
            processes.work()
        yield processes
    finally:
        processes.end()


def customised(folder: Path, code: str) -> str:
    """A folder for PYTHONPATH with which Python runs this code before anything else."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(code)
    return str(folder)
