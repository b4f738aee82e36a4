"""Words about a network are about that network: its activation, its kinks, its loss."""

import json
from dataclasses import replace

import pytest
import tomli_w

from backhand.experiments.questions.record import Answer
from backhand.experiments.questions.report import divergence, dropout
from backhand.experiments.run.kinks import activation, kinks
from backhand.experiments.run.record import read
from backhand.experiments.run.report.chapters import _gradients
from backhand.experiments.run.report.network import DEAD, dying
from backhand.study import Study
from tests.experiments.questions.answers import answer, training, uses

RELU, LEAKY = "stops their gradient for good", "the gradient has only the small slope"


def mlp(activation: str) -> dict:
    return {"name": "mlp", "hidden": [4], "activation": activation}


def study(model: dict) -> Study:
    return Study.model_validate({"name": "s", "data": {"name": "digits"}, "model": model})


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (mlp("relu"), ["ReLU at 0"]),
        (mlp("leaky_relu"), ["leaky ReLU at 0"]),
        (mlp("tanh"), []),
        (mlp("elu"), []),  # with alpha = 1 its slope has no jump
        ({"name": "cnn"}, ["ReLU at 0", "ties in max-pooling"]),
        ({"name": "resnet", "depth": 18, "preactivation": True}, ["ReLU at 0"]),
        ({"name": "lenet"}, []),
        ({"name": "sequential", "layers": [{"kind": "global_max_pool2d"}]}, ["ties in max-pooling"]),
        ({"name": "sequential", "layers": [{"kind": "global_avg_pool2d"}]}, []),
        ({"name": "mlp", "hidden": []}, []),
    ],
)
def test_the_kinks_of_a_network(model: dict, words: list[str]) -> None:
    assert list(kinks(study(model).model.make(1))) == words


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("relu", "ReLU"),
        ("leaky_relu", "LeakyReLU"),
        ("elu", "ELU"),
        ("silu", "SiLU"),
        ("gelu", "GELU"),
        ("sigmoid", "Sigmoid"),
        ("tanh", "Tanh"),
    ],
)
def test_units_die_as_their_activation_has_it(name: str, kind: str) -> None:
    assert activation(study(mlp(name)).model.make(1)) == kind
    assert dying(kind) == DEAD[kind]
    assert activation(study({"name": "mlp", "hidden": []}).model.make(1)) == dying("") == ""


@pytest.mark.parametrize(("kind", "there", "absent"), [("ReLU", RELU, LEAKY), ("LeakyReLU", LEAKY, RELU)])
def test_what_came_to_nothing_is_explained_with_the_networks_own_activation(kind, there, absent) -> None:
    unlearned = of(answer("divergence", [training(10, 0.1, 0.8), training(10, 1.0, 0.1)]), kind)
    text = str(divergence.chapters(unlearned)[1].blocks[0])
    assert there in text
    assert absent not in text
    learned = of(answer("divergence", [training(10, 0.1, 0.8)]), kind)
    assert "yet learn nothing" not in str(divergence.chapters(learned))


def of(whole: Answer, kind: str) -> Answer:
    return replace(whole, record=whole.record.model_copy(update={"activation": kind}))


def gradients(folder, kinks: list[str] | None, skipped: int = 1, loss: str = "softmax_cross_entropy") -> str:
    study_table = {"name": "s", "data": {"name": "digits"}, "model": mlp("relu"), "train": {"loss": loss}}
    (folder / "study.toml").write_text(tomli_w.dumps(study_table), encoding="utf-8")
    metrics = json.loads((folder / "metrics.json").read_text())
    metrics["model"]["kinks"] = kinks
    for check in metrics["gradient_check"]:
        check["skipped"] = skipped
    (folder / "metrics.json").write_text(json.dumps(metrics))
    return str(_gradients(read(folder))[0])


def test_the_gradient_check_names_the_networks_own_kinks(folder) -> None:
    assert "at a kink, here ReLU at 0, are skipped" in gradients(folder, ["ReLU at 0"])
    both = gradients(folder, ["ReLU at 0", "ties in max-pooling"])
    assert "here ReLU at 0 and ties in max-pooling, are skipped" in both
    assert "the loss is flat" in both
    hinge = gradients(folder, ["ReLU at 0"], loss="hinge")
    assert "here ReLU at 0 and the hinge at its margin, are" in hinge
    assert "the loss is flat" not in hinge
    assert "kink" not in gradients(folder, [], skipped=0)
    assert "at a kink are skipped" in gradients(folder, None)  # of an earlier version


def test_a_network_that_learned_nothing_is_no_example_of_dropout() -> None:
    values, figures = uses(0.7, [0.32, 0.01], 0.5, 1.0, 0.7)
    for network in figures["classic"], figures["inverted"]:
        for result in network.values():
            result["accuracy"] = 0.12
    findings = dict(dropout.findings(answer("dropout", [uses(0.5, [0.32, 0.01], 0.5, 1.0, 0.7), (values, figures)])))
    assert findings["Learned nothing"].startswith("With 16 hidden units and p = 0.7, the network is no better than")
    assert "Learned nothing" not in dict(dropout.findings(answer("dropout", [uses(0.5, [0.32, 0.01], 0.5, 1.0, 0.7)])))


def test_an_accuracy_that_so_few_samples_show_by_chance_costs_nothing_for_sure() -> None:
    findings = dict(dropout.findings(answer("dropout", [uses(0.5, [0.32, 0.01], 0.5, 1.0, 0.89)])))
    assert findings["What forgetting costs"].endswith("a difference that chance can make on 100 validation samples.")
    findings = dict(dropout.findings(answer("dropout", [uses(0.5, [0.32, 0.01], 0.5, 1.0, 0.7)])))
    assert "chance" not in findings["What forgetting costs"]
