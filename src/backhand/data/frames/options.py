"""Which columns of a table are what: the options by which a table with named columns becomes samples."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from backhand.data.frames.encoding import Missing

# The keys by which a study sets these options
COLUMNS = ("label", "target", "sample_weight", "drop", "categories", "missing", "test")


@dataclass(frozen=True)
class TableOptions:
    """Which columns of a table are what.

    label: names the class. targets: the numbers to predict, instead of a label; of arrays, the names of their T
    columns. sample_weight: the weights of the samples. drop: columns that are left out. categories: columns of numbers
    that name categories, such as postcodes.
    missing: what stands in place of a missing value, see `Encoding.fit`. test: the file of the test split.
    """

    label: str | None = None
    targets: tuple[str, ...] = ()
    sample_weight: str | None = None
    drop: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    missing: Missing = "refuse"
    test: Path | None = None

    @property
    def given(self) -> tuple[str, ...]:
        """The keys, as in `COLUMNS`, of the options that are set."""
        fields = {"target" if field.name == "targets" else field.name: field for field in dataclasses.fields(self)}
        return tuple(key for key in COLUMNS if getattr(self, fields[key].name) != fields[key].default)

    @property
    def answers(self) -> tuple[str, ...]:
        """The columns that are predicted: the label, or the targets."""
        return (self.label,) if self.label is not None else self.targets

    @property
    def named(self) -> tuple[str, ...]:
        """All columns that are no features."""
        weight = () if self.sample_weight is None else (self.sample_weight,)
        return (*self.answers, *weight, *self.drop)
