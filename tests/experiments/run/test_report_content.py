"""The numbers of the page are the numbers of the folder, in every special case."""

import json
import re

import numpy as np
import pytest
import tomli_w
from safetensors.numpy import load_file

from backhand import checkpoint
from backhand.errors import BackhandError
from backhand.experiments import reports
from backhand.page.numbers import scientific
from tests.experiments.runfolders import STUDY
from tests.experiments.writtenreport import HARD, written

RAW = r"(?<!\\)<(?!a id=|/a>)"  # an unescaped tag in Markdown that is no anchor of ours


def percent(share):
    return f"{100 * share:.2f}%"


def test_headline(digits):
    test = digits.metrics["test"]
    low, high = map(percent, test["interval"])
    assert f"Test accuracy {percent(test['accuracy'])} {low} to {high} (95% Wilson score)" in digits.page.text
    assert f"Test error {percent(test['error'])} {test['count'] - test['correct']} of 360 wrong" in digits.page.text
    assert f"Kept epoch {digits.metrics['training']['chosen_epoch']} of 25, lowest validation loss" in digits.page.text


def test_macro_averaged_recall_where_classes_differ_in_size(digits, binary):
    """37 malignant and 72 benign test samples or so, but about as many of each digit."""
    macro = binary.metrics["test"]["macro"]["recall"]
    assert f"Macro-averaged recall {percent(macro)} mean over 2 classes of equal weight" in binary.page.text
    assert "Macro-averaged recall" not in digits.page.text


def test_class_weights_beside_the_counts(folder):
    metrics = json.loads((folder / "metrics.json").read_text())
    metrics["data"]["class_weights"] = [1 / 3, *range(1, 10)]
    (folder / "metrics.json").write_text(json.dumps(metrics))
    page, first = (
        written(folder).page,
        [metrics["data"]["counts"][split][0] for split in ("train", "validation", "test")],
    )
    assert ["class", "train", "validation", "test", "total", "weight"] in page.rows
    assert ["0", *map(str, [*first, sum(first)]), "0.3333"] in page.rows
    assert "Losses are weighted by class" in page.text


def test_counts_of_every_class(digits):
    counts = digits.metrics["data"]["counts"]
    for k, name in enumerate(digits.metrics["data"]["classes"]):
        row = [counts[split][k] for split in ("train", "validation", "test")]
        assert [name, *map(str, [*row, sum(row)])] in digits.page.rows
    assert ["total", "1,221", "216", "360", "1,797"] in digits.page.rows


def test_layers_with_totals(digits):
    assert ["0", "Linear(32)", "32", "2,080", "2,048"] in digits.page.rows
    assert ["total", "", "", "2,410", "2,368"] in digits.page.rows


def test_scores_of_every_class(any_report):
    def cell(share):
        return "–" if share is None else percent(share)

    for row in any_report.metrics.get("test", {"per_class": ()})["per_class"]:
        cells = [row["name"], *(cell(row[key]) for key in ("precision", "recall", "f1")), str(row["support"])]
        assert cells in any_report.page.rows


def test_most_frequent_confusion_in_words(hundred):
    counts = np.array(hundred.metrics["test"]["confusion"])
    np.fill_diagonal(counts, 0)
    i, j = np.unravel_index(counts.argmax(), counts.shape)
    names = hundred.metrics["data"]["classes"]
    assert f"“{names[i]}” was taken for “{names[j]}” {counts[i, j]} times" in hundred.page.text


def test_mistakes_with_true_and_predicted_class(digits):
    arrays = load_file(digits.folder / "evidence.safetensors")
    assert f"All {len(arrays['mistakes'])} mistakes" in digits.page.text
    keys = ("mistake_labels", "mistake_predictions", "mistake_confidence", "mistake_index")
    for true, predicted, confidence, index in zip(*(arrays[key] for key in keys), strict=True):
        assert f"{true} → {predicted} {percent(confidence)} sample {index}" in digits.page.text


def test_gradients_settings_and_environment(digits):
    check = digits.metrics["gradient_check"][1]
    assert [check["name"], scientific(check["worst"]), "100", "0", "ok"] in digits.page.rows
    assert ["train.optimizer.momentum", "0.9"] in digits.page.rows
    assert ["model.hidden", "[32]"] in digits.page.rows
    assert ["git", "–"] in digits.page.rows
    assert "backhand train study.toml --out runs/digits-mlp" in digits.page.text


def test_plots_of_pictures_and_numbers(digits):
    assert digits.plots() == {
        *("class-counts", "samples", "loss-epoch", "loss-time", "accuracy-epoch", "accuracy-time"),
        *("learning-rate-epoch", "gradient-norm-epoch", "confusion", "reliability"),
        *("mistakes", "weights-before", "weights-after", "attributions-mistakes", "attributions-right"),
    }


def test_two_classes_have_a_roc_curve_and_features_have_no_pictures(binary):
    assert {"roc", "reliability"} <= binary.plots()
    assert not {"samples", "mistakes", "weights-after"} & binary.plots()
    assert "“benign” as the positive class" in binary.page.text


def test_a_hundred_classes(hundred):
    assert "Empty cells are zero" in hundred.page.text
    assert "the class was never predicted, so that its precision is undefined" in hundred.page.text
    assert "The 24 most confident of" in hundred.page.text
    assert {"samples", "weights-before", "weights-after", "feature-maps-1"} <= hundred.plots()


