"""Trial after trial until the budget is spent; several processes may do this on one storage."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from backhand.experiments.search import outcomes, record
from backhand.experiments.search.claims import CLAIM, Claim
from backhand.experiments.search.outcomes import finished
from backhand.experiments.search.record import Trial, best
from backhand.experiments.search.space import Assignment, grid, parameters, suggested
from backhand.experiments.search.storage import Storage
from backhand.experiments.search.trial import Outcome, TrialJudge, train_trials
from backhand.experiments.trainer import in_step
from backhand.page.numbers import counted
from backhand.study import Study, changed
from backhand.study.search import SearchTable
from backhand.training.metrics import metric
from backhand.training.progress import time_left

if TYPE_CHECKING:
    import optuna

POLL = 1.0  # seconds between two looks at the trials of other processes
REPORT = 10.0  # seconds between two reports of a trial that nothing prunes: each is a transaction of the storage


@dataclass(frozen=True)
class Loop:
    """A search at work: its study, folder, storage, and where its data lies."""

    study: Study
    search: SearchTable
    folder: Path
    storage: Storage
    data_dir: Path | None
    console: Console

    @property
    def trials(self) -> "optuna.Study":
        """All trials that the storage holds."""
        return self.storage.trials

    @cached_property
    def cells(self) -> list[dict[str, Any]]:
        """The values of each slot, of a grid."""
        if self.search.method != "grid":
            return []
        return [parameters(each, self.search.space) for each in grid(self.search.space)]

    def run(self) -> None:
        """Until the budget is spent, and no trial of another process may still end or have to be taken over.

        Once the time is over nothing is taken over, and only processes that live are waited for.
        """
        claims, announced = self.storage.claims, False
        with claims.beating():
            while True:
                if trials := self._begin():
                    self._train(trials)
                elif not (elsewhere := claims.alive() if self._time_is_over() else claims.elsewhere()):
                    return
                else:
                    others = sum(owner != claims.owner for owner in elsewhere)
                    if others and not announced:
                        announced = True
                        self.console.print(f"waiting for {counted(others, 'trial')} of other processes")
                    time.sleep(POLL)

    def _train(self, assignments: "dict[optuna.Trial, Assignment]") -> None:
        studies = {trial: changed(self.study, assignment) for trial, assignment in assignments.items()}
        for group in in_step([(study, trial) for trial, study in studies.items()], self.search.together):
            every = REPORT if self.search.pruning == "none" else 0.0
            judges = [TrialJudge(self.search.monitor, _pruner(trial, every)) for trial in group]
            ended = train_trials([studies[trial] for trial in group], self.data_dir, judges)
            for trial, outcome in zip(group, ended, strict=True):
                self._note(trial, assignments[trial], outcome)

    def _note(self, trial: "optuna.Trial", assignment: Assignment, outcome: Outcome) -> None:
        if not outcomes.keep(trial, assignment, outcome):
            self.console.print("another process took over this trial when this one stood still; its result is lost")
            return
        self.storage.claims.finish(trial.user_attrs[CLAIM])
        found = finished(self.trials)
        record.note(self.folder, found, self.search)
        self.console.print(line(found, trial.number + 1, self.search, self._left(found)))

    def _begin(self) -> "dict[optuna.Trial, Assignment]":
        """Trials that are ours to run, as many as train together; none when there are to be none any more."""
        assignments: dict[optuna.Trial, Assignment] = {}
        while len(assignments) < self.search.together and (slot := self._slot()) is not None:
            if (trial := self.storage.begin(*slot)) is not None:
                assignments[trial] = suggested(trial, self.search.space)
        return assignments

    def _slot(self) -> tuple[Claim, dict[str, Any] | None] | None:
        """The next slot, with the values that its trial must have: that of a dead process, or a new one."""
        if self._time_is_over():
            return None
        for dead in self.storage.claims.dead():
            if (again := self.storage.retake(dead)) is not None:
                self.console.print(f"a trial was interrupted; its values are tried again (slot {dead.slot})")
                return again[0], self._cell(dead.slot) or again[1]
        claim = self.storage.claims.claim(self._most())
        return None if claim is None else (claim, self._cell(claim.slot))

    def _cell(self, slot: int) -> dict[str, Any] | None:
        return self.cells[slot - 1] if self.cells else None

    def _most(self) -> int | None:
        """How many trials may begin in all; None: as many as there is time for."""
        ends = [end for end in (self.search.trials, len(self.cells) or None) if end is not None]
        return min(ends, default=None)

    def _time_is_over(self) -> bool:
        return self.search.minutes is not None and self._spent(finished(self.trials)) >= 60 * self.search.minutes

    def _spent(self, found: list[Trial]) -> float:
        """Seconds of searching so far, those before an interruption included."""
        return sum(trial.seconds for trial in found) / self.search.workers

    def _left(self, found: list[Trial]) -> float | None:
        """Seconds that the rest may take; None where nothing tells."""
        spent = self._spent(found)
        ends = [60 * self.search.minutes - spent] if self.search.minutes is not None else []
        total = self._most()
        if total is not None and found:
            ends.append(spent / len(found) * (total - len(found)))
        return max(min(ends), 0.0) if ends else None


def _pruner(trial: "optuna.Trial", every: float) -> Callable[[int, float], bool]:
    """Whether a trial goes on after an epoch of this value; not where another process has taken it over.

    every: seconds between two values that the storage is told.
    """
    from optuna.exceptions import UpdateFinishedTrialError

    due = time.monotonic() + every

    def goes_on(epoch: int, value: float) -> bool:
        nonlocal due
        if time.monotonic() < due:
            return True
        due = time.monotonic() + every
        try:
            trial.report(value, epoch)
        except UpdateFinishedTrialError:
            return False
        return not trial.should_prune()

    return goes_on


def line(found: list[Trial], number: int, search: SearchTable, left: float | None) -> str:
    """A finished trial as a line: its value, the best so far, its values, and how long the rest may take."""
    trial = next(each for each in found if each.number == number)
    leader = best(found, search)
    shown = metric(search.monitor).text
    value = shown(trial.value) if trial.value is not None else trial.reason.split(":")[0]
    value += " (pruned)" if trial.state == "pruned" else ""
    values = "  ".join(f"{key.rpartition('.')[2]}={value_text(each)}" for key, each in trial.assignment.items())
    ahead = f"best {shown(leader.value)}" if leader else "none yet"
    rest = "" if left is None else f"  {time_left(left)}"
    return f"trial {number:>4}  {value:>16}  {ahead}  {values}  {trial.seconds:.1f} s{rest}"


def value_text(value: object) -> str:
    """A value of an assignment as a table shows it."""
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, list | tuple):
        return "-".join(map(value_text, value)) or "none"
    if isinstance(value, dict):
        return ",".join(f"{key}={value_text(each)}" for key, each in value.items())
    return str(value)
