"""Slots: the budget of a search, counted. A search of 60 trials has the slots 1 to 60, and each has one result.

A slot follows from the trials of the storage alone, so that every host computes the same: trials are numbered in the
order in which the storage creates them, and the fresh trials, in this order, have the slots that are free. A trial that
repeats one which was interrupted names its slot. The *holder* of a slot is the trial of the lowest number that was not
interrupted: only holders count, whatever else a host may have begun.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

TOKEN, SLOT, OUTCOME = "claim", "slot", "outcome"  # attributes of Optuna's trials; `docs/formats.md` describes them
OWNER, BEAT, ENDED_BY = "owner", "beat", "interrupted"
REASON, INTERRUPTED = "reason", "interrupted"  # an attribute and its value, of earlier versions' interrupted trials
LOST, GIVEN_UP, WITHDRAWN = "lost", "given up", "withdrawn"  # the values of ENDED_BY
FRESH = 0  # as a slot: the next one that is free
FAILED = "failed"
Values = dict[str, Any]  # of a trial, as the storage holds them


def is_interrupted(trial: "FrozenTrial") -> bool:
    """Whether the trial ended before its training did.

    A trial whose training failed has this outcome, which its process writes before it ends the trial.
    """
    if trial.state.name != "FAIL":
        return False
    if SLOT in trial.user_attrs:
        return trial.user_attrs.get(OUTCOME) != FAILED
    return trial.user_attrs.get(REASON) == INTERRUPTED  # a trial of an earlier version


def values_of(trial: "FrozenTrial") -> Values:
    """Return the values of a trial: those that it drew, or that it was given; none where it had not drawn any yet."""
    return trial.params or trial.system_attrs.get("fixed_params", {})


@dataclass(frozen=True)
class Slots:
    """The trials of a search by their slots.

    trials: all of the storage, in the order of their numbers.   cells: the values of each slot of a grid; empty for
    other methods.
    """

    trials: "Sequence[FrozenTrial]"
    cells: Sequence[Values] = field(default=(), repr=False)

    @cached_property
    def by_slot(self) -> "dict[int, list[FrozenTrial]]":
        """The trials of each slot that any trial has, in the order of their numbers."""
        earlier = self._earlier
        slots: dict[int, list[FrozenTrial]] = {}
        taken = set(earlier.values())
        free = (slot for slot in count(1) if slot not in taken)
        for trial in self.trials:
            slot = earlier.get(trial.number, trial.user_attrs.get(SLOT))
            if slot is not None:
                slots.setdefault(slot or next(free), []).append(trial)
        return dict(sorted(slots.items()))

    @cached_property
    def _earlier(self) -> dict[int, int]:
        """The slots of the trials of earlier versions, which carry none, by the numbers of the trials.

        In a grid it is the number of the cell. Otherwise a trial that was given its values repeats one that was
        interrupted, and has its slot. Trials that wait, in a queue of early versions, have none.
        """
        slots: dict[int, int] = {}
        pending: list[FrozenTrial] = []
        for trial in self.trials:
            values = values_of(trial)
            if SLOT in trial.user_attrs or trial.state.name == "WAITING" or (self.cells and values not in self.cells):
                continue
            repeated = next((other for other in pending if values_of(other) == values), None)
            if self.cells:
                slots[trial.number] = list(self.cells).index(values) + 1
            elif repeated is not None and "fixed_params" in trial.system_attrs:
                pending.remove(repeated)
                slots[trial.number] = slots[repeated.number]
            else:
                slots[trial.number] = len(set(slots.values())) + 1
            if is_interrupted(trial):
                pending.append(trial)
        return slots

    @cached_property
    def holders(self) -> "dict[int, FrozenTrial]":
        """The holder of each slot that has one."""
        kept = {slot: [trial for trial in trials if not is_interrupted(trial)] for slot, trials in self.by_slot.items()}
        return {slot: trials[0] for slot, trials in kept.items() if trials}

    @property
    def ended(self) -> "list[FrozenTrial]":
        """The trials that count as results, in the order of their numbers."""
        return sorted((trial for trial in self.holders.values() if trial.state.is_finished()), key=lambda t: t.number)

    def running(self, limit: int | None) -> "dict[int, FrozenTrial]":
        """Return the holders that have not ended, of the slots up to a limit; None for all."""
        holders = self.holders.items()
        return {slot: trial for slot, trial in holders if trial.state.name == "RUNNING" and within(slot, limit)}

    def open(self, limit: int | None) -> list[int]:
        """Return the slots up to a limit that a trial has had, and that have no holder now."""
        return [slot for slot in self.by_slot if slot not in self.holders and within(slot, limit)]

    @property
    def next_free(self) -> int:
        """The slot that a fresh trial would have if it were created now."""
        return next(slot for slot in count(1) if slot not in self.by_slot)

    def of(self, token: str) -> "list[tuple[int, FrozenTrial]]":
        """Return the trials with this token, each with its slot."""
        return [
            (slot, trial)
            for slot, trials in self.by_slot.items()
            for trial in trials
            if trial.user_attrs.get(TOKEN) == token
        ]

    def values(self, slot: int) -> Values:
        """Return the values that a new trial of this slot must have; none where it may draw them."""
        if self.cells:
            return self.cells[slot - 1]
        return next((values for trial in reversed(self.by_slot[slot]) if (values := values_of(trial))), {})

    def deaths(self, slot: int) -> int:
        """Return how many processes died while they trained a trial of this slot."""
        return sum(is_interrupted(trial) and trial.user_attrs.get(ENDED_BY) == LOST for trial in self.by_slot[slot])


def within(slot: int, limit: int | None) -> bool:
    """Whether the slot belongs to a budget of so many trials; None stands for as many as there is time for."""
    return limit is None or slot <= limit
