"""Networks in a person's file: healthy in four forms, and every mistake by its name."""

import pytest

from backhand.check.doctor.subjects import diagnoses
from backhand.errors import BackhandError
from tests.check.doctor.more_programs import OF_TUTORIALS
from tests.check.doctor.programs import (
    MISTAKES,
    OF_LAYERS,
    OF_MNIST,
    PAIR_OF_METHODS,
    SINGLE_SAMPLES,
    TWO_LAYERS,
    replaced,
)


@pytest.fixture
def examined(tmp_path):
    """The only diagnosis of a file of this text."""

    def examine(text):
        file = tmp_path / "net.py"
        file.write_text(text, "utf-8")
        (diagnosis,) = diagnoses(str(file))
        return diagnosis

    return examine


def causes(diagnosis):
    return {problem.cause for _, problem in diagnosis.problems}


@pytest.mark.parametrize(
    ("text", "step", "data"),
    [
        (TWO_LAYERS, "`train` for a single step, at the rate 0.1", "6 features in 3 classes; samples as rows"),
        (OF_MNIST, "`update`, at the rate 0.1", "784 features in 10 classes; samples as rows"),
        (SINGLE_SAMPLES, "`update_mini_batch` for a single step, at the rate 0.1", "samples as a single column"),
        (OF_LAYERS, "`step`, at the rate 0.1", "6 features in 3 classes; samples as rows"),
        (OF_TUTORIALS, "`train` for a single step, at the rate 0.5", "6 features in 3 classes; samples as rows"),
        (PAIR_OF_METHODS, "plain, at the rate 0.1: the class has no step of its own that can be called", "as rows"),
    ],
)
def test_healthy_networks(examined, text, step, data):
    diagnosis = examined(text)
    assert causes(diagnosis) == set()
    assert diagnosis.failure == ""
    facts = dict(diagnosis.looked_at)
    assert facts["step"] == step
    assert data in facts["data"]
    measured = {result.symptom for result in diagnosis.results if not result.left_out}
    assert {"direction", "one_batch", "modes"} <= measured


@pytest.mark.parametrize("cause", MISTAKES)
def test_a_mistake_is_named(examined, cause):
    assert cause in causes(examined(replaced(TWO_LAYERS, MISTAKES[cause])))


@pytest.mark.parametrize(
    ("text", "replacement", "cause"),
    [
        (OF_MNIST, ("self.W2 -= self.lr", "self.W2 += self.lr"), "wrong sign of the step"),
        (OF_MNIST, ("self.b1 = np.zeros((1, 30))", "self.b1 = np.full((1, 30), -80.0)"), "dead units at the start"),
        (OF_MNIST, ("        self.b2 -= self.lr * self.db2\n", ""), "frozen parameters"),
        (SINGLE_SAMPLES, ("w - eta", "w + eta"), "wrong sign of the step"),
        (OF_LAYERS, ("layer.W -= lr", "layer.W += lr"), "wrong sign of the step"),
        (OF_LAYERS, ("self.y > 0", "self.y <= 0"), "gradient does not fit"),
        (OF_LAYERS, ("layer.b -= lr * layer.db", "pass"), "frozen parameters"),
        (OF_LAYERS, ("def zero_grad(self)", "def forget(self)"), "gradients add up"),
        (OF_LAYERS, ("np.sqrt(2 / n_in)", "9.0"), "scores too large: weights"),
        (OF_TUTORIALS, ("(output - y)", "(y - output)"), "wrong sign of the step"),
        (OF_TUTORIALS, ("self.W1 -= self.learning_rate * X.T @ d1", "pass"), "frozen parameters"),
        (PAIR_OF_METHODS, ("d /= len(x)", "d /= -len(x)"), "wrong sign of the step"),
    ],
)
def test_a_mistake_in_another_form_is_named(examined, text, replacement, cause):
    assert cause in causes(examined(replaced(text, [replacement])))


@pytest.mark.parametrize("columns", [False, True])
def test_a_network_of_layers_that_ends_with_probabilities(examined, columns):
    """Its backward pass goes through the softmax; its samples are rows or columns."""
    softmax = """
class Softmax:
    def forward(self, x):
        e = np.exp(x - x.max(1, keepdims=True))
        self.p = e / e.sum(1, keepdims=True)
        return self.p

    def backward(self, dout):
        return self.p * (dout - (dout * self.p).sum(1, keepdims=True))


class MLP"""
    text = replaced(OF_LAYERS, [("\nclass MLP", softmax), ("output_size)]", "output_size), Softmax()]")])
    if columns:
        forward, backward = "        for layer in self.layers:\n            x =", "        for layer in reversed"
        text = replaced(
            text, [("        return x\n", "        return x.T\n"), (forward, f"        x = x.T\n{forward}")]
        )
        text = replaced(text, [(backward, f"        dout = dout.T\n{backward}"), ("return dout\n", "return dout.T\n")])
    diagnosis = examined(text)
    assert causes(diagnosis) == set()
    assert f"samples as {'columns' if columns else 'rows'}" in dict(diagnosis.looked_at)["data"]


def test_what_needs_data_is_left_out_with_the_reason(examined):
    results = {result.symptom: result for result in examined(TWO_LAYERS).results}
    for symptom in ("inputs", "labels", "scaling", "overlap", "balance"):
        assert results[symptom].left_out == "it needs data, and the file brings none"
    assert "unknown" not in results["batches"].left_out
    assert results["course"].left_out == "it needs a run that has been trained"


def test_code_that_raises_leaves_a_symptom_out(examined):
    text = replaced(
        TWO_LAYERS, [("if y is None:", "if len(X) > 40:\n            raise MemoryError\n        if y is None:")]
    )
    results = {result.symptom: result for result in examined(text).results}
    assert results["start"].left_out == "the code raises MemoryError: "
    assert results["one_batch"].verdict == "fine"


def test_a_network_without_gradients_and_without_steps_is_left_out(examined):
    text = replaced(OF_TUTORIALS, [("    def train(self, X, y, epochs=1000):", "    def other(self, epochs, X, y):")])
    results = {result.symptom: result for result in examined(text).results}
    assert results["one_batch"].left_out.startswith("the gradients of the network are returned nowhere")


def test_a_network_that_is_not_understood_says_why(examined):
    text = "class Net:\n    def loss(self, x, y):\n        raise KeyError('weights')\n"
    assert examined(text).failure.startswith("the network was not understood: ")


def test_a_file_of_layers_is_refused(tmp_path):
    file = tmp_path / "layers.py"
    file.write_text("def relu_forward(x):\n    return x, x\n", "utf-8")
    with pytest.raises(BackhandError, match="there is no class with a method such as `loss"):
        list(diagnoses(str(file)))
