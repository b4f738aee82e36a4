"""Questions: what is measured, killed and resumed, other data or settings refused, mistakes in one sentence."""

import json
from pathlib import Path

import numpy as np
import pytest

from backhand.architectures import mlp
from backhand.errors import CheckpointError, StudyError
from backhand.experiments.questions import work
from backhand.experiments.questions.divergence import lowest_mean
from backhand.experiments.questions.dropout import copy_in_mode, mean_scores
from backhand.experiments.questions.plan import QUESTIONS, Question, question
from backhand.experiments.questions.record import QuestionRecord
from backhand.experiments.questions.sigmoid import agreement, one_sign, weight_gradients
from backhand.layers import Dropout
from backhand.training.losses import SoftmaxCrossEntropy

SMALL = ["train.epochs=2", "data.train_size=200"]
SPACES = {
    "sigmoid": '{"model.activation"=["sigmoid","relu","tanh"],"model.hidden"=[[8],[8,8,8]]}',
    "dropout": '{"model.hidden"=[[16]],"model.dropout"=[0.5]}',
    "divergence": '{"train.batch_size"=[25,50],"train.optimizer.lr"=[0.05,0.5,50.0]}',
}


def ask(name: str, path: Path, *more: str) -> QuestionRecord:
    study = question(name).study([*SMALL, f"search.space={SPACES[name]}", *more])
    return work.run(name, study, path, resume=None, quiet=True)


def test_one_sign_leaves_zeros_aside_and_judges_no_unit_with_a_single_entry():
    gradient = np.array([[1.0, 1, 0, 2], [2, -1, 0, 0], [0, 3, 0, 0]])
    assert one_sign((gradient,)) == 0.5  # the first of two; the last two columns cannot be judged
    assert one_sign((np.zeros((3, 2)),)) is None
    assert agreement(gradient) == pytest.approx((1 + 2 / 3) / 2)


def test_weight_gradients_are_those_of_training_and_leave_the_model_alone(rng):
    model, loss = mlp(3, (5, 4), activation="tanh").build((6,), seed=2), SoftmaxCrossEntropy()
    x, labels = rng.standard_normal((10, 6)).astype(np.float32), rng.integers(0, 3, 10)
    gradients = weight_gradients(model, loss, x, labels)
    assert not model.parameters.grads.any()
    loss.forward(model.forward(x, train=True), labels)
    model.backward(loss.backward())
    expected = [parameter.grad for parameter in model.parameters if parameter.name.endswith("weight")]
    for ours, theirs in zip(gradients, expected, strict=True):
        assert ours.dtype == np.float64
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-6)


def test_the_gradient_vanishes_with_sigmoid_and_signs_are_those_of_the_inputs(tmp_path):
    record = ask("sigmoid", tmp_path / "s")
    cells = {(cell.values["model.activation"], len(cell.values["model.hidden"])): cell.found for cell in record.cells}
    assert len(cells) == 6
    ratio = {key: gradients.norms[0] / gradients.norms[-1] for key, gradients in cells.items()}
    assert ratio["sigmoid", 3] < 0.3 * ratio["sigmoid", 1] < ratio["relu", 1]
    assert ratio["sigmoid", 3] < 0.1 * ratio["relu", 3]
    assert cells["sigmoid", 3].one_sign[1:] == (1, 1, 1)
    assert cells["relu", 3].one_sign[1:] == (1, 1, 1)
    assert max(cells["tanh", 3].one_sign) < 0.5


def test_dropout_has_the_expected_output_at_inference_only_with_its_own_scaling(tmp_path):
    (cell,) = ask("dropout", tmp_path / "d").cells
    masks = cell.found
    for mode, other in (("inverted", "classic"), ("classic", "inverted")):
        right, wrong = (getattr(getattr(masks, mode), used).gap for used in (mode, other))
        assert 20 < right[0] / right[-1] < 50  # 1024 masks: noise falls 32 times
        assert wrong[-1] > 10 * right[-1]
    assert masks.classic.inverted.gap[-1] == pytest.approx(0.5, abs=0.05)  # p
    assert masks.inverted.classic.gap[-1] == pytest.approx(1, abs=0.1)  # p / (1 - p)


def test_the_mean_over_masks_is_over_different_ones(rng):
    model = copy_in_mode(mlp(3, (20,), dropout=0.5).build((6,)), "classic")
    assert [layer.mode for _, layer in model.walk() if isinstance(layer, Dropout)] == ["classic"]
    first, second, *_ = mean_scores(model, rng.standard_normal((4, 6)).astype(np.float32), rng)
    assert not np.allclose(first, second)


def test_divergences_are_kept_with_what_the_solver_says(tmp_path):
    cells = ask("divergence", tmp_path / "v").cells
    diverged = [cell for cell in cells if cell.found.message]
    assert {cell.values["train.optimizer.lr"] for cell in diverged} >= {50}
    assert all("Try a lower learning rate" in cell.found.message for cell in diverged)
    calm = [cell.found for cell in cells if cell.values["train.optimizer.lr"] == 0.05]
    for losses in calm:
        assert not losses.message
        assert len(losses.validation_accuracy) == 2
        assert losses.lowest < losses.first == losses.curve[0][1]
    json.loads((tmp_path / "v" / "question.json").read_text(), parse_constant=pytest.fail)  # no NaN


