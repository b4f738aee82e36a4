"""Reviews many submissions, several at a time, each in a process of its own; a damaged one never stops the others."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from threading import Event

from backhand.check.review.process import Limits, review_target
from backhand.check.review.records import Review
from backhand.errors import BackhandError

SUFFIXES = {".py", ".ipynb"}
NO_SUBMISSIONS = {"__pycache__", "node_modules"}


def find_submissions(paths: Sequence[Path]) -> list[Path]:
    """The submissions: files that are named, and every Python file, notebook and folder directly in a named folder.

    Raises BackhandError where a path does not exist, and where there are none.
    """
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise BackhandError(f"there is no {path}; check the name")
        found += [path] if path.is_file() else sorted(filter(_is_submission, path.iterdir()))
    if not found:
        names = ", ".join(map(str, paths))
        raise BackhandError(f"{names} holds no submissions: no Python file, notebook or folder directly in it")
    return list(dict.fromkeys(found))


def _is_submission(path: Path) -> bool:
    if path.name.startswith(".") or path.name in NO_SUBMISSIONS:
        return False
    if path.is_file():
        return path.suffix.lower() in SUFFIXES
    return path.is_dir() and not (path / "pyvenv.cfg").exists()


def review_all(
    paths: Sequence[Path], limits: Limits, workers: int, done: Callable[[Review], None] = lambda _: None
) -> list[Review]:
    """The review of every submission, in their order. done: is called with each as soon as it is finished."""
    stop = Event()
    with ThreadPoolExecutor(workers) as pool:  # each thread only waits for its process
        futures = [pool.submit(review_target, os.fspath(path), limits, stop=stop) for path in paths]
        try:
            for future in as_completed(futures):
                done(future.result())
        except BaseException:  # such as Ctrl-C
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        return [future.result() for future in futures]
