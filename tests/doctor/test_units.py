"""Dead and saturated units, the modes, and the penalty."""

import numpy as np
import pytest

from backhand.doctor import modes, penalty, units
from backhand.doctor.penalty import is_shift
from backhand.doctor.subject import NotMeasuredError
from tests.doctor.smallnet import SmallNet, causes, subject


def test_a_healthy_network_has_no_problem():
    for examine in (units.examine, modes.examine, penalty.examine):
        assert causes(examine(subject())) == {}


def test_shares_count_units_and_not_values():
    outputs = np.zeros((5, 3, 3, 4))
    outputs[2, 1, 1, 0] = 1.0  # a channel that is positive once is alive
    assert units.dead_share(outputs) == 0.75
    assert units.saturated_share(np.array([[0.001, 0.5], [0.999, 0.5]]), "sigmoid") == 0.5
    assert units.saturated_share(np.array([[-0.999, 0.0]]), "tanh") == 0.5


def test_units_that_are_dead_at_the_start():
    network = SmallNet()
    network.values["0.bias"][:20] = -100.0
    measured = units.examine(subject(network))
    assert causes(measured) == {"dead units at the start": "wrong"}
    assert "83% in layer 1" in measured.problems[0].headline


def test_some_dead_units_are_a_warning():
    network = SmallNet()
    network.values["0.bias"][:11] = -100.0
    assert causes(units.examine(subject(network))) == {"dead units at the start": "warning"}


def test_units_that_have_died_in_the_training():
    measured = units.examine(subject(trained={"with the last weights": SmallNet(bias=-100.0)}))
    assert causes(measured) == {"dead units with the last weights": "wrong"}
    assert list(measured.plots[0].series) == ["at the start", "with the last weights"]


def test_saturated_units():
    network = SmallNet()
    network.activations = lambda x: {"1": ("tanh", np.tanh(2 * x))}
    assert list(causes(units.examine(subject(network)))) == []
    network.activations = lambda x: {"1": ("tanh", np.tanh(200 * (x + 0.5)))}
    assert causes(units.examine(subject(network))) == {"saturated units at the start": "wrong"}


def test_a_network_without_such_units_is_left_out():
    network = SmallNet()
    network.activations = lambda x: {}
    with pytest.raises(NotMeasuredError, match="no ReLU, sigmoid or tanh"):
        units.examine(subject(network))


@pytest.mark.parametrize(
    ("mistake", "cause"),
    [("dropout at evaluation", "random at evaluation"), ("statistics of the batch", "depends on the batch")],
)
def test_a_mode_that_was_forgotten(mistake, cause):
    assert causes(modes.examine(subject(SmallNet(mistake)))) == {cause: "wrong"}
    trained = {"with the best weights": SmallNet(mistake)}
    measured = modes.examine(subject(trained=trained))
    assert "with the best weights" in measured.problems[0].headline


def test_a_penalty_on_biases():
    measured = penalty.examine(subject(SmallNet("penalty on biases")))
    assert causes(measured) == {"penalty on biases": "wrong"}
    assert measured.problems[0].headline == "the penalty acts on 0.bias and 2.bias"


def test_without_a_penalty_there_is_nothing_to_measure():
    network = SmallNet()
    network.penalised = lambda: dict.fromkeys(network.values, False)
    with pytest.raises(NotMeasuredError, match="no penalty"):
        penalty.examine(subject(network))


@pytest.mark.parametrize(
    "name", ["0.bias", "b1", "b", "self.biases[0]", "biases[1]", "4.body.0.gamma", "beta", "params['b2']"]
)
def test_names_of_biases(name):
    assert is_shift(name, 2)


@pytest.mark.parametrize("name", ["0.weight", "W1", "weights[0]", "theta", "params['W1']", "embedding"])
def test_names_of_weights(name):
    assert not is_shift(name, 2)