def test_killed_and_asked_again_it_goes_on_with_the_cell_it_was_at(tmp_path, monkeypatch):
    whole = ask("sigmoid", tmp_path / "whole")
    sigmoid, trained = QUESTIONS["sigmoid"], []

    def dies(study, feeds):
        if len(trained) == 2:
            raise KeyboardInterrupt
        trained.append(study)
        return sigmoid.measure(study, feeds)

    with monkeypatch.context() as patch:
        patch.setitem(QUESTIONS, "sigmoid", Question("sigmoid", sigmoid.keys, dies))
        with pytest.raises(KeyboardInterrupt):
            ask("sigmoid", tmp_path / "cut")
    before = json.loads((tmp_path / "cut" / "question.json").read_text())
    assert len(before["cells"]) == 2
    after = ask("sigmoid", tmp_path / "cut")
    assert [cell.as_json() for cell in after.cells[:2]] == before["cells"]
    assert [cell.found for cell in after.cells] == [cell.found for cell in whole.cells]
    assert ask("sigmoid", tmp_path / "cut") == after


@pytest.mark.parametrize(
    ("change", "kind", "sentence"),
    [
        (["train.epochs=3"], StudyError, "its train.epochs is 2, and 3 is asked for"),
        (["train.batch_size=20"], StudyError, "its train.batch_size is 50, and 20 is asked for"),
        (["data.name=breast_cancer"], StudyError, "its data.name is 'digits'"),
    ],
)
def test_a_folder_keeps_to_its_question(tmp_path, change, kind, sentence):
    ask("dropout", tmp_path / "d")
    with pytest.raises(kind, match=sentence):
        ask("dropout", tmp_path / "d", *change)


def test_other_data_and_damaged_records_are_refused(tmp_path):
    ask("dropout", tmp_path / "d")
    record = json.loads((tmp_path / "d" / "question.json").read_text())
    record["data"]["sha256"] = "0"
    (tmp_path / "d" / "question.json").write_text(json.dumps(record))
    with pytest.raises(CheckpointError, match="begun with other data"):
        ask("dropout", tmp_path / "d")
    (tmp_path / "d" / "question.json").write_text("{")
    with pytest.raises(CheckpointError, match="is damaged"):
        ask("dropout", tmp_path / "d")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["sigmod"], 'there is no question "sigmod"; did you mean "sigmoid"?'),
        (["sigmoid", "--set", "train.epoch=2"], 'unknown key "epoch"; did you mean "epochs"?'),
        (["sigmoid", "--set", "data.validation=0"], "data.validation is 0; give it a share"),
        (["sigmoid", "--set", "search.method=random", "--set", "search.trials=3"], "asked over a grid of"),
        (
            ["sigmoid", "--set", 'search.space={"train.l2"=[0.1]}'],
            "asked over a grid of model.activation and model.hidden",
        ),
        (["dropout", "--set", 'search.space={"model.hidden"=[[8]],"model.dropout"=[0.0]}'], "needs a dropout above 0"),
        (["dropout", "--set", "data.name=mnist", "--data-dir", "nowhere"], "nowhere"),
        (["sigmoid", "--set", "train.optimizer.lr=1e9", "--set", f"search.space={SPACES['sigmoid']}"], "diverged"),
    ],
)
def test_a_mistake_is_one_sentence_and_status_2(cli, tmp_path, arguments, sentence):
    status, output = cli("ask", *arguments, "--out", tmp_path / "out")
    assert status == 2
    assert sentence in output
    assert "Traceback" not in output


def test_the_list_and_a_question_from_end_to_end(cli, tmp_path):
    status, output = cli("ask")
    assert (status, all(name in output for name in QUESTIONS)) == (0, True)
    changes = [f"--set={change}" for change in [*SMALL, f"search.space={SPACES['dropout']}"]]
    status, output = cli("ask", "dropout", "--out", tmp_path / "d", *changes)
    assert status == 0
    assert "cell 1/1" in output
    assert str(tmp_path / "d" / "report.html") in output
    assert (tmp_path / "d" / "report.html").exists()


def test_a_loss_fell_where_its_mean_over_samples_did():
    """Of eight samples each, the lowest of many batches lies far below the first by chance alone."""
    rng = np.random.default_rng(0)
    noise = (2.3 * rng.exponential(size=2000)).reshape(-1, 8).mean(1).tolist()
    assert min(noise) < 0.5 * noise[0]
    assert lowest_mean(noise, 8) > 0.85 * 2.3
    assert lowest_mean([3.0] * 50 + [1.0] * 50, 8) == pytest.approx(1.0)
    assert lowest_mean([3.0] * 49, 8) is None
    assert lowest_mean([3.0, 1.0, 2.0], 512) == 1.0
