"""The progress of a series: a line for each training that is done."""

import time
from collections import Counter

from backhand.experiments.cluster.progress import Progress
from backhand.experiments.series.forms import Result
from backhand.experiments.series.training import Training
from backhand.training.progress import time_left


class SeriesProgress:
    """Prints a line for each training that is done, with the time that the rest may take.

    who: does the trainings.
    seconds: the time of all these trainings, as the series states it; it is used for parts that have not begun.
    """

    def __init__(self, who: Progress, trainings: list[Training], seconds: float) -> None:
        self.who, self.total, self.seconds = who, len(trainings), seconds
        self.left = Counter(training.part.name for training in trainings)
        self.start = self.part_start = time.perf_counter()
        self.part_progress = ("", 0)  # the part of the latest training, and how many of its trainings are done

    def print_result(self, training: Training, result: Result) -> None:
        """Print the line of a training that is done."""
        part = training.part.name
        name, done = self.part_progress
        self.part_progress = part, done + 1 if name == part else 1
        self.left[part] -= 1
        left = self.left.total()
        rest = f"; {time_left(self._seconds_left(part))}" if left else ""
        line = f"{self.total - left:>4}/{self.total}  {training}: {_outcome(result)}{rest}"
        self.who.console.print(line + self.who.by)

    def part_is_done(self, training: Training) -> bool:
        """Whether the part of this training has no training left."""
        return not self.left[training.part.name]

    def _seconds_left(self, part: str) -> float:
        """Estimate the seconds that the rest of the series takes.

        Trainings of this part take as long as those before them, and other parts as long as the series states.
        """
        now = time.perf_counter()
        this_part = (now - self.part_start) / self.part_progress[1] * self.left[part]
        if not self.left[part]:
            self.part_start = now  # the next training is that of another part
        others = self.left.total() - self.left[part]
        if not others:
            return this_part
        mean = (now - self.start) / (self.total - self.left.total())
        return this_part + max(self.seconds - (now - self.start) - this_part, mean * others)


def _outcome(result: Result) -> str:
    if result.status != "finished":
        return f"diverged after {len(result.history)} epochs"
    figures = result.figures
    validation = f"validation {figures['validation_accuracy']:.2%}, " if "validation_accuracy" in figures else ""
    remark = f"; {result.message}" if result.message else ""
    failure = f"; the training failed. {result.failure}" if result.failure else ""
    return f"{validation}test {figures['test_accuracy']:.2%}, {figures['seconds']:.1f} s{remark}{failure}"
