"""Reviews a file again whenever it, or a file beside it, is saved."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from backhand.check.review.records import Finding, Review

INTERVAL = 0.3  # seconds from one look at the files to the next
SUFFIXES = {".py", ".ipynb"}
MOST_FILES = 1000

Snapshot = dict[Path, int]


def changes(target: Path, sleep: Callable[[float], None] = time.sleep) -> Iterator[list[Path]]:
    """No files at first; then, each time that some were saved, added or removed, these files.

    A file that an editor is still writing is waited for: two looks in a row must agree.
    """
    before = snapshot(target)
    yield []
    while True:
        sleep(INTERVAL)
        now = snapshot(target)
        if now == before:
            continue
        sleep(INTERVAL)
        while (later := snapshot(target)) != now:
            now = later
            sleep(INTERVAL)
        yield sorted(path for path in before.keys() | now.keys() if before.get(path) != now.get(path))
        before = now


def snapshot(target: Path) -> Snapshot:
    """The time at which each Python file and notebook in the target's folder was last written."""
    found: Snapshot = {}
    for folder, names, files in os.walk(target if target.is_dir() else target.parent):
        names[:] = [name for name in names if not name.startswith((".", "__"))] if target.is_dir() else []
        for path in (Path(folder, name) for name in files if Path(name).suffix in SUFFIXES):
            try:
                found[path] = path.stat().st_mtime_ns
            except OSError:  # removed at this moment
                continue
            if len(found) >= MOST_FILES:
                return found
    return found


def progress(before: Review, now: Review) -> str:
    """What changed of the mistakes since the last review, in one sentence; "" where nothing did."""
    old, new = _mistakes(before), _mistakes(now)
    gone, added, left = len(old - new), len(new - old), len(old & new)
    if not gone and not added:
        return f"No change: {left} still there." if left else ""
    counts = ((gone, "fixed"), (added, "new"), (left, "still there"))
    return f"{', '.join(f'{count} {word}' for count, word in counts if count)}.".capitalize()


def _mistakes(review: Review) -> set[tuple[str, str, str, str]]:
    return {_identity(each) for each in review.findings if each.severity.startswith("wrong")}


def _identity(finding: Finding) -> tuple[str, str, str, str]:
    """A mistake without its line, which moves when other lines are edited."""
    return finding.function, finding.array, finding.cause, finding.pass_name
