"""The `data` table: which data, and how it is divided and scaled."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, PositiveInt, field_validator, model_validator

from backhand.data.frames.encoding import Missing
from backhand.data.frames.options import COLUMNS, TableOptions
from backhand.data.registry import DATASETS
from backhand.study.augment import AugmentTable
from backhand.study.resize import ResizeEntry
from backhand.study.table import Place, Table

Seed = Annotated[int, Field(ge=0, lt=2**32)]
Size = Annotated[int | float, Field(ge=0)]  # a count, or a fraction below 1
Names = Annotated[tuple[str, ...], Field(strict=False, min_length=1)]


class DataTable(Table):
    """Which data, and how it is divided and scaled."""

    name: str
    path: Place | None = None  # the file or folder, for sets that are not found by name
    classes: Annotated[tuple[str, ...], Field(strict=False, min_length=2)] | None = None  # only these, in this order
    groups: Annotated[dict[str, Names], Field(min_length=2)] | None = None  # classes joined, in the order of the table
    label: str | None = None  # of a table: the column that names the class
    target: Names | None = None  # the columns to predict, which makes it a regression; of arrays, their names
    sample_weight: str | None = None  # of a table: the column of the weights of the samples
    drop: Annotated[tuple[str, ...], Field(strict=False)] = ()  # of a table: columns that are left out
    categories: Annotated[tuple[str, ...], Field(strict=False)] = ()  # of a table: columns of numbers that are names
    missing: Missing = "refuse"  # of a table: what stands in place of a missing value
    test: Place | None = None  # of a table: the file of the test split; absent: a fifth of the rows
    validation: Size = 0.1  # of the training part; 0 for none; unused where the set has its own validation part
    train_size: PositiveInt | None = None  # use only so many training samples, in proportion to the classes
    standardize: Literal["none", "global", "channel", "feature"] = "feature"
    standardize_target: bool = True  # of a regression
    seed: Seed | None = None  # of the division, the order of the samples and augmentation; absent: the study's
    skip_bad_images: bool = False
    resize: ResizeEntry | None = None  # absent: images stay as they are, and must be of one size
    augment: AugmentTable = AugmentTable()

    @property
    def is_regression(self) -> bool:
        """Whether the samples have targets instead of classes."""
        return self.target is not None or (self.name in DATASETS and DATASETS[self.name].is_regression)

    @property
    def places(self) -> tuple[Path | None, ...]:
        """The files and folders that are read; None where the study names none."""
        return self.path, self.test

    @property
    def table_options(self) -> TableOptions:
        """Which columns of a table are what."""
        return TableOptions(
            label=self.label,
            targets=self.target or (),
            sample_weight=self.sample_weight,
            drop=self.drop,
            categories=self.categories,
            missing=self.missing,
            test=self.test,
        )

    @field_validator("target", mode="before")
    @classmethod
    def _one_or_several(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @field_validator("validation")
    @classmethod
    def _whole_or_fraction(cls, value: float) -> float:
        if isinstance(value, float) and value >= 1:
            raise ValueError(f"must be a fraction below 1 or a whole number of samples, not {value}")
        return value

    @model_validator(mode="after")
    def _classes_or_groups(self) -> "DataTable":
        if self.classes is not None and self.groups is not None:
            raise ValueError("groups already names the classes, in their order; remove classes")
        if self.is_regression and (self.classes or self.groups):
            raise ValueError(f"{'classes' if self.classes else 'groups'} needs classes, and a regression has none")
        return self

    @model_validator(mode="after")
    def _columns_belong_to_the_data(self) -> "DataTable":
        known = DATASETS[self.name].columns if self.name in DATASETS else COLUMNS
        for key in COLUMNS:
            if key not in known and getattr(self, key) != type(self).model_fields[key].default:
                *names, last = (f'"{name}"' for name, entry in DATASETS.own.items() if key in entry.columns)
                choice = f"{', '.join(names)} or {last}" if names else last
                raise ValueError(f'{key} needs name = {choice}, not "{self.name}"')
        if self.name == "csv" and (self.label is None) == (self.target is None):
            raise ValueError("name the column to predict: label for classes, or target for numbers")
        return self
