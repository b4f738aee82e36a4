"""What the learners of a comparison are compared by: the share of wrong answers, or the RMSE of a regression."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from backhand.page.numbers import metric_change, metric_text, percent, points


@dataclass(frozen=True)
class Measure:
    """A measure of error, in the words and numbers of a report.

    name: in a sentence.   text, change: a value and a signed difference as text.   unit: of a difference in a sentence.
    scale: what a value is multiplied by in a plot.   axis, change_axis: the labels of plots.
    worse: what a learner alone did with a sample, in the table of the exact test.   exact: the name of that test.
    """

    name: str
    text: Callable[[float], str]
    change: Callable[[float], str]
    unit: str
    scale: float
    axis: str
    change_axis: str
    worse: str
    exact: str

    @property
    def title(self) -> str:
        """Its name at the beginning of a sentence."""
        return self.name[0].upper() + self.name[1:]


ERROR = Measure(
    name="error",
    text=percent,
    change=points,
    unit=" percentage points",
    scale=100.0,
    axis="wrong test samples (%)",
    change_axis="difference of error (percentage points)",
    worse="Samples that only one of the two classified wrongly",
    exact="McNemar's exact test",
)
RMSE = Measure(
    name="RMSE",
    text=partial(metric_text, metric="rmse"),
    change=partial(metric_change, metric="rmse"),
    unit="",
    scale=1.0,
    axis="RMSE on the test samples",
    change_axis="difference of RMSE",
    worse="Samples for which one of the two is further from the true value",
    exact="the exact sign test",
)
