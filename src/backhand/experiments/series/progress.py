"""How far a series is: a line for each cell that is done."""

import time
from collections import Counter

from rich.console import Console

from backhand.experiments.series.forms import Result
from backhand.experiments.series.training import Training
from backhand.training.progress import time_left


class SeriesProgress:
    """A line for each training that is done, with the time that the rest may take.

    seconds: what the series says that all of these trainings take, for parts that have not begun.
    """

    def __init__(self, console: Console, trainings: list[Training], seconds: float) -> None:
        self.console, self.total, self.seconds = console, len(trainings), seconds
        self.left = Counter(each.part.name for each in trainings)
        self.begin = self.part_begin = time.perf_counter()
        self.part = ("", 0)  # that of the latest training, and how many of its trainings are done

    def note(self, each: Training, result: Result) -> None:
        """Print the line of a training that is done."""
        name, done = self.part
        self.part = each.part.name, done + 1 if name == each.part.name else 1
        self.left[each.part.name] -= 1
        left = self.left.total()
        rest = f"; {time_left(self._rest(each.part.name))}" if left else ""
        self.console.print(f"{self.total - left:>4}/{self.total}  {each}: {_outcome(result)}{rest}")

    def part_is_done(self, each: Training) -> bool:
        """Whether no training of its part is left."""
        return not self.left[each.part.name]

    def _rest(self, part: str) -> float:
        """Seconds that the rest may take.

        Trainings of this part take what those before them took, other parts what the series says.
        """
        now = time.perf_counter()
        own = (now - self.part_begin) / self.part[1] * self.left[part]
        if not self.left[part]:
            self.part_begin = now  # the next training is that of another part
        others = self.left.total() - self.left[part]
        mean = (now - self.begin) / (self.total - self.left.total())
        return own + (max(self.seconds - (now - self.begin) - own, mean * others) if others else 0.0)


def _outcome(result: Result) -> str:
    if result.status != "finished":
        return f"diverged after {len(result.history)} epochs"
    figures = result.figures
    validation = f"validation {figures['validation_accuracy']:.2%}, " if "validation_accuracy" in figures else ""
    said = filter(None, (result.message, f"the training failed. {result.failure}" if result.failure else ""))
    remark = "".join(f"; {each}" for each in said)
    return f"{validation}test {figures['test_accuracy']:.2%}, {figures['seconds']:.1f} s{remark}"