def test_one_epoch_without_validation(hard):
    line = json.loads((hard.folder / "history.jsonl").read_text())
    row = ["training", f"{line['train_loss']:.4f}", percent(line["train_accuracy"]), percent(line["train_error"])]
    assert row in hard.page.rows
    assert not {"loss-epoch", "loss-time"} & hard.plots()
    assert not [row for row in hard.page.rows if row[0] == "validation"]
    assert "validation loss" not in hard.page.text


def test_one_epoch_with_validation(folder):
    line = json.loads((folder / "history.jsonl").read_text().splitlines()[0])
    (folder / "history.jsonl").write_text(json.dumps(line))
    metrics = json.loads((folder / "metrics.json").read_text())
    metrics["training"] |= {"epochs": 1, "chosen_epoch": 1}
    (folder / "metrics.json").write_text(json.dumps(metrics))
    accuracy, error = percent(line["validation_accuracy"]), percent(line["validation_error"])
    assert ["validation", f"{line['validation_loss']:.4f}", accuracy, error] in written(folder).page.rows


def test_hostile_class_names(hard):
    assert all(name in hard.page.text for name in HARD)
    assert "script" not in hard.page.tags
    assert not re.search(RAW, hard.markdown)
    assert r"a\|b \*c\* \_d\_ \`e\`" in hard.markdown


def test_hostile_title(folder):
    study = STUDY | {"title": "<img src=x onerror=alert(1)> & [link](javascript:1)", "seed": 1}
    (folder / "study.toml").write_text(tomli_w.dumps(study), encoding="utf-8")
    page = written(folder)
    assert study["title"] in page.page.text
    assert not re.search(RAW, page.markdown)
    assert r"\[link\](" in page.markdown


def test_diverged(diverged):
    assert f"There is no test result: {diverged.metrics['message']}" in diverged.page.text
    assert "The training loss was 2.4000 at epoch 1 and not finite at epoch 4" in diverged.page.text
    assert "Test accuracy" not in diverged.page.text
    assert "kept" not in diverged.page.text
    assert {"loss-epoch", "gradient-norm-epoch"} <= diverged.plots()
    assert "without a finite value in 1 epoch" in diverged.page.text


@pytest.mark.parametrize(("losses", "plotted"), [((None, None, None), False), ((2.5, None, None), True)])
def test_diverged_with_hardly_a_finite_loss(diverged, tmp_path, losses, plotted):
    for path in diverged.folder.iterdir():
        if path.is_file():
            (tmp_path / path.name).write_bytes(path.read_bytes())
    lines = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()][:3]
    for line, loss in zip(lines, losses, strict=True):
        line |= dict.fromkeys(("train_loss", "validation_loss", "gradient_norm"), loss)
    (tmp_path / "history.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    page = written(tmp_path)
    assert ("loss-epoch" in page.plots()) == plotted
    assert ("training 2.5000 after epoch 1, without a finite value in 2 epochs" in page.page.text) == plotted


def test_running_before_the_first_epoch_ended(folder):
    metrics = json.loads((folder / "metrics.json").read_text())
    figures = {"status": "running", "message": ""} | {key: metrics[key] for key in ("data", "model")}
    (folder / "metrics.json").write_text(json.dumps(figures))
    for name in ("history.jsonl", "evidence.safetensors"):
        (folder / name).unlink()
    text = written(folder).page.text
    assert "This run is not finished" in text
    assert "No epoch was finished." in text


def test_momentum_is_drawn_where_it_varies(folder):
    lines = [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]
    for line in lines:
        line["momentum"] = 0.5 + 0.01 * line["epoch"]
    (folder / "history.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    page = written(folder)
    assert "Momentum against epoch: from 0.51 to 0.75." in page.page.text
    assert "momentum-epoch" in page.plots()


def test_reported_figures_and_mistakes_without_pictures(folder):
    metrics = json.loads((folder / "metrics.json").read_text())
    metrics["reported"] = [{"what": "error of the paper", "reported": "1.6%", "ours": "3.3%"}]
    (folder / "metrics.json").write_text(json.dumps(metrics))
    arrays = load_file(folder / "evidence.safetensors")
    remaining = {name: array for name, array in arrays.items() if name not in ("mistakes", "samples")}
    checkpoint.save(folder / "evidence.safetensors", remaining)
    page = written(folder)
    assert ["error of the paper", "1.6%", "3.3%"] in page.page.rows
    keys = ("mistake_index", "mistake_labels", "mistake_predictions")
    first = [str(arrays[key][0]) for key in keys] + [percent(arrays["mistake_confidence"][0])]
    assert first in page.page.rows


def test_a_perfect_network(folder):
    metrics = json.loads((folder / "metrics.json").read_text())
    test = metrics["test"]
    support = np.array(test["confusion"]).sum(axis=1)
    test |= {"confusion": np.diag(support).tolist(), "correct": 360, "accuracy": 1.0, "error": 0.0}
    for row in test["per_class"]:
        row |= {"precision": 1.0, "recall": 1.0, "f1": 1.0}
    (folder / "metrics.json").write_text(json.dumps(metrics))
    arrays = load_file(folder / "evidence.safetensors")
    left = {k: v for k, v in arrays.items() if not k.startswith(("mistake", "attribution", "saliency"))}
    checkpoint.save(folder / "evidence.safetensors", left)
    text = written(folder).page.text
    assert "No test sample was given a wrong class" in text
    assert "Hardest class" not in text
    assert "mistakes" not in re.sub(r"\s+", " ", text).lower()


def test_a_folder_that_cannot_hold_plots(folder):
    (folder / "plots").write_text("in the way")
    with pytest.raises(BackhandError, match="cannot make the folder"):
        reports.write(folder)
    assert not (folder / "report.html").exists()
