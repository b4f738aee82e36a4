"""Reviews a person's file in a process of its own, so that nothing the file does can reach this one.

The process has limits of time and memory, no terminal and no network (`limits`). Whatever becomes of it, the result is
a `Review`: that of the worker, or what of it was finished, with one sentence on how the process ended.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import backhand
from backhand.check.review.endings import Ending, sentence
from backhand.check.review.records import Note, Review, UnitReview, UnreadUnit, from_values
from backhand.check.review.targets import refusal
from backhand.check.review.worker import PARTS, STAGE, TRACE, WHOLE
from backhand.machine import POSIX

WORKER = "backhand.check.review.worker"
GRACE = 2.0  # seconds that the process has to write down where it was when its time was up
INTERVAL = 0.25  # seconds from one look at its memory to the next
THREADS = "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMBA_NUM_THREADS"
GIB = 2**30


@dataclass(frozen=True)
class Limits:
    """What the review of one file may take: seconds, and bytes of memory."""

    seconds: float = 120.0
    memory: int = 4 * GIB


Progress = Callable[[str], None]  # is told the name of each layer that is done


def review_target(
    target: str,
    limits: Limits | None = None,
    progress: Progress | None = None,
    stop: Event | None = None,
    *,
    worker: str = WORKER,
) -> Review:
    """Review a file, a folder, a notebook or a module, within the limits.

    stop: ends it early when it is set.   worker: the module whose `main` runs in the process.
    Nothing that the person's code does is raised here.
    """
    if failure := refusal(target):
        return Review(target, failure=failure)
    return _review_of(target, run_worker(worker, target, limits or Limits(), progress, stop))


@dataclass(frozen=True)
class Outcome:
    """What the process of a worker left: its parts, why it came to no end ("" where it did), and its seconds."""

    parts: tuple[tuple[str, Any], ...]
    failure: str
    seconds: float


def run_worker(
    worker: str, target: str, limits: Limits, progress: Progress | None = None, stop: Event | None = None
) -> Outcome:
    """Run the `main` of a worker's module in a process of its own, within the limits.

    Nothing that the person's code does is raised here.
    """
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="backhand-check-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        process = _start(worker, [target, name, str(limits.seconds), str(limits.memory)])
        try:
            ending = _wait(process, limits, folder, progress, stop or Event())
        finally:
            _end(process)
        parts = tuple(_read_parts(folder))
        return Outcome(parts, _failure(parts, target, limits, folder, ending), time.monotonic() - started)


def _start(worker: str, arguments: list[str]) -> "subprocess.Popen[bytes]":
    """Start the worker without the current folder on its path, where a `random.py` would hide Python's own."""
    source = str(Path(backhand.__file__).parents[1])
    script = f"import sys; sys.path.append({source!r}); from {worker} import main; main()"
    return subprocess.Popen(
        [sys.executable, "-P", "-c", script, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,  # whatever the code prints
        stderr=subprocess.DEVNULL,
        env=os.environ | dict.fromkeys(THREADS, "1"),
        start_new_session=POSIX,
    )


def _wait(
    process: "subprocess.Popen[bytes]", limits: Limits, folder: Path, progress: Progress | None, stop: Event
) -> Ending:
    """Wait until the process ends, or is out of time or memory."""
    end = time.monotonic() + limits.seconds + GRACE
    done = 0
    while time.monotonic() < end and not stop.is_set():
        try:
            return Ending(status=process.wait(INTERVAL))
        except subprocess.TimeoutExpired:
            if (resident_size(process.pid) or 0) > limits.memory:
                return Ending(out_of_memory=True)
        if progress is not None:
            names = [value["name"] for kind, value in _read_parts(folder) if kind in ("unit", STAGE)]
            for finished in names[done:]:
                progress(finished)
            done = len(names)
    return Ending(out_of_time=True)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the process and all that it has started."""
    if POSIX:
        with suppress(ProcessLookupError, PermissionError):  # macOS does not permit it once all have ended
            os.killpg(process.pid, signal.SIGKILL)
    elif process.poll() is None:
        subprocess.run(["taskkill", "/T", "/F", "/PID", str(process.pid)], capture_output=True, check=False)
    process.kill()
    process.wait()


def resident_size(process_id: int) -> int | None:
    """The bytes of memory that a process takes now; None where the system does not say."""
    if sys.platform == "linux":
        try:
            return int(Path(f"/proc/{process_id}/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except (OSError, IndexError):
            return None
    if POSIX:
        said = subprocess.run(["ps", "-o", "rss=", "-p", str(process_id)], capture_output=True, text=True, check=False)
        return int(said.stdout) * 1024 if said.stdout.strip().isdigit() else None
    return None


def _failure(parts: Sequence[tuple[str, Any]], target: str, limits: Limits, folder: Path, ending: Ending) -> str:
    """Why the process did not come to its end, in one sentence; "" where its last part is the whole."""
    kind, value = parts[-1] if parts else ("", {})
    if kind == WHOLE:
        return ""
    if kind == "refused":
        return str(value)
    trace = folder / TRACE
    text = trace.read_text("utf-8", "replace") if trace.exists() else ""
    return sentence(ending, text, Path(target), limits.seconds, limits.memory, in_memory=kind == "memory")


def _review_of(target: str, outcome: Outcome) -> Review:
    """The review that the process wrote; where it wrote none, its parts and how it ended."""
    if not outcome.failure:
        return Review.from_json(outcome.parts[-1][1])
    found = [from_values(kind, value) for kind, value in outcome.parts if isinstance(value, dict)]
    return Review(
        target,
        tuple(part for part in found if isinstance(part, UnitReview)),
        tuple(part for part in found if isinstance(part, UnreadUnit)),
        tuple(part for part in found if isinstance(part, Note)),
        seconds=outcome.seconds,
        failure=outcome.failure,
    )


def _read_parts(folder: Path) -> list[tuple[str, Any]]:
    """The parts so far; a last line that is still being written, or never was finished, is left out."""
    path = folder / PARTS
    if not path.exists():
        return []
    lines = path.read_text("utf-8").split("\n")[:-1]
    return [(kind, value) for kind, value in map(json.loads, lines)]
