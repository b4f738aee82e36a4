"""Words about a network are about that network: its activation, its kinks, its loss."""

import json

import pytest
import tomli_w

from backhand.experiments.questions.report import divergence, dropout
from backhand.experiments.run.record import read
from backhand.experiments.run.report.chapters import _gradients
from backhand.experiments.run.report.network import DEAD, dying, kinks
from tests.experiments.questions.test_report_questions import answer, fate, ways

RELU, LEAKY = "leave units that no sample reaches", "the gradient is only the small slope"


def mlp(activation: str) -> dict:
    return {"name": "mlp", "hidden": [4], "activation": activation}


def by_layers(*kinds: str) -> dict:
    return {"name": "sequential", "layers": [{"kind": kind} for kind in kinds]}


@pytest.mark.parametrize(
    ("model", "loss", "words"),
    [
        (mlp("relu"), "softmax_cross_entropy", "ReLU at 0"),
        (mlp("leaky_relu"), "softmax_cross_entropy", "leaky ReLU at 0"),
        (mlp("leaky_relu"), "hinge", "leaky ReLU at 0 and the hinge at its margin"),
        (mlp("tanh"), "softmax_cross_entropy", ""),
        (mlp("elu"), "softmax_cross_entropy", ""),  # with alpha = 1 its slope has no jump
        ({"name": "cnn"}, "softmax_cross_entropy", "ReLU at 0 and ties in max-pooling"),
        ({"name": "resnet", "depth": 18, "preactivation": True}, "softmax_cross_entropy", "ReLU at 0"),
        ({"name": "lenet"}, "softmax_cross_entropy", ""),
        ({"name": "of a later version"}, "softmax_cross_entropy", ""),
        ({"name": "mlp", "hidden": []}, "binary_hinge", "the hinge at its margin"),
    ],
)
def test_the_kinks_of_a_network(model: dict, loss: str, words: str) -> None:
    assert kinks({"model": model, "train": {"loss": loss}}) == words


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "elu", "sigmoid", "tanh"])
def test_units_die_as_their_activation_has_it(activation: str) -> None:
    said = dying({"model": mlp(activation)})
    assert said == DEAD[next(kind for kind in DEAD if kind.__name__.lower() == activation.replace("_", ""))]
    assert said in DEAD.values()
    assert dying({"model": {"name": "mlp", "hidden": []}}) == ""


@pytest.mark.parametrize(("activation", "there", "absent"), [("relu", RELU, LEAKY), ("leaky_relu", LEAKY, RELU)])
def test_what_came_to_nothing_is_explained_with_the_networks_own_activation(activation, there, absent) -> None:
    lost = answer("divergence", [fate(10, 0.1, 0.8), fate(10, 1.0, 0.1)])
    lost.study["model"] = mlp(activation)
    text = str(divergence.chapters(lost)[1].blocks[0])
    assert there in text
    assert absent not in text
    fine = answer("divergence", [fate(10, 0.1, 0.8)])
    fine.study["model"] = mlp(activation)
    assert "come to nothing" not in str(divergence.chapters(fine))


def gradients(folder, **changes) -> str:
    study = {"name": "s", "data": {"name": "digits"}, "model": mlp("relu"), "train": {}} | changes
    (folder / "study.toml").write_text(tomli_w.dumps(study), encoding="utf-8")
    return str(_gradients(read(folder))[0])


def test_the_gradient_check_names_the_networks_own_kinks(folder) -> None:
    assert "beside a kink, here ReLU at 0, are skipped" in gradients(folder)
    assert "here leaky ReLU at 0, are" in gradients(folder, model=mlp("leaky_relu"))
    assert "the loss is flat" in gradients(folder)
    hinge = gradients(folder, train={"loss": "hinge"})
    assert "here ReLU at 0 and the hinge at its margin, are" in hinge
    assert "the loss is flat" not in hinge
    metrics = json.loads((folder / "metrics.json").read_text())
    for check in metrics["gradient_check"]:
        check["skipped"] = 0
    (folder / "metrics.json").write_text(json.dumps(metrics))
    assert "kink" not in gradients(folder, model=mlp("tanh"))


def test_a_network_that_learned_nothing_is_no_example_of_dropout() -> None:
    values, found = ways(0.7, [0.32, 0.01], 0.5, 1.0, 0.7)
    for use in found["classic"].values(), found["inverted"].values():
        for each in use:
            each["accuracy"] = 0.12
    told = dict(dropout.findings(answer("dropout", [ways(0.5, [0.32, 0.01], 0.5, 1.0, 0.7), (values, found)])))
    assert told["Learned nothing"].startswith("16 hidden units, p = 0.7: trained and used alike, no better than always")
    assert "Learned nothing" not in dict(dropout.findings(answer("dropout", [ways(0.5, [0.32, 0.01], 0.5, 1.0, 0.7)])))


def test_an_accuracy_that_so_few_samples_show_by_chance_costs_nothing_for_sure() -> None:
    told = dict(dropout.findings(answer("dropout", [ways(0.5, [0.32, 0.01], 0.5, 1.0, 0.89)])))
    assert told["What forgetting costs"].endswith(", which 100 validation samples may show by chance.")
    told = dict(dropout.findings(answer("dropout", [ways(0.5, [0.32, 0.01], 0.5, 1.0, 0.7)])))
    assert "by chance" not in told["What forgetting costs"]
