"""Claims: which process trains which slot, over the calls that every storage of Optuna has.

A process claims a slot by creating a trial, and reads back which slot it has. While the trial runs, its process counts
a heartbeat up. A process in whose own time the heartbeat of another stands still for `Pace.dead` seconds marks that
trial as interrupted, and whoever is first begins another one with the same values; clocks of other hosts do not matter.
Optuna ends a trial only once, so that of a process that only stood still and one that gave it up, one is refused.
"""

import threading
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from backhand.errors import BackhandError
from backhand.experiments.search.owner import Heart, Owner, Pace
from backhand.experiments.search.slots import (
    BEAT,
    ENDED_BY,
    FRESH,
    GIVEN_UP,
    INTERRUPTED,
    LOST,
    OWNER,
    REASON,
    SLOT,
    TOKEN,
    WITHDRAWN,
    Slots,
    Values,
    within,
)

if TYPE_CHECKING:
    import optuna
    from optuna.trial import FrozenTrial

    from backhand.experiments.search.storages.patient import Patient

DEATHS = 3  # of processes: after so many, no other one trains the trial
DIED = f"{DEATHS} processes ended while they trained it; perhaps the memory does not suffice"


@dataclass(frozen=True)
class Claim:
    """A slot of this process.

    trial: the ID of its trial.   is_again: whether a trial of it was interrupted before.   deaths: how many processes
    died while they trained one.
    """

    slot: int
    trial: int
    is_again: bool
    deaths: int = 0

    @property
    def is_deadly(self) -> bool:
        """Whether its trial is not to be trained again, because it may be what ends the processes."""
        return self.deaths >= DEATHS


