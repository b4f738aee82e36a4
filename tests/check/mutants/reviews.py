"""Reviews of many files, each in a process of its own that starts from one in which everything is imported already."""

import json
import multiprocessing
import os
import queue
import tempfile
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from backhand.check.review.records import Review
from tests.check.mutants.child import write_passes, write_review

CONTEXT = multiprocessing.get_context("forkserver" if hasattr(os, "fork") else "spawn")
SECONDS = 600.0  # for one review, however busy the machine; `child` limits those of the processor
T = TypeVar("T")
R = TypeVar("R")


def prepare() -> None:
    """Have every process start with the libraries imported."""
    if hasattr(os, "fork"):
        CONTEXT.set_forkserver_preload(["tests.check.mutants.preload"])


def review_in_child(path: Path, units: Sequence[str] = ()) -> Review:
    """The review of a file in a process of its own, of these units only if any are named."""
    values, failure = _in_child(write_review, str(path), tuple(units))
    return Review(str(path), failure=failure) if failure else Review.from_json(values)


def passes_in_child(path: Path, unit: str) -> list[Any]:
    """What the passes of a layer give in every configuration."""
    values, failure = _in_child(write_passes, str(path), unit)
    assert not failure, failure
    return list(values)


def _in_child(action: Callable[..., None], *arguments: object) -> tuple[Any, str]:
    """What an action wrote as JSON, or why it wrote nothing."""
    with tempfile.TemporaryDirectory(prefix="backhand-review-", ignore_cleanup_errors=True) as folder:
        result = Path(folder, "result.json")
        process = CONTEXT.Process(target=action, args=(*arguments, str(result)))
        process.start()
        process.join(SECONDS)
        if process.is_alive():
            process.kill()
            process.join()
            return None, "out of time"
        if not result.exists():
            return None, f"the process ended with {process.exitcode}"
        return json.loads(result.read_text("utf-8")), ""


def in_parallel(action: Callable[[T], R], items: Iterable[T], workers: int = 2) -> list[R]:
    """The results of an action on each item, in order; each thread mostly waits for a process."""
    prepare()
    jobs: queue.SimpleQueue[tuple[int, T]] = queue.SimpleQueue()
    for job in enumerate(items):
        jobs.put(job)
    results: dict[int, R] = {}

    def work() -> None:
        while True:
            try:
                position, item = jobs.get_nowait()
            except queue.Empty:
                return
            results[position] = action(item)

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [results[position] for position in sorted(results)]
