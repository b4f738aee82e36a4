"""Sentences of a report that chance would make are not made, or say so; those of a failed training stand alone."""

from math import nan

import numpy as np
import pytest
from safetensors.numpy import load_file

from backhand import checkpoint
from tests.experiments.run.changedruns import ends, keep_first


def confused(*cells, classes=10, support=36):
    """Metrics whose confusion matrix has these mistakes, (true, predicted, times), and no others."""

    def change(facts):
        counts = np.diag([support] * classes)
        for true, predicted, times in cells:
            counts[true, true] -= times
            counts[true, predicted] += times
        right, total = int(counts.trace()), int(counts.sum())
        test = facts["test"]
        test |= {"confusion": counts.tolist(), "count": total, "correct": right}
        test |= {"accuracy": right / total, "error": 1 - right / total, "interval": [right / total - 0.02, 1.0]}
        for k, row in enumerate(test["per_class"]):
            row |= {"recall": counts[k, k] / support, "support": support}
        test["macro"]["recall"] = right / total

    return change


SPREAD = [(k, (k + 3) % 10, 1) for k in range(10)]


def test_the_loss_that_rose_from_0_5723_to_0_5726_is_no_overfitting(changed_findings):
    def rise(lines):
        ends(lines, train_loss=0.5, validation_loss=0.5726)
        lines[0]["validation_loss"] = 0.5723

    assert "Overfitting" not in changed_findings(keep_first, rise)


@pytest.mark.parametrize(("last", "overfits"), [(0.60, False), (1.4, True)])
def test_a_curve_that_goes_up_and_down_as_much_does_not_overfit(changed_findings, last, overfits):
    def noisy(lines):
        for epoch, line in enumerate(lines):
            line |= {"train_loss": 1 - 0.03 * epoch, "validation_loss": 0.5 + 0.1 * (epoch % 2)}
        lines[-1]["validation_loss"] = last

    def keep(facts):
        facts["training"]["chosen_epoch"] = 1

    assert ("Overfitting" in changed_findings(keep, noisy)) == overfits


def test_a_gap_that_so_few_samples_show_by_chance_is_called_so(changed_findings):
    def gap(train, validation):
        return lambda lines: [line.update(train_accuracy=train, validation_accuracy=validation) for line in lines]

    assert changed_findings(history=gap(0.98, 0.975))["Generalisation"].endswith(
        "on, a difference that chance can make on 216 validation samples."
    )
    assert changed_findings(history=gap(0.99, 0.90))["Generalisation"].endswith("on samples that were not trained on.")


def test_two_samples_are_no_pattern(changed_findings):
    sentences = changed_findings(confused(*SPREAD, (4, 9, 1)))
    assert sentences["Confusions"] == (
        "The 11 mistakes spread over 11 pairs of classes; no pair occurs more than once."
    )
    sentences = changed_findings(confused(*SPREAD, (4, 7, 1)))
    assert sentences["Confusions"].endswith(
        "spread over 10 pairs of classes; the commonest occurs twice, which chance explains."
    )
    assert not {"Most confused", "Hardest class", "Rare classes"} & sentences.keys()


def test_what_is_more_than_chance_is_said(changed_findings):
    sentences = changed_findings(confused(*SPREAD, (4, 9, 6)))
    assert sentences["Most confused"] == "“4” was taken for “9” 6 times (16.67% of its test samples)."
    assert sentences["Hardest class"] == "“4” (36 test samples) was recognised least often: recall 80.56%."


def test_rare_classes_of_two_samples_hide_nothing(changed_findings):
    """One class is recognised half of the time: of two samples that says nothing, of sixty it does."""

    def rare(support):
        def change(facts):
            confused()(facts)
            facts["test"]["per_class"][3] |= {"support": support, "recall": 0.5}
            facts["test"]["macro"]["recall"] = 0.95

        return change

    assert "Rare classes" not in changed_findings(rare(2))
    assert "Rare classes" in changed_findings(rare(60))


@pytest.mark.parametrize(
    ("shift", "words"), [(0.0, "(a difference that chance explains)"), (0.15, "below"), (-0.15, "above")]
)
def test_confidence_is_compared_with_the_accuracy_as_far_as_the_samples_tell(folder, changed_findings, shift, words):
    rng = np.random.default_rng(0)
    arrays = load_file(folder / "evidence.safetensors")
    count = len(arrays["labels"])
    confidence = rng.uniform(0.6, 0.8, count).astype(np.float32)
    right = rng.random(count) < confidence + shift
    predicted = np.where(right, arrays["labels"], (arrays["labels"] + 1) % 10)
    arrays["probabilities"] = np.repeat(((1 - confidence) / 9)[:, None], 10, axis=1)
    arrays["probabilities"][np.arange(count), predicted] = confidence
    checkpoint.save(folder / "evidence.safetensors", arrays)
    sentence = changed_findings()["Calibration"]
    assert words in sentence
    error, chance = (float(text.split("%")[0]) for text in sentence.split("error is ")[1].split("network shows "))
    assert chance == pytest.approx(2.8, abs=0.8)  # of 360 samples, in three bins
    assert (error < 2 * chance) == (shift == 0)


def test_a_run_that_blew_up_slowly_has_failed(changed_findings):
    def blow(lines):
        for line, loss in zip(lines, np.geomspace(2.3, 600, len(lines)), strict=True):
            line |= {"train_loss": float(loss), "validation_loss": float(loss)}

    sentences = changed_findings(lambda facts: facts["training"].update(chosen_epoch=1), blow)
    first = next(iter(sentences))
    assert first == "Training failed"
    assert sentences[first].startswith(
        "After 25 epochs the training loss is 600, after 2.3 in the first epoch; answering the same for every sample "
        "has a loss of 2.30"
    )
    assert "(such as train.optimizer.lr = 0.01)" in sentences[first]
    senseless = {"Overfitting", "Generalisation", "Calibration", "Hardest class", "Confusions", "Most confused"}
    assert not senseless & sentences.keys()
    assert {"Result", "Baseline", "Kept epoch", "Gradients"} <= sentences.keys()


def test_a_run_that_learnt_is_no_failure(changed_findings):
    assert "Training failed" not in changed_findings()


@pytest.mark.parametrize(("typical", "failed"), [(0.5, False), (300.0, True), (None, True)])
def test_a_loss_that_single_test_samples_spoil_is_no_failure(changed_findings, typical, failed):
    """An earlier version saved no typical loss."""

    def slow(lines):
        for line, loss in zip(lines, np.linspace(2.32, 2.3, len(lines)), strict=True):
            line |= {"train_loss": float(loss)}

    sentences = changed_findings(lambda facts: facts["test"].update(loss=2e8, typical_loss=typical), slow)
    assert ("Training failed" in sentences) == failed


def test_an_epoch_without_a_number_is_mentioned(changed_findings):
    def lose(lines):
        lines[3]["validation_loss"] = nan

    sentences = changed_findings(history=lose)
    assert sentences["Not finite"] == "The validation loss was not finite in 1 epoch, none of which can be kept."
    assert "Not finite" not in changed_findings(history=lambda lines: lines[3].update(validation_loss=0.5))


def test_scores_of_a_hinge_are_no_probabilities(changed_findings):
    def hinge(facts):
        facts["test"]["confidence"] = "softmax of the scores (a hinge loss is not trained to give probabilities)"

    assert changed_findings(hinge)["Calibration"].endswith("(a hinge loss is not trained to give probabilities).")
    assert (
        "Confidence is"
        not in changed_findings(lambda facts: facts["test"].update(confidence="softmax probability"))["Calibration"]
    )
