"""Schedules against their formulas and against those of torch."""

from collections.abc import Callable
from math import cos, pi

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import lr_scheduler

from backhand.training.schedules import (
    Constant,
    CosineDecay,
    ExponentialDecay,
    LinearRamp,
    OneCycle,
    ReduceOnPlateau,
    Schedule,
    StepDecay,
    Warmup,
)

LR, STEPS = 0.2, 100


def values(schedule: Schedule, steps: int = STEPS) -> list[float]:
    return [schedule(step) for step in range(steps)]


def torch_values(kind: type[lr_scheduler.LRScheduler], **options: float) -> list[float]:
    """What a scheduler of torch gives at steps 0 to 99."""
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=LR)
    scheduler = kind(optimizer, **options)
    rates = []
    for step in range(STEPS):
        rates.append(optimizer.param_groups[0]["lr"])
        if step < STEPS - 1:
            optimizer.step()
            scheduler.step()
    return rates


# torch reaches its peak at step p T - 1 and its end at T - 1, and measures the end from the start, not from the peak.
CYCLE = {"max_lr": LR, "total_steps": STEPS, "pct_start": 0.3, "div_factor": 25, "final_div_factor": 1e4}
PAIRS = {
    "step": (StepDecay(LR, 7, 0.5), lr_scheduler.StepLR, {"step_size": 7, "gamma": 0.5}),
    "exponential": (ExponentialDecay(LR, 1, 0.97), lr_scheduler.ExponentialLR, {"gamma": 0.97}),
    "cosine": (CosineDecay(LR, STEPS, 0.01), lr_scheduler.CosineAnnealingLR, {"T_max": STEPS, "eta_min": 0.01}),
    "linear": (
        LinearRamp(LR, 60, 0.05),
        lr_scheduler.LinearLR,
        {"start_factor": 1.0, "end_factor": 0.25, "total_iters": 60},
    ),
    "one cycle": (
        OneCycle(LR, STEPS - 1, (0.3 * STEPS - 1) / (STEPS - 1), 25, 25e4),
        lr_scheduler.OneCycleLR,
        CYCLE | {"cycle_momentum": False},
    ),
}


@pytest.mark.parametrize(("own", "kind", "options"), PAIRS.values(), ids=PAIRS.keys())
def test_equals_the_scheduler_of_torch(
    own: Schedule, kind: type[lr_scheduler.LRScheduler], options: dict[str, float]
) -> None:
    np.testing.assert_allclose(values(own), torch_values(kind, **options), rtol=1e-10)


@pytest.mark.parametrize("patience", [0, 1, 4])
def test_plateau_reduces_when_torch_does(patience: int, rng: np.random.Generator) -> None:
    own = ReduceOnPlateau(LR, 0.3, patience, threshold=0.02, floor=0.005)
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=LR)
    theirs = lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.3, patience=patience, threshold=0.02, min_lr=0.005)
    falling_then_flat = np.exp(-np.minimum(np.arange(80), 20) / 20)
    for epoch, loss in enumerate(falling_then_flat + rng.normal(0, 0.03, 80)):
        own.observe(float(loss))
        theirs.step(float(loss))
        assert own(epoch) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-12), epoch
    assert own(0) == 0.005


def test_plateau_by_hand() -> None:
    schedule = ReduceOnPlateau(1.0, 0.1, patience=1)
    seen = []
    for loss in (2.0, 1.0, 1.0, 0.99999, 0.5, 0.6, 0.6, 0.6, 0.6):
        schedule.observe(loss)
        seen.append(schedule(0))
    np.testing.assert_allclose(seen, [1, 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.001])


def test_plateau_counts_an_improvement_of_a_negative_loss() -> None:
    schedule = ReduceOnPlateau(1.0, 0.1, patience=0)
    schedule.observe(-1.0)
    schedule.observe(-1.1)
    assert schedule(0) == 1.0
    schedule.observe(-1.1)
    assert schedule(0) == pytest.approx(0.1)


def test_below_a_loss_of_zero_every_improvement_counts() -> None:
    """The threshold is a share of the best loss, so of nothing."""
    schedule = ReduceOnPlateau(1.0, 0.1, patience=0)
    schedule.observe(0.0)
    schedule.observe(-1e-6)
    assert schedule(0) == 1.0


