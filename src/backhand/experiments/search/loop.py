"""The loop of a search: trial after trial until the budget is spent. Several processes may share one storage."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from backhand.experiments.search import outcomes, record
from backhand.experiments.search.claims import CLAIM, Claim
from backhand.experiments.search.outcomes import ended_trials
from backhand.experiments.search.record import Trial, best_trial
from backhand.experiments.search.space import Assignment, grid, parameters, suggest
from backhand.experiments.search.storage import Storage
from backhand.experiments.search.trial import Outcome, TrialMonitor, train_trials
from backhand.experiments.trainer import in_step
from backhand.page.numbers import brief, counted
from backhand.study import Study, changed
from backhand.study.search import SearchTable
from backhand.training.metrics import metric
from backhand.training.progress import time_left

if TYPE_CHECKING:
    import optuna

POLL = 1.0  # seconds between two queries for the trials of other processes
REPORT = 10.0  # seconds between two reports of a trial that nothing prunes: each is a transaction of the storage


@dataclass(frozen=True)
class Loop:
    """What a process needs to try the trials of a search. data_dir: the folder of the data sets."""

    study: Study
    search: SearchTable
    folder: Path
    storage: Storage
    data_dir: Path | None
    console: Console

    @property
    def trials(self) -> "optuna.Study":
        """Optuna's study, which holds all trials of the storage."""
        return self.storage.trials

    @cached_property
    def cells(self) -> list[dict[str, Any]]:
        """The values of each slot of a grid; empty for other methods."""
        if self.search.method != "grid":
            return []
        return [parameters(assignment, self.search.space) for assignment in grid(self.search.space)]

    def run(self) -> None:
        """Try trials until the budget is spent and no trial of another process is unfinished.

        Trials of dead processes are taken over, until the time is over: then only living processes are waited for.
        """
        claims, is_announced = self.storage.claims, False
        with claims.beating():
            while True:
                if trials := self._start_trials():
                    self._train(trials)
                elif not (owners := claims.living_owners() if self._time_is_over() else claims.other_owners()):
                    return
                else:
                    count = sum(owner != claims.owner for owner in owners)
                    if count and not is_announced:
                        is_announced = True
                        self.console.print(f"waiting for {counted(count, 'trial')} of other processes")
                    time.sleep(POLL)

    def _train(self, assignments: "dict[optuna.Trial, Assignment]") -> None:
        studies = {trial: changed(self.study, assignment) for trial, assignment in assignments.items()}
        for group in in_step([(study, trial) for trial, study in studies.items()], self.search.together):
            seconds = REPORT if self.search.pruning == "none" else 0.0
            monitors = [TrialMonitor(self.search.monitor, _pruner(trial, seconds)) for trial in group]
            group_outcomes = train_trials([studies[trial] for trial in group], self.data_dir, monitors)
            for trial, outcome in zip(group, group_outcomes, strict=True):
                self._save(trial, assignments[trial], outcome)

    def _save(self, trial: "optuna.Trial", assignment: Assignment, outcome: Outcome) -> None:
        if not outcomes.save(trial, assignment, outcome):
            self.console.print("another process took over this trial when this one stood still; its result is lost")
            return
        self.storage.claims.finish(trial.user_attrs[CLAIM])
        trials = ended_trials(self.trials)
        record.update_record(self.folder, trials, self.search)
        self.console.print(trial_line(trials, trial.number + 1, self.search, self._seconds_left(trials)))

    def _start_trials(self) -> "dict[optuna.Trial, Assignment]":
        """Start as many trials as train together; returns none when no more may begin."""
        assignments: dict[optuna.Trial, Assignment] = {}
        while len(assignments) < self.search.together and (slot := self._next_slot()) is not None:
            if (trial := self.storage.start_trial(*slot)) is not None:
                assignments[trial] = suggest(trial, self.search.space)
        return assignments

    def _next_slot(self) -> tuple[Claim, dict[str, Any] | None] | None:
        """Claim a slot, of a dead process or a new one; returns it with the values that its trial must have, if any."""
        if self._time_is_over():
            return None
        for dead in self.storage.claims.dead_claims():
            if (retaken := self.storage.retake(dead)) is not None:
                self.console.print(f"a trial was interrupted; its values are tried again (slot {dead.slot})")
                return retaken[0], self._cell(dead.slot) or retaken[1]
        claim = self.storage.claims.claim(self._trial_limit())
        return None if claim is None else (claim, self._cell(claim.slot))

    def _cell(self, slot: int) -> dict[str, Any] | None:
        return self.cells[slot - 1] if self.cells else None

    def _trial_limit(self) -> int | None:
        """Return how many trials may begin in all; None stands for as many as there is time for."""
        limits = [limit for limit in (self.search.trials, len(self.cells) or None) if limit is not None]
        return min(limits, default=None)

    def _time_is_over(self) -> bool:
        return (
            self.search.minutes is not None
            and self._seconds_spent(ended_trials(self.trials)) >= 60 * self.search.minutes
        )

    def _seconds_spent(self, trials: list[Trial]) -> float:
        """Return the seconds of searching so far, those before an interruption included."""
        return sum(trial.seconds for trial in trials) / self.search.workers

    def _seconds_left(self, trials: list[Trial]) -> float | None:
        """Estimate the seconds that the rest of the search takes; None where nothing is known yet."""
        spent = self._seconds_spent(trials)
        estimates = [60 * self.search.minutes - spent] if self.search.minutes is not None else []
        total = self._trial_limit()
        if total is not None and trials:
            estimates.append(spent / len(trials) * (total - len(trials)))
        return max(min(estimates), 0.0) if estimates else None


def _pruner(trial: "optuna.Trial", seconds: float) -> Callable[[int, float], bool]:
    """Return a function of an epoch and its value that says whether the trial goes on.

    A trial is stopped where others do better, or another process has taken it over. The storage gets a value only
    once in so many seconds.
    """
    from optuna.exceptions import UpdateFinishedTrialError

    due = time.monotonic() + seconds

    def goes_on(epoch: int, value: float) -> bool:
        nonlocal due
        if time.monotonic() < due:
            return True
        due = time.monotonic() + seconds
        try:
            trial.report(value, epoch)
        except UpdateFinishedTrialError:
            return False
        return not trial.should_prune()

    return goes_on


def trial_line(trials: list[Trial], number: int, search: SearchTable, left: float | None) -> str:
    """Return the line of a trial that has ended: its value, the best one so far, its settings, and the time left."""
    trial = next(trial for trial in trials if trial.number == number)
    best = best_trial(trials, search)
    text = metric(search.monitor).text
    value = text(trial.value) if trial.value is not None else trial.reason.split(":")[0]
    value += " (pruned)" if trial.state == "pruned" else ""
    values = "  ".join(f"{key.rpartition('.')[2]}={brief(setting)}" for key, setting in trial.assignment.items())
    best_text = f"best {text(best.value)}" if best else "none yet"
    rest = "" if left is None else f"  {time_left(left)}"
    return f"trial {number:>4}  {value:>16}  {best_text}  {values}  {trial.seconds:.1f} s{rest}"
