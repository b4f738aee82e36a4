"""The storage of a search's trials: a SQLite file in the search's folder, or what an address names.

`storages/` opens it, `claims.py` says which process trains which trial, and here both become a search.
"""

import json
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backhand.errors import BackhandError
from backhand.experiments.search import DATABASE
from backhand.experiments.search.budget import Budget, SharedBudget
from backhand.experiments.search.claims import Claim, Claims
from backhand.experiments.search.owner import Access, Owner, Pace, access
from backhand.experiments.search.slots import Slots
from backhand.experiments.search.space import grid, parameters
from backhand.experiments.search.storages.address import Address, parse
from backhand.experiments.search.storages.connect import connect
from backhand.experiments.settings import completed, difference, settings
from backhand.study import Study
from backhand.study.search import SearchTable
from backhand.training.metrics import metric

if TYPE_CHECKING:
    import optuna

    from backhand.experiments.search.storages.patient import Patient

STUDY = "study"  # the attribute of Optuna's study that holds the settings of ours


@dataclass(frozen=True)
class Storage:
    """The trials of a search, the claims that say which process trains which, and the budget of all processes."""

    trials: "optuna.Study"
    claims: Claims
    budget: SharedBudget
    search: SearchTable
    seed: int

    def slots(self) -> Slots:
        """Read all trials, by their slots."""
        return self.claims.slots()

    def trial_of(self, claim: Claim) -> "optuna.Trial":
        """Return the trial of a claimed slot, whose values are still to be drawn.

        What the sampler draws depends on the seed, the slot and the trials that have ended, not on the process.
        """
        import optuna

        if self.claims.cells and not claim.is_again:  # the slot, and so the cell, is known only now
            self.claims.storage.set_trial_system_attr(claim.trial, "fixed_params", self.claims.cells[claim.slot - 1])
        self.trials.sampler = _sampler(self.search, self.seed, claim.slot)
        return optuna.Trial(self.trials, claim.trial)


def address_of(folder: Path, url: str | Access | None) -> Address:
    """Return the address of the trials of the search in this folder. Raises BackhandError for what is no address."""
    shared = access(url)
    return Address.of_file(folder / DATABASE) if shared is None else parse(shared.url)


@contextmanager
def open_storage(
    folder: Path,
    study: Study,
    search: SearchTable,
    url: str | Access | None = None,
    *,
    owner: Owner | None = None,
    tell: Callable[[str], object] = lambda _: None,
) -> Iterator[Storage]:
    """Open the storage of the search, in this folder or at an address, and create it where there is none.

    owner: who claims slots; None stands for a new run of this process.   tell: prints a line.

    Raises BackhandError where the storage cannot be used, now or later, or holds another search of this name.
    """
    shared, address = access(url), address_of(folder, url)
    pace = Pace() if shared is None else shared.pace
    with connect(address, tell, patience=pace.patience) as storage:
        trials = _trials(storage, study, search)
        _refuse_another(trials, study, address.shown)
        cells = cells_of(search)
        claims = Claims(trials, storage, owner or Owner(), cells, pace)
        budget = SharedBudget(storage, trials._study_id, Budget.of(search), alone=shared is None)
        yield Storage(trials, claims, budget, search, study.seed)


def cells_of(search: SearchTable) -> list[dict[str, Any]]:
    """Return the values of each slot of a grid; none for other methods."""
    if search.method != "grid":
        return []
    return [parameters(assignment, search.space) for assignment in grid(search.space)]


def _trials(storage: "Patient", study: Study, search: SearchTable) -> "optuna.Study":
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.create_study(
            storage=storage,
            study_name=study.name,
            pruner=_pruner(search, study.train.epoch_count),
            direction="maximize" if metric(search.monitor).higher_is_better else "minimize",
            load_if_exists=True,
        )


def _refuse_another(trials: "optuna.Study", study: Study, shown: str) -> None:
    """Raises BackhandError where the trials are of another study. The budget of the study may differ."""
    wanted = settings(study)
    saved = trials.user_attrs.get(STUDY)
    if saved is None:
        trials.set_user_attr(STUDY, json.dumps(wanted))
    elif (change := difference(completed(json.loads(saved), study), wanted)) is not None:
        raise BackhandError(
            f"the storage {shown} holds another search named {study.name}: {change}; give this one a name of its own"
        )


def _sampler(search: SearchTable, seed: int, slot: int) -> "optuna.samplers.BaseSampler":
    import optuna

    sampler_seed = int(np.random.SeedSequence((seed, slot)).generate_state(1)[0])
    if search.method == "tpe":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return optuna.samplers.TPESampler(seed=sampler_seed, multivariate=True, group=True, constant_liar=True)
    return optuna.samplers.RandomSampler(seed=sampler_seed)


def _pruner(search: SearchTable, epochs: int) -> "optuna.pruners.BasePruner":
    import optuna

    if search.pruning == "halving":
        return optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=3)
    if search.pruning == "hyperband":
        return optuna.pruners.HyperbandPruner(min_resource=1, max_resource=epochs, reduction_factor=3)
    return optuna.pruners.NopPruner()
