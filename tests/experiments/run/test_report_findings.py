"""A sentence stands only where it is true."""

import pytest

from backhand.experiments.run.record import read
from backhand.experiments.run.report.findings import findings
from tests.experiments.run.changedruns import ends, keep_first
from tests.experiments.writtenreport import HARD


def test_overfitting_only_where_training_got_better_and_validation_worse(changed_findings):
    def worse(lines):
        ends(lines, train_loss=0.5, validation_loss=0.9)

    sentence = changed_findings(keep_first, worse)["Overfitting"]
    assert "from 1.0000 to 0.5000" in sentence
    assert "from 0.8000 to 0.9000" in sentence


@pytest.mark.parametrize(("train", "validation"), [(1.5, 0.9), (0.5, 0.7), (1.5, 0.7), (0.5, float("nan"))])
def test_no_overfitting_otherwise(changed_findings, train, validation):
    def other(lines):
        ends(lines, train_loss=train, validation_loss=validation)

    assert "Overfitting" not in changed_findings(keep_first, other)


@pytest.mark.parametrize(
    ("interval", "verdict"),
    [((0.2, 0.3), "lies above that"), ((0.01, 0.05), "lies below that"), ((0.05, 0.2), "includes that figure")],
)
def test_baseline_is_compared_with_the_interval(changed_findings, interval, verdict):
    sentence = changed_findings(lambda facts: facts["test"].update(interval=interval))["Baseline"]
    assert "correct for 10.28%" in sentence  # 37 of 360
    assert verdict in sentence


@pytest.mark.parametrize(("train", "words"), [(0.9, "higher"), (0.99, "2.00 percentage points lower"), (0.97, "same")])
def test_gap_has_a_direction(changed_findings, train, words):
    def gap(lines):
        for line in lines:
            line |= {"train_accuracy": train, "validation_accuracy": 0.97}

    assert words in changed_findings(history=gap)["Generalisation"]


def test_classes_that_share_the_lowest_recall(changed_findings):
    def tie(facts):
        for k in (2, 5):
            facts["test"]["per_class"][k]["recall"] = 0.5

    assert (
        changed_findings(tie)["Hardest class"]
        == "2 classes, “2” among them, were recognised least often: recall 50.00%."
    )


def test_rare_classes_that_the_accuracy_hides(changed_findings, digits):
    def lower(recall):
        def change(facts):
            facts["test"]["interval"] = [0.9, 0.99]
            facts["test"]["macro"]["recall"] = recall
            facts["test"]["per_class"][3] |= {"recall": 0.25}

        return change

    sentences = changed_findings(lower(0.8999))
    accuracy = 100 * digits.metrics["test"]["accuracy"]
    assert "Hardest class" not in sentences
    assert "The mean recall over the classes (balanced accuracy) is 89.99%" in sentences["Rare classes"]
    assert f"{accuracy - 89.99:.2f} percentage points below the accuracy" in sentences["Rare classes"]
    assert sentences["Rare classes"].endswith("“3” (37 test samples) was recognised least often: recall 25.00%.")
    sentences = changed_findings(lower(0.9))
    assert "Rare classes" not in sentences
    assert sentences["Hardest class"] == "“3” (37 test samples) was recognised least often: recall 25.00%."


def test_failed_gradients_are_named(changed_findings):
    def fail(facts):
        facts["gradient_check"][2]["verdict"] = "failed"

    assert changed_findings(fail)["Gradients"] == "The gradient check fails for 2.weight."


def at_kinks(*indices):
    """Metrics of a large network in which every entry of some gradients that was tried lies at a kink."""

    def change(facts):
        for index in indices or range(len(facts["gradient_check"])):
            facts["gradient_check"][index] |= {"worst": None, "checked": 0, "verdict": "at kinks"}

    return change


def test_gradients_beside_kinks_are_no_failures(changed_findings):
    assert changed_findings(at_kinks(1))["Gradients"].endswith(
        "; 1 could not be compared, since the entries lie at kinks."
    )
    assert changed_findings(at_kinks())["Gradients"].startswith("No gradient could be compared")


def test_an_unfinished_run_keeps_no_epoch(changed_findings):
    sentences = changed_findings(lambda facts: facts.update(status="running"))
    assert not {"Kept epoch", "Overfitting", "Generalisation"} & sentences.keys()


def test_speed_is_samples_over_time(changed_findings):
    def clock(lines):
        lines[-1]["elapsed"] = 5.0

    assert (
        "25 epochs of 1,221 training samples took 5.00 s, 6,105 samples per second"
        in changed_findings(history=clock)["Speed"]
    )


def test_confusions_name_true_and_predicted(hard):
    counts = hard.metrics["test"]["confusion"]
    names = hard.metrics["data"]["classes"]
    most = max(counts[i][j] for i in range(10) for j in range(10) if i != j)
    pairs = [(names[i], names[j]) for i in range(10) for j in range(10) if i != j and counts[i][j] == most]
    sentence = dict(findings(read(hard.folder)))["Most confused"]
    assert any(sentence.startswith(f"“{true}” was taken for “{predicted}”") for true, predicted in pairs)
    assert set(HARD) <= set(names)
