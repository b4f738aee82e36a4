"""The budget of a search: how many trials, and for how long. The storage keeps it, so that all hosts have the same."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from backhand.experiments.search.space import grid
from backhand.study.search import SearchTable

if TYPE_CHECKING:
    from backhand.experiments.search.storages.patient import Patient

BUDGET = "budget"  # the attribute of Optuna's study


@dataclass(frozen=True)
class Budget:
    """What ends a search, whichever comes first.   trials: a number; None: no limit, as is None for the minutes."""

    trials: int | None = None
    minutes: float | None = None

    @classmethod
    def of(cls, search: SearchTable) -> "Budget":
        """The budget of a study's table. A grid has no more trials than cells."""
        if search.method != "grid":
            return cls(search.trials, search.minutes)
        cells = sum(1 for _ in grid(search.space))
        return cls(min(search.trials or cells, cells), search.minutes)

    @classmethod
    def saved(cls, attributes: Mapping[str, Any]) -> "Budget":
        """The budget that the attributes of Optuna's study hold; one without limits where they hold none."""
        saved = attributes.get(BUDGET)
        return cls(**saved) if isinstance(saved, dict) and saved.keys() <= {"trials", "minutes"} else cls()

    def raised(self, other: "Budget") -> "Budget":
        """The budget with the higher one of each limit; a limit that only one of them has is kept."""
        return Budget(_higher(self.trials, other.trials), _higher(self.minutes, other.minutes))


def _higher(one: Any, other: Any) -> Any:
    return max((limit for limit in (one, other) if limit is not None), default=None)


@dataclass
class SharedBudget:
    """The budget in the storage.   own: that of this host's study, which it raises to, and never lowers.

    alone: whether nobody shares the storage, so that the study's budget holds, whatever it was before.
    """

    storage: "Patient"
    study_id: int
    own: Budget
    alone: bool

    def read(self) -> Budget:
        """Read the budget, after raising it to that of this host where it is lower."""
        saved = Budget.saved(self.storage.get_study_user_attrs(self.study_id))
        wanted = self.own if self.alone else saved.raised(self.own)
        if wanted != saved:
            self.storage.set_study_user_attr(self.study_id, BUDGET, asdict(wanted))
        return wanted