FORMULAS: dict[str, tuple[Schedule, Callable[[int], float]]] = {
    "constant": (Constant(LR), lambda t: LR),
    "step": (StepDecay(LR, 10), lambda t: LR * 0.1 ** (t // 10)),
    "exponential": (ExponentialDecay(LR, 10, 0.5), lambda t: LR * 0.5 ** (t / 10)),
    "cosine": (CosineDecay(LR, 80, 0.02), lambda t: 0.02 + 0.18 * (1 + cos(pi * min(t, 80) / 80)) / 2),
    "ramp": (LinearRamp(0.5, 50, 0.9), lambda t: 0.5 + 0.4 * min(t / 50, 1)),
    "warm-up": (
        Warmup(LR, 8, CosineDecay(LR, 92)),
        lambda t: LR * (t + 1) / 8 if t < 8 else CosineDecay(LR, 92)(t - 8),
    ),
}


@pytest.mark.parametrize(("schedule", "formula"), FORMULAS.values(), ids=FORMULAS.keys())
def test_follows_its_formula(schedule: Schedule, formula: Callable[[int], float]) -> None:
    np.testing.assert_allclose(values(schedule), [formula(step) for step in range(STEPS)], rtol=1e-13)


def test_one_cycle_starts_peaks_and_ends_where_it_says() -> None:
    schedule = OneCycle(1.0, 100, 0.25, 10, 50)
    assert schedule(0) == pytest.approx(1 / 10)
    assert schedule(25) == pytest.approx(1.0)
    assert schedule(100) == schedule(1000) == pytest.approx(1 / 50)


def test_a_cycle_of_two_steps_ends_where_it_says() -> None:
    assert OneCycle(1.0, 2, 0.5, 10, 50)(2) == pytest.approx(1 / 50)


def test_one_cycle_of_the_momentum_is_mirrored() -> None:
    """With divisors below 1 the cycle goes down to `value` and up again."""
    cycle = values(OneCycle(0.85, 100, 0.3, start=0.85 / 0.95, end=0.85 / 0.95), 101)
    assert cycle[0] == pytest.approx(0.95)
    assert cycle[100] == pytest.approx(0.95)
    assert np.argmin(cycle) == 30
    assert cycle[30] == pytest.approx(0.85)


def test_warm_up_hands_over_without_a_jump() -> None:
    schedule = Warmup(LR, 5, Constant(LR))
    np.testing.assert_allclose(values(schedule, 8), [0.04, 0.08, 0.12, 0.16, LR, LR, LR, LR])


def test_warm_up_passes_losses_and_state_on() -> None:
    schedule, resumed = (Warmup(1.0, 2, ReduceOnPlateau(1.0, 0.5, patience=0)) for _ in range(2))
    for loss in (1.0, 1.0, 1.0):
        schedule.observe(loss)
    assert schedule(10) == 0.25
    resumed.load(schedule.state())
    assert resumed(10) == 0.25
    for each in (schedule, resumed):
        each.observe(0.9)
        each.observe(0.9)
    assert resumed.state() == schedule.state() == {"best": 0.9, "waited": 0, "reductions": 3}


positive = st.floats(1e-6, 1e3)
spans = st.integers(1, 500)
factors = st.floats(0.01, 0.99)
falling = st.one_of(
    st.builds(StepDecay, positive, spans, factors),
    st.builds(ExponentialDecay, positive, spans, factors),
    st.builds(CosineDecay, positive, spans),
    st.builds(LinearRamp, positive, spans, st.just(0.0)),
)


@given(falling, st.lists(st.integers(0, 600), min_size=2, max_size=10))
def test_decays_never_rise_and_stay_within_their_bounds(schedule: Schedule, steps: list[int]) -> None:
    rates = np.array([schedule(step) for step in sorted(steps)])
    slack = 1e-12 * schedule.value
    assert (np.diff(rates) <= slack).all()
    assert rates.min() >= 0
    assert rates.max() <= schedule.value + slack


@given(positive, st.integers(2, 500), factors, st.floats(1, 100), st.floats(1, 1e5))
def test_a_cycle_rises_to_its_peak_and_falls_from_it(
    peak: float, steps: int, warmup: float, start: float, end: float
) -> None:
    rates = np.array(values(OneCycle(peak, steps, warmup, start, end), steps + 1))
    top = int(np.ceil(warmup * steps))
    slack = 1e-12 * peak
    assert (np.diff(rates[:top]) >= -slack).all()
    assert (np.diff(rates[top:]) <= slack).all()
    assert rates.max() <= peak + slack
    assert rates.min() >= min(peak / start, peak / end) - slack


@given(falling, st.integers(1, 50))
def test_warm_up_rises_to_what_it_hands_over_to(then: Schedule, steps: int) -> None:
    rates = values(Warmup(then.value, steps, then), steps + 2)
    assert (np.diff(rates[:steps]) > 0).all()
    assert rates[steps - 1] == pytest.approx(then(0))
    assert rates[steps:] == [then(0), then(1)]


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
@pytest.mark.parametrize("place", [0, 1, 3])
def test_a_loss_that_is_not_finite_is_no_best_to_compare_with(bad: float, place: int) -> None:
    schedule, losses = ReduceOnPlateau(1.0, patience=1), [2.0, 1.5, 1.0, 0.5]
    for loss in [*losses[:place], bad, *losses[place:]]:
        schedule.observe(loss)
    assert (schedule.best, schedule.reductions) == (0.5, 0)
    schedule.observe(bad)
    schedule.observe(bad)
    assert schedule.reductions == 1  # it has not fallen for more than one epoch


@pytest.mark.parametrize("best", [float("inf"), float("nan"), None])
def test_a_plateau_of_an_earlier_version_that_had_no_best_yet_loads(best: float | None) -> None:
    schedule = ReduceOnPlateau(1.0, patience=1)
    schedule.load({"best": best, "waited": 1, "reductions": 0})
    schedule.observe(0.5)
    assert schedule.state() == {"best": 0.5, "waited": 0, "reductions": 0}
