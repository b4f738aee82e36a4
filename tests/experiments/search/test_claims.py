"""Who trains which trial: one budget for processes anywhere, and what becomes of a dead one's trial."""

import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from backhand.experiments.search import claims, outcomes, storage
from backhand.experiments.search.owner import Access, Pace
from backhand.experiments.search.space import suggest
from backhand.experiments.search.trial import Outcome
from backhand.study import load
from tests.experiments import studytexts

SEARCH = """
method = "random"
trials = 5
seeds = 0
space = { "train.optimizer.lr" = { low = 1e-3, high = 0.3, log = true } }
"""
STUDY = studytexts.searched(SEARCH, size=200, hidden=8, epochs=3)
DEAD = 60.0


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "shared.toml"
    path.write_text(STUDY)
    return path


@pytest.fixture
def opened(file, url):
    """The storage as a process sees it; as often as it is called, so many processes."""

    def enter():
        study = load(str(file))
        return stack.enter_context(storage.open_storage(Path(), study, study.search, Access(url, Pace(dead=DEAD))))

    with ExitStack() as stack:
        yield enter


@pytest.fixture
def clock(monkeypatch):
    """The clock of the observers, in a list of one number."""
    now = [1e6]
    monkeypatch.setattr(claims.time, "monotonic", lambda: now[0])
    return now


def states(opened):
    return sorted(trial.state.name for trial in opened.trials.trials)


def begin(opened, limit=5):
    """Claim a slot and draw its values."""
    claim = opened.claims.claim(limit)
    trial = opened.trial_of(claim)
    return claim, trial, suggest(trial, opened.search.space)


def end(opened, trial, assignment):
    saved = outcomes.save(trial, assignment, Outcome(0.9, 1, 1.0, 10))
    opened.claims.finish(trial._trial_id)
    return saved


def numbers(opened):
    return [ended.number for ended in outcomes.ended_trials(opened.slots())]


