"""Trial after trial until the budget is spent; several processes may do this on one storage."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from backhand.experiment.trainer import Trainer, in_step
from backhand.metrics import metric
from backhand.progress import time_left
from backhand.search import record
from backhand.search.record import Trial, best, finished
from backhand.search.space import Assignment, suggested
from backhand.search.storage import INTERRUPTED, OWNER, REASON
from backhand.search.trial import Outcome, Watch, attempt
from backhand.study import Study, changed
from backhand.study.search import Search

if TYPE_CHECKING:
    import optuna

TURN = "search.lock"


@dataclass(frozen=True)
class Loop:
    """A search at work: its study, folder, storage, whose trials it draws, and the data that they share."""

    study: Study
    search: Search
    folder: Path
    trials: "optuna.Study"
    owner: str
    trainer: Trainer
    console: Console

    def run(self) -> None:
        """Until the budget is spent."""
        while trials := self._next():
            assignments = {trial: suggested(trial, self.search.space) for trial in trials}
            studies = {trial: changed(self.study, assignment) for trial, assignment in assignments.items()}
            for group in in_step([(study, trial) for trial, study in studies.items()], self.search.together):
                watches = [Watch(self.search.monitor, _judge(trial)) for trial in group]
                outcomes = attempt(self.trainer, [studies[trial] for trial in group], watches)
                for trial, outcome in zip(group, outcomes, strict=True):
                    self._note(trial, assignments[trial], outcome)

    def _note(self, trial: "optuna.Trial", assignment: Assignment, outcome: Outcome) -> None:
        record.note(trial, assignment, outcome)
        self._tell(trial, outcome)
        found = finished(self.trials)
        record.write(self.folder, self.search, found, [])
        self.console.print(line(found, trial.number, self.search, self._left(found)))

    def _tell(self, trial: "optuna.Trial", outcome: Outcome) -> None:
        from optuna.trial import TrialState

        if outcome.value is None:
            self.trials.tell(trial, state=TrialState.FAIL)
        elif outcome.pruned:
            self.trials.tell(trial, state=TrialState.PRUNED)
        else:
            self.trials.tell(trial, outcome.value)

    def _next(self) -> "list[optuna.Trial]":
        """Trials that are ours to run, none when there are to be none any more."""
        with _turn(self.folder):
            asked = [self.trials.ask() for _ in range(self.search.together) if self._wanted()]
            for trial in asked:
                trial.set_user_attr(OWNER, self.owner)
            return asked

    def _wanted(self) -> bool:
        from optuna.trial import TrialState

        known = self.trials.get_trials(deepcopy=False)
        waiting = any(trial.state == TrialState.WAITING for trial in known)
        begun = [t for t in known if t.state != TrialState.WAITING and t.user_attrs.get(REASON) != INTERRUPTED]
        if self.search.trials is not None and len(begun) >= self.search.trials:
            return False
        if self.search.minutes is not None and self._spent(finished(self.trials)) >= 60 * self.search.minutes:
            return False
        return waiting or self.search.method != "grid"

    def _spent(self, found: list[Trial]) -> float:
        """Seconds of searching so far, those before an interruption included."""
        return sum(trial.seconds for trial in found) / self.search.workers

    def _left(self, found: list[Trial]) -> float | None:
        """Seconds that the rest may take; None where nothing tells."""
        spent = self._spent(found)
        ends = [60 * self.search.minutes - spent] if self.search.minutes is not None else []
        total = self._total(found)
        if total is not None and found:
            ends.append(spent / len(found) * (total - len(found)))
        return max(min(ends), 0.0) if ends else None

    def _total(self, found: list[Trial]) -> int | None:
        from optuna.trial import TrialState

        if self.search.method != "grid":
            return self.search.trials
        waiting = len(self.trials.get_trials(deepcopy=False, states=(TrialState.WAITING, TrialState.RUNNING)))
        return min(len(found) + waiting, self.search.trials or len(found) + waiting)


def _judge(trial: "optuna.Trial") -> Callable[[int, float], bool]:
    """Whether a trial goes on after an epoch of this value."""

    def goes_on(epoch: int, value: float) -> bool:
        trial.report(value, epoch)
        return not trial.should_prune()

    return goes_on


def line(found: list[Trial], number: int, search: Search, left: float | None) -> str:
    """A finished trial as a line: its value, the best so far, its values, and how long the rest may take."""
    trial = next(each for each in found if each.number == number)
    leader = best(found, search)
    shown = metric(search.monitor).text
    value = shown(trial.value) if trial.value is not None else trial.reason.split(":")[0]
    value += " (pruned)" if trial.state == "pruned" else ""
    values = "  ".join(f"{key.rpartition('.')[2]}={value_text(each)}" for key, each in trial.assignment.items())
    ahead = f"best {shown(leader.value)}" if leader else "none yet"
    rest = "" if left is None else f"  {time_left(left)}"
    return f"trial {len(found):>4}  {value:>16}  {ahead}  {values}  {trial.seconds:.1f} s{rest}"


def value_text(value: object) -> str:
    """A value of an assignment as a table shows it."""
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, list | tuple):
        return "-".join(map(value_text, value)) or "none"
    if isinstance(value, dict):
        return ",".join(f"{key}={value_text(each)}" for key, each in value.items())
    return str(value)


@contextmanager
def _turn(folder: Path) -> Iterator[None]:
    """One process at a time decides whether there is another trial; none where the system knows no such locks."""
    try:
        import fcntl
    except ImportError:  # not a POSIX system
        yield
        return
    with (folder / TURN).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
