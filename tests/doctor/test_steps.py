"""One batch by heart, the sign of the step, the rate, and the flow of the gradient."""

import numpy as np
import pytest

from backhand.doctor import direction, flow, one_batch, rates
from backhand.doctor.subject import NotMeasuredError
from tests.doctor.smallnet import K, SmallNet, causes, subject


@pytest.mark.parametrize("examine", [one_batch.examine, direction.examine, rates.examine, flow.examine])
def test_a_healthy_network_has_no_problem(examine):
    assert causes(examine(subject())) == {}


@pytest.mark.parametrize(
    ("network", "cause"),
    [
        (SmallNet(rate=1e-5), "rate too small"),
        (SmallNet(rate=300.0), "rate too large"),
        (SmallNet("frozen"), "frozen parameters"),
        (SmallNet("labels off by one"), "labels of another base"),
        (SmallNet("step upwards"), "one batch is not learnt"),
        (SmallNet(bias=-100.0), "gradient zero"),
    ],
)
def test_why_a_batch_is_not_learnt(network, cause):
    assert list(causes(one_batch.examine(subject(network)))) == [cause]


def test_a_rate_that_is_too_large_is_told_with_the_one_that_works():
    (problem,) = one_batch.examine(subject(SmallNet(rate=300.0))).problems
    assert problem.headline == "the learning rate is too large, by about 10 times"
    assert "at 0.1 times the rate it fell to" in problem.evidence


def test_only_a_rate_that_is_off_by_more_than_ten_times_is_wrong():
    severities = [causes(one_batch.examine(subject(SmallNet(rate=rate)))) for rate in (1.0, 300.0, 3000.0, 1e-5)]
    assert severities == [{}, {"rate too large": "warning"}, {"rate too large": "wrong"}, {"rate too small": "wrong"}]


def test_the_shift_of_the_classes_is_told():
    (problem,) = one_batch.examine(subject(SmallNet("labels off by one"))).problems
    assert problem.headline == "the loss reads the score of class label + 1"


def test_a_rate_that_was_made_up_is_not_judged():
    assert causes(one_batch.examine(subject(SmallNet(rate=0.01), rate="made up"))) == {}
    with pytest.raises(NotMeasuredError, match="no rate of its own"):
        rates.examine(subject(rate="made up"))


@pytest.mark.parametrize(
    ("mistake", "cause"),
    [
        ("step upwards", "wrong sign of the step"),
        ("sign of the gradient", "wrong sign of the step"),
        ("sign of one layer", "gradient of the wrong sign"),
        ("summed gradient", "gradient of another size"),
        ("gradients add up", "gradients add up"),
    ],
)
def test_a_step_that_does_not_descend(mistake, cause):
    assert list(causes(direction.examine(subject(SmallNet(mistake))))) == [cause]


def test_whether_the_gradient_or_the_step_is_of_the_wrong_sign():
    headlines = [
        direction.examine(subject(SmallNet(mistake))).problems[0].headline
        for mistake in ("sign of the gradient", "step upwards")
    ]
    assert "the gradients are of the wrong sign" in headlines[0]
    assert "the step adds the gradient" in headlines[1]


def test_a_gradient_that_is_summed_is_told_from_a_wrong_one():
    (problem,) = direction.examine(subject(SmallNet("summed gradient"))).problems
    assert "is summed over the batch, and the loss is a mean" in problem.headline


@pytest.mark.parametrize(("rate", "cause"), [(100.0, "rate above the good range"), (1e-5, "rate below the good range")])
def test_a_rate_far_from_the_good_ones(rate, cause):
    labels = np.random.default_rng(1).integers(0, K, len(subject().x))  # a batch that takes a while
    assert causes(rates.examine(subject(SmallNet(rate=rate), labels=labels))) == {cause: "warning"}


def network_of_many_layers(factor):
    """A network whose gradient grows by this factor on its way back to the first layer."""
    network = SmallNet()
    gradients = network.gradients

    def changed(x, labels):
        found = gradients(x, labels)
        return {name: value * (factor if name.startswith("0") else 1) for name, value in found.items()}

    network.gradients = changed
    return network


@pytest.mark.parametrize(
    ("factor", "cause", "severity"),
    [
        (2e-3, "gradient vanishes", "warning"),
        (1e-7, "gradient vanishes", "wrong"),
        (1e6, "gradient explodes", "wrong"),
        (np.nan, "gradient not finite", "wrong"),
    ],
)
def test_a_gradient_that_vanishes_or_explodes(factor, cause, severity):
    assert causes(flow.examine(subject(network_of_many_layers(factor))))[cause] == severity


@pytest.mark.parametrize(("rate", "cause"), [(50.0, "steps too long"), (1e-8, "steps too short")])
def test_steps_beside_the_weights(rate, cause):
    assert causes(flow.examine(subject(SmallNet(rate=rate)))) == {cause: "warning"}


def test_the_plots_have_a_bar_per_layer():
    (plot,) = flow.examine(subject()).plots
    assert plot.names == ("0", "2")
    assert [len(values) for values in plot.series.values()] == [2, 2]