def test_each_slot_is_given_once_and_no_more_than_there_are(opened):
    at_once = [opened() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        given = [*pool.map(lambda i: at_once[i % 4].claims.claim(9), range(16))]
    assert sorted(claim.slot for claim in given if claim is not None) == list(range(1, 10))
    assert at_once[0].claims.claim(10).slot == 10


def test_a_living_host_keeps_its_trial_however_long_it_takes(opened, clock):
    """By the observer's own clock, between two looks: how far apart they are tells nothing."""
    one, other = opened(), opened()
    begin(one)
    for _ in range(3):
        assert other.claims.unfinished(5, living=True) == 1
        one.claims.beat()
        clock[0] += 10 * DEAD
    assert other.claims.unfinished(5, living=True) == 1  # it has moved since it was last seen
    clock[0] += DEAD - 1
    assert other.claims.unfinished(5, living=True) == 1
    clock[0] += 1
    assert other.claims.unfinished(5, living=True) == 0
    assert other.claims.unfinished(5) == 1
    assert one.claims.unfinished(5) == 0
    one.claims.beat()
    assert other.claims.unfinished(5, living=True) == 1  # it lives after all


def test_the_time_during_which_a_storage_does_not_answer_lets_nobody_die(opened, clock):
    one, other = opened(), opened()
    begin(one)
    assert other.claims.claim(1) is None
    clock[0] += 10 * DEAD
    other.claims.storage.answered = clock[0] - 1
    assert other.claims.claim(1) is None
    clock[0] += DEAD
    assert other.claims.claim(1).slot == 1


def test_who_gives_up_says_so_and_nobody_has_to_wait(opened):
    one, other = opened(), opened()
    _, _, assignment = begin(one)
    assert other.claims.claim(1) is None
    one.claims.give_up()
    assert (other.claims.unfinished(1), other.claims.unfinished(1, living=True)) == (1, 0)  # it has yet to be repeated
    claim, _, again = begin(other, 1)
    assert (claim.slot, claim.is_again, claim.deaths, again) == (1, True, 0, assignment)
    assert one.claims.claim(1) is None  # somebody was faster


def test_the_result_of_a_host_that_stood_still_too_long_does_not_count_twice(opened, clock):
    one, other = opened(), opened()
    _, trial, assignment = begin(one)
    assert other.claims.claim(1) is None
    clock[0] += DEAD
    _, second, again = begin(other, 1)
    assert again == assignment
    assert not end(one, trial, assignment)
    one.claims.beat()
    assert end(other, second, again)
    assert numbers(one) == numbers(other) == [2]
    assert (other.claims.unfinished(5), other.claims.claim(1)) == (0, None)


def test_a_trial_that_ends_at_the_moment_when_it_is_given_up_counts_once(opened):
    """Its outcome is written, and its state not yet."""
    one, other = opened(), opened()
    _, trial, assignment = begin(one)
    trial.set_user_attr("outcome", "complete")
    one.claims.give_up()
    _, second, again = begin(other, 1)
    assert end(other, second, again)
    _, failed, assignment = begin(one, 2)
    outcome = Outcome(None, 0, 1.0, 10, reason="diverged: at once")
    interrupted = one.slots().running(None)[2]
    saved = outcomes.save(failed, assignment, outcome)
    other.claims.interrupt(interrupted, "lost")
    assert saved
    assert numbers(one) == [2, 3]
    assert other.claims.claim(2) is None


def test_a_trial_during_which_three_processes_died_is_not_tried_again(opened, clock):
    claims_of = [opened() for _ in range(4)]
    for deaths, (one, other) in enumerate(itertools.pairwise(claims_of)):
        assert one.claims.claim(1).deaths == deaths
        assert other.claims.claim(1) is None
        clock[0] += DEAD
    claim = claims_of[3].claims.claim(1)
    assert (claim.deaths, claim.is_deadly) == (3, True)


def test_a_fresh_trial_beyond_the_budget_is_withdrawn_and_its_slot_is_there_for_a_larger_one(opened):
    one, other = opened(), opened()
    slots = one.slots()  # as they are before the other host is faster
    assert other.claims.claim(1).slot == 1
    assert one.claims._begin(slots, 0, 1) is None
    assert states(one) == ["FAIL", "RUNNING"]
    claim = other.claims.claim(2)
    assert (claim.slot, claim.deaths, other.claims.claim(2)) == (2, 0, None)


def test_of_two_that_take_a_slot_over_one_withdraws(opened):
    one, two, three = opened(), opened(), opened()
    begin(one)
    one.claims.give_up()
    slots = two.slots()
    assert three.claims.claim(1).slot == 1
    assert two.claims._begin(slots, 1, 1) is None
    assert states(one) == ["FAIL", "FAIL", "RUNNING"]


def test_a_call_that_arrived_twice_costs_no_slot(opened):
    one, other = opened(), opened()
    create, storage_within = one.claims.storage.create_new_trial, one.claims.storage
    storage_within.create_new_trial = lambda *arguments: (create(*arguments), create(*arguments))
    assert one.claims.claim(2).slot == 1
    storage_within.create_new_trial = create
    assert (other.claims.claim(2).slot, other.claims.claim(2)) == (2, None)


def test_the_budget_of_all_hosts_is_the_highest(opened, file):
    one = opened()
    assert (one.budget.read().trials, one.budget.read().minutes) == (5, None)
    file.write_text(STUDY.replace("trials = 5", "trials = 7\nminutes = 3.0"))
    assert opened().budget.read().trials == 7
    file.write_text(STUDY.replace("trials = 5", "minutes = 2.0"))
    lower = opened().budget.read()
    assert (lower.trials, lower.minutes, one.budget.read()) == (7, 3.0, lower)


def test_hearts_beat_by_themselves(opened):
    one = opened()
    one.claims.pace = Pace(beat=0.02)
    claim = one.claims.claim(5)
    with one.claims.beating():
        deadline = time.monotonic() + 30
        while one.claims.storage.get_trial(claim.trial).user_attrs["beat"][0] < 3:
            assert time.monotonic() < deadline