@dataclass
class Claims:
    """The slots of one search in a storage, as one process sees them.   cells: as of `Slots`."""

    study: "optuna.Study"
    storage: "Patient"
    owner: Owner
    cells: list[Values]
    pace: Pace
    _beats: dict[int, int] = field(default_factory=dict)  # of our trials, by ID: the count
    _seen: dict[int, tuple[Any, float]] = field(default_factory=dict)  # of others' trials: a beat, and since when
    _lock: Any = field(default_factory=threading.Lock)

    @cached_property
    def _study_id(self) -> int:
        return self.study._study_id

    def slots(self) -> Slots:
        """Read all trials of the search, and sort them by their slots."""
        return Slots(self.storage.get_all_trials(self._study_id, deepcopy=False), self.cells)

    def claim(self, limit: int | None) -> Claim | None:
        """Claim a slot: one whose process gave it up or died, or else the next one; None where none is free.

        limit: the last slot that there is; None where there is no last one.
        """
        while True:
            slots = self.slots()
            if self._mark_lost(slots, limit):
                continue
            slot = next(iter(slots.open(limit)), FRESH)
            if slot == FRESH and not within(slots.next_free, limit):
                return None
            if claim := self._begin(slots, slot, limit):
                return claim

    def _begin(self, slots: Slots, slot: int, limit: int | None) -> Claim | None:
        """Create a trial of a slot, or a fresh one; None where another process was faster.

        A call that was made twice may have created two, of which one is kept.
        """
        token, is_again = uuid.uuid4().hex, slot != FRESH
        self._create(token, slot, slots.values(slot) if is_again else {})
        after, claim = self.slots(), None
        for own_slot, trial in after.of(token):
            holds = trial is after.holders.get(own_slot) and within(own_slot, limit)
            if claim is None and holds:
                claim = Claim(own_slot, trial._trial_id, is_again, after.deaths(own_slot))
            else:
                self.interrupt(trial, WITHDRAWN)
        if claim is not None:
            with self._lock:
                self._beats[claim.trial] = 0
        return claim

    def _create(self, token: str, slot: int, values: Values) -> None:
        import optuna

        template = optuna.trial.create_trial(
            state=optuna.trial.TrialState.RUNNING,
            user_attrs={TOKEN: token, SLOT: slot, OWNER: self.owner.as_json(), BEAT: [0, time.time()]},
            system_attrs={"fixed_params": values} if values else {},
        )
        self.storage.create_new_trial(self._study_id, template)

    def finish(self, trial: int) -> None:
        """Stop the heartbeat of one of our trials, which has ended."""
        with self._lock:
            self._beats.pop(trial, None)

    def interrupt(self, trial: "FrozenTrial", ended_by: str) -> None:
        """End a trial whose training is not going to end; its slot is then open, unless its training had ended."""
        import optuna

        with suppress(optuna.exceptions.UpdateFinishedTrialError):
            self.storage.set_trial_user_attr(trial._trial_id, ENDED_BY, ended_by)
            if SLOT not in trial.user_attrs:  # a trial of an earlier version
                self.storage.set_trial_user_attr(trial._trial_id, REASON, INTERRUPTED)
            self.storage.set_trial_state_values(trial._trial_id, optuna.trial.TrialState.FAIL)

    def _mark_lost(self, slots: Slots, limit: int | None) -> bool:
        """Mark the trials of dead processes as interrupted; returns whether there was any."""
        still = self._standing_still(slots)
        dead = [trial for trial in slots.running(limit).values() if trial._trial_id in still]
        for trial in dead:
            self.interrupt(trial, LOST)
        return bool(dead)

    def _standing_still(self, slots: Slots) -> set[int]:
        """Return the IDs of others' trials whose heartbeat has stood still for too long.

        The time before the storage last answered again does not count: nobody could write a heartbeat then.
        """
        now, before = time.monotonic(), self._seen
        others = {
            trial._trial_id: trial.user_attrs.get(BEAT)
            for trial in slots.running(None).values()
            if trial._trial_id not in self._beats
        }
        self._seen = {
            ID: before[ID] if ID in before and before[ID][0] == beat else (beat, now) for ID, beat in others.items()
        }
        still = {ID: now - max(since, self.storage.answered) for ID, (_, since) in self._seen.items()}
        return {ID for ID, seconds in still.items() if seconds >= self.pace.dead}

    def unfinished(self, limit: int | None, *, living: bool = False) -> int:
        """Return how many trials have yet to end: those that other processes train, and those that were interrupted.

        living: only those of processes that live, as far as is known, where no trial is going to be repeated.
        """
        slots = self.slots()
        running = slots.running(limit).values()
        if living:
            dead = self._standing_still(slots)
            return sum(trial._trial_id not in dead | self._beats.keys() for trial in running)
        return sum(trial._trial_id not in self._beats for trial in running) + len(slots.open(limit))

    def give_up(self) -> None:
        """Let any process begin the unfinished trials of our run at once, those of its other workers, too.

        A storage that does not answer is not waited for: the others notice soon that the heartbeats stand still.
        """
        self.storage.patience = 0.0
        with suppress(BackhandError):
            self._interrupt_all(GIVEN_UP, self.owner.run)

    def bury(self) -> None:
        """Mark all unfinished trials as those of dead processes, in a folder that this process has to itself."""
        self._interrupt_all(LOST, None)

    def _interrupt_all(self, ended_by: str, run: str | None) -> None:
        for trial in self.slots().trials:
            owner = Owner.of(trial.user_attrs.get(OWNER))
            if trial.state.name == "RUNNING" and (run is None or (owner is not None and owner.run == run)):
                self.interrupt(trial, ended_by)
        with self._lock:
            self._beats.clear()

    def beating(self) -> Heart:
        """Return a context in which the heartbeats of our trials are counted, in a thread."""
        return Heart(self.beat, self.pace.beat)

    def beat(self) -> None:
        """Count the heartbeats of our trials once. One that is missed is no matter: the next is soon enough."""
        from optuna.exceptions import UpdateFinishedTrialError

        with self._lock:
            self._beats = {trial: count + 1 for trial, count in self._beats.items()}
            beats = dict(self._beats)
        within_storage = self.storage.storage
        for trial, count in beats.items():
            try:
                self.storage.once(partial(within_storage.set_trial_user_attr, trial, BEAT, [count, time.time()]))
            except UpdateFinishedTrialError:
                self.finish(trial)  # another process has taken it over
            except BackhandError:
                break
        self.storage.remove_session()
