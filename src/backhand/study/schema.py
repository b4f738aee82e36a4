"""The study: its tables, and what they must agree on."""

from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from backhand.study.data import DataTable, Seed
from backhand.study.defaults import defaults_of
from backhand.study.extend import ExtendTable
from backhand.study.log import LogTable
from backhand.study.models import ModelTable
from backhand.study.search import SearchTable
from backhand.study.table import Table
from backhand.study.train import FIGURES, TrainTable
from backhand.training.callback_tables import make_callback
from backhand.training.losses import REGRESSION


class Study(Table):
    """One experiment: data, model, training, and the seed that all randomness comes from.

    docs/guides/studies.md describes every key. A study is frozen; `load_study` reads one, and raises StudyError for an
    unknown key or an impossible value.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    title: str = ""
    seed: Seed = 0
    data: DataTable
    model: ModelTable
    train: TrainTable = TrainTable()
    callbacks: Annotated[tuple[dict[str, Any], ...], Field(strict=False)] = ()
    log: LogTable | None = None
    search: SearchTable | None = None
    extend: ExtendTable | None = None
    changes: dict[str, Any] = Field({})  # what the command line changed, by dotted path: reports show it

    @property
    def data_seed(self) -> int:
        """What the division of the data, the order of the batches and augmentation come from."""
        return self.seed if self.data.seed is None else self.data.seed

    @model_validator(mode="before")
    @classmethod
    def _regression_has_defaults_of_its_own(cls, tables: Any) -> Any:
        """Where the data has a target, the defaults are those of `study.defaults`."""
        for name, own in defaults_of(tables).items():
            table = tables.get(name, {})
            tables = tables | {name: own | table} if isinstance(table, dict) else tables
        return tables

    @field_validator("callbacks")
    @classmethod
    def _make_to_validate(cls, value: tuple[dict[str, Any], ...]) -> tuple[dict[str, Any], ...]:
        for table in value:
            make_callback(table)
        return value

    @model_validator(mode="after")
    def _one_origin_of_the_weights(self) -> "Study":
        if self.extend is not None and self.train.init_from is not None:
            raise ValueError("extend.run already gives the initial weights; remove train.init_from")
        return self

    @model_validator(mode="after")
    def _mixup_needs_softmax(self) -> "Study":
        if self.data.augment.mixup and self.train.loss != "softmax_cross_entropy":
            raise ValueError(
                f'data.augment.mixup makes soft targets, which need train.loss = "softmax_cross_entropy", not '
                f'"{self.train.loss}"'
            )
        return self

    @model_validator(mode="after")
    def _search_fits_the_data(self) -> "Study":
        known = FIGURES["regression" if self.data.is_regression else "classification"]
        if self.search is not None and self.search.monitor.partition("_")[2] not in known:
            others = ", ".join(f'"validation_{name}"' for name in known if name != "error")
            raise ValueError(f'search.monitor = "{self.search.monitor}" is no figure of such data; use one of {others}')
        return self

    @model_validator(mode="after")
    def _loss_fits_the_data(self) -> "Study":
        if self.data.is_regression == (self.train.loss in REGRESSION):
            return self
        if self.data.is_regression:
            others = ", ".join(f'"{name}"' for name in REGRESSION)
            raise ValueError(f'train.loss = "{self.train.loss}" needs classes, and the data has a target; use {others}')
        raise ValueError(f'train.loss = "{self.train.loss}" needs a target, and the data has classes')
