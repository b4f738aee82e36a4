"""The progress of units that several workers share: who they are, and how many units each has done."""

from collections import Counter
from collections.abc import Callable

from rich.console import Console

from backhand.experiments.cluster.worker import Worker
from backhand.page.numbers import counted


class Progress:
    """Who does the units of an experiment; the lines of a kind's own progress take their ends from it.

    at_once: how many units run at once now.   note: called with each new worker in words, once.
    """

    def __init__(self, console: Console, note: Callable[[str], None] | None = None) -> None:
        self.console, self.note = console, note
        self.at_once = 1
        self.done = Counter[str]()  # units by the name of their worker; none where no executor does them
        self.latest = ""
        self._is_waiting = False

    @property
    def by(self) -> str:
        """Who did the latest unit, and how many so far, to stand behind a line; "" where no executor does them."""
        return f"  [{self.latest}: {counted(self.done[self.latest], 'unit')}]" if self.latest else ""

    def shared(self, seconds: float) -> float:
        """The seconds that so much work takes, which one worker would do in `seconds`."""
        return seconds / max(self.at_once, 1)

    def begin(self, at_once: int, waiting: str = "") -> None:
        """Take note of how many units can run at once now; where none can, the sentence is printed, once."""
        if at_once == 0 and not self._is_waiting:
            self.console.print(waiting)
        self._is_waiting, self.at_once = at_once == 0, at_once

    def unit_done(self, worker: Worker, data: str, head: Worker) -> None:
        """Count a unit of this worker; a new worker says once what it is, and which data it has."""
        if worker.name not in self.done:
            text = f"worker {worker.name}: {worker}" + (f", data {data[:12]}" if data else "")
            differences = worker.differences(head)
            remark = f"; it has {', '.join(differences)}, so last digits may differ" if differences else ""
            self.console.print(text + remark)
            if self.note is not None:
                self.note(text)
        self.done[worker.name] += 1
        self.latest = worker.name

    def close(self) -> None:
        """Print how many units each worker has done, where there are several."""
        if len(self.done) > 1:
            shares = ", ".join(f"{name} {count}" for name, count in self.done.most_common())
            self.console.print(f"{counted(self.done.total(), 'unit')}, by worker: {shares}")
