"""Which slot a trial has, and which trial holds a slot: from the trials alone, those of earlier versions, too."""

import pytest
from optuna.distributions import FloatDistribution
from optuna.trial import TrialState, create_trial

from backhand.experiments.search.slots import Slots

RATE = {"lr": FloatDistribution(0.0, 1.0)}


def trials_of(*descriptions):
    """Trials numbered from 0: each a state, its attributes, and a value of `lr`, given to it if `fixed`."""
    trials = []
    for number, (state, attributes, *rest) in enumerate(descriptions):
        rate, fixed = (*rest, None, None)[:2]
        trial = create_trial(
            state=TrialState[state],
            value=0.5 if state == "COMPLETE" else None,
            params={} if rate is None else {"lr": rate},
            distributions={} if rate is None else RATE,
            user_attrs=attributes,
            system_attrs={"fixed_params": {"lr": rate}} if fixed else {},
        )
        trial.number = number
        trials.append(trial)
    return trials


def numbers(slots):
    return {slot: [trial.number for trial in trials] for slot, trials in slots.by_slot.items()}


def holders(slots):
    return {slot: trial.number for slot, trial in slots.holders.items()}


NEW, DONE = {"slot": 0}, {"slot": 0, "outcome": "complete"}
OLD, CUT_SHORT = {}, {"reason": "interrupted"}


def test_fresh_trials_have_the_slots_in_their_order_and_repeated_ones_their_own():
    slots = Slots(
        trials_of(
            ("COMPLETE", DONE, 0.1),
            ("FAIL", {"slot": 0, "interrupted": "lost"}, 0.2),
            ("RUNNING", NEW),
            ("FAIL", {"slot": 2, "interrupted": "lost"}, 0.2),
            ("FAIL", {"slot": 0, "interrupted": "withdrawn"}),
            ("FAIL", {"slot": 0, "outcome": "failed"}, 0.5),
        )
    )
    assert numbers(slots) == {1: [0], 2: [1, 3], 3: [2], 4: [4], 5: [5]}
    assert holders(slots) == {1: 0, 3: 2, 5: 5}
    assert (slots.open(5), slots.open(3), slots.open(None), slots.next_free) == ([2, 4], [2], [2, 4], 6)
    assert ([*slots.running(None)], [*slots.running(2)]) == ([3], [])
    assert (slots.deaths(2), slots.deaths(4), slots.values(2), slots.values(4)) == (2, 0, {"lr": 0.2}, {})
    assert [trial.number for trial in slots.ended] == [0, 5]


def test_the_first_of_two_results_of_a_slot_counts():
    slots = Slots(trials_of(("COMPLETE", DONE, 0.1), ("COMPLETE", {"slot": 1, "outcome": "complete"}, 0.1)))
    assert [trial.number for trial in slots.ended] == [0]


def test_trials_of_an_earlier_version_keep_their_slots():
    """The one that was interrupted is repeated with its values, at once or by this version."""
    earlier = [("COMPLETE", OLD, 0.1), ("FAIL", CUT_SHORT, 0.2), ("RUNNING", OLD, 0.3)]
    slots = Slots(trials_of(*earlier))
    assert (numbers(slots), slots.open(None), slots.next_free) == ({1: [0], 2: [1], 3: [2]}, [2], 4)
    slots = Slots(trials_of(*earlier, ("COMPLETE", OLD, 0.2, "fixed"), ("RUNNING", NEW)))
    assert numbers(slots) == {1: [0], 2: [1, 3], 3: [2], 4: [4]}
    assert holders(slots) == {1: 0, 2: 3, 3: 2, 4: 4}
    slots = Slots(
        trials_of(*earlier, ("WAITING", OLD), ("RUNNING", {"slot": 2}), ("FAIL", {"reason": "diverged"}, 0.9))
    )
    assert holders(slots) == {1: 0, 2: 4, 3: 2, 4: 5}


@pytest.mark.parametrize("fresh", [0, 1, 2])
def test_in_a_grid_the_slot_of_an_earlier_trial_is_its_cell(fresh):
    cells = [{"lr": rate} for rate in (0.1, 0.2, 0.3, 0.4)]
    earlier = [("COMPLETE", OLD, 0.3), ("FAIL", CUT_SHORT, 0.1), ("COMPLETE", OLD, 0.1, "fixed")]
    slots = Slots(trials_of(*earlier, *[("RUNNING", NEW)] * fresh), cells)
    assert holders(slots) == {0: {1: 2, 3: 0}, 1: {1: 2, 2: 3, 3: 0}, 2: {1: 2, 2: 3, 3: 0, 4: 4}}[fresh]
    assert slots.next_free == (2, 4, 5)[fresh]
    assert slots.values(3) == {"lr": 0.3}
