"""The loop of a search: trial after trial until the budget is spent. Several processes may share one storage."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from backhand.experiments.search import outcomes
from backhand.experiments.search.budget import Budget
from backhand.experiments.search.claims import DIED
from backhand.experiments.search.outcomes import ended_trials
from backhand.experiments.search.record import Trial, best_trial
from backhand.experiments.search.slots import within
from backhand.experiments.search.space import Assignment, suggest
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

REPORT = 10.0  # seconds between two reports of a trial that nothing prunes: each is a transaction of the storage
Record = Callable[[list[Trial], SearchTable], object]


@dataclass(frozen=True)
class Begun:
    """A trial of this process, with the study that it trains."""

    trial: "optuna.Trial"
    assignment: Assignment
    study: Study


@dataclass
class Loop:
    """What a process needs to try the trials of a search.

    data_dir: the folder of the data sets.   record: is called with all trials that have ended, after each one.
    budget: as it was last read.
    """

    study: Study
    search: SearchTable
    storage: Storage
    data_dir: Path | None
    console: Console
    record: Record
    budget: Budget = field(default_factory=Budget)
    _is_waiting: bool = False

    def run(self) -> None:
        """Try trials until the budget is spent and no trial of another process is unfinished.

        Trials of dead processes are taken over, until the time is over: then only living processes are waited for.
        """
        with self.storage.claims.beating():
            while (groups := list(self.groups())) or self.wait():
                for group in groups:
                    seconds = REPORT if self.search.pruning == "none" else 0.0
                    monitors = [TrialMonitor(self.search.monitor, _pruner(begun.trial, seconds)) for begun in group]
                    self.save(group, train_trials([begun.study for begun in group], self.data_dir, monitors))

    def wait(self) -> bool:
        """Wait a moment for trials that have yet to end; returns False, at once, where there are none.

        Such a trial may be interrupted at any moment, and is then one to begin again.
        """
        claims = self.storage.claims
        count = claims.unfinished(self.budget.trials, living=self._time_is_over())
        if count and not self._is_waiting:
            self.console.print(f"waiting for {counted(count, 'trial')} of other processes")
        self._is_waiting = count > 0
        if count:
            time.sleep(claims.pace.poll)
        return count > 0

    def groups(self) -> Iterator[list[Begun]]:
        """Begin as many trials as train together; yields those that train in step, nothing when no more may begin."""
        begun: list[Begun] = []
        while len(begun) < self.search.together and (trial := self._begin()) is not None:
            begun.append(trial)
        yield from in_step([(trial.study, trial) for trial in begun], self.search.together)

    def save(self, group: list[Begun], results: list[Outcome]) -> None:
        """Save the outcomes of trials in the storage and in the record."""
        for begun, outcome in zip(group, results, strict=True):
            self._save(begun.trial, begun.assignment, outcome)

    def _save(self, trial: "optuna.Trial", assignment: Assignment, outcome: Outcome) -> None:
        is_saved = outcomes.save(trial, assignment, outcome)
        self.storage.claims.finish(trial._trial_id)
        if not is_saved:
            self.console.print("another process took over this trial when this one stood still; its result is lost")
            return
        trials = ended_trials(self.storage.slots())
        self.record(trials, self.search_of_all)
        if any(ended.number == trial.number + 1 for ended in trials):
            self.console.print(trial_line(trials, trial.number + 1, self.search, self._seconds_left(trials)))

    def has_free_slot(self) -> bool:
        """Whether a process could begin a trial now, as far as is known without beginning one."""
        self.budget = self.storage.budget.read()
        slots, limit = self.storage.slots(), self.budget.trials
        return not self._time_is_over() and (bool(slots.open(limit)) or within(slots.next_free, limit))

    @property
    def search_of_all(self) -> SearchTable:
        """The search with the budget of all hosts; the whole of a grid needs no number of trials."""
        trials = None if self.search.method == "grid" and self.search.trials is None else self.budget.trials
        return self.search.model_copy(update={"trials": trials, "minutes": self.budget.minutes})

    def _begin(self) -> Begun | None:
        """Claim a slot and draw the values of its trial; returns None when no more may begin."""
        from optuna.exceptions import UpdateFinishedTrialError

        self.budget = self.storage.budget.read()
        while not self._time_is_over() and (claim := self.storage.claims.claim(self.budget.trials)) is not None:
            self._is_waiting = False
            trial = self.storage.trial_of(claim)
            try:
                assignment = suggest(trial, self.search.space)
            except UpdateFinishedTrialError:  # this process stood still, and another one took the slot over
                self.storage.claims.finish(claim.trial)
                continue
            if claim.is_deadly:
                self._save(trial, assignment, Outcome(None, 0, 0.0, 0, reason=DIED))
                continue
            if claim.is_again:
                self.console.print(f"a trial was interrupted; its values are tried again (slot {claim.slot})")
            return Begun(trial, assignment, changed(self.study, assignment))
        return None

    def _time_is_over(self) -> bool:
        minutes = self.budget.minutes
        return minutes is not None and self._seconds_spent(ended_trials(self.storage.slots())) >= 60 * minutes

    def _seconds_spent(self, trials: list[Trial]) -> float:
        """Return the seconds of searching so far, those before an interruption included."""
        return sum(trial.seconds for trial in trials) / self.search.workers

    def _seconds_left(self, trials: list[Trial]) -> float | None:
        """Estimate the seconds that the rest of the search takes; None where nothing is known yet."""
        spent, budget = self._seconds_spent(trials), self.budget
        estimates = [60 * budget.minutes - spent] if budget.minutes is not None else []
        if budget.trials is not None and trials:
            estimates.append(spent / len(trials) * (budget.trials - len(trials)))
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
