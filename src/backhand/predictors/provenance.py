"""Where a predictor comes from: its data, its training and its test result, as its files and its model card say it."""

from typing import Any

from pydantic import BaseModel, ConfigDict


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class DataFacts(_Facts):
    """The data set.   counts: the samples of each class, for each split.   sha256: over all samples and labels."""

    name: str
    title: str = ""
    source: str = ""
    counts: dict[str, tuple[int, ...]] = {}
    sha256: str = ""


class TrainingFacts(_Facts):
    """The training.   recipe: how it went, in sentences.   seconds: its time.   settings: the study by dotted path."""

    recipe: str = ""
    epochs: int = 0
    chosen_epoch: int | None = None
    seconds: float = 0.0
    seed: int | None = None
    started: str = ""  # ISO 8601, UTC
    settings: dict[str, Any] = {}
    machine: dict[str, str] = {}  # versions and processor, by name


class Figure(_Facts):
    """A figure on the test split, such as the accuracy.   interval: the limits that its sampling error leaves it."""

    name: str
    value: float
    interval: tuple[float, float] | None = None
    interval_kind: str = ""

    def __str__(self) -> str:
        """The value with six digits and, where it is known, its interval: 0.972222 (95% Wilson score 0.95 to 0.98)."""
        if self.interval is None:
            return f"{self.value:.6g}"
        low, high = self.interval
        return f"{self.value:.6g} ({self.interval_kind} {low:.6g} to {high:.6g})"


class ClassFigures(_Facts):
    """Precision, recall and F1 of one class; None where it was never predicted, or never occurs."""

    name: str
    precision: float | None = None
    recall: float | None = None
    f1: float | None = None
    support: int


class TestFigures(_Facts):
    """The result on the test split, which had no part in the training.   count: of its samples."""

    __test__ = False  # pytest would take the class for a test case, because of its name

    count: int
    figures: tuple[Figure, ...]
    per_class: tuple[ClassFigures, ...] = ()


class Provenance(_Facts):
    """Where a predictor comes from, as far as it is known.   name, title: of the study."""

    name: str = ""
    title: str = ""
    data: DataFacts | None = None
    training: TrainingFacts | None = None
    test: TestFigures | None = None
