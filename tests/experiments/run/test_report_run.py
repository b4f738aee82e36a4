"""A piece that is missing or damaged is named in one sentence."""

import json

import numpy as np
import pytest
from safetensors.numpy import load_file

from backhand import checkpoint
from backhand.errors import CheckpointError
from backhand.experiments import reports
from backhand.experiments.run.record import read
from tests.experiments.runfolders import FILES


def refused(folder, *words):
    with pytest.raises(CheckpointError) as caught:
        reports.write(folder)
    message = str(caught.value)
    assert "\n" not in message
    assert all(word in message for word in words), message
    assert not (folder / "report.html").exists()


@pytest.mark.parametrize("name", FILES)
def test_missing(folder, name):
    (folder / name).unlink()
    refused(folder, name, "is missing")


@pytest.mark.parametrize("name", FILES)
def test_truncated(folder, name):
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: len(content) - 5] if name != "study.toml" else b"[data")
    refused(folder, name, "restore it or repeat the run")


@pytest.mark.parametrize("name", FILES)
def test_binary_rubbish(folder, name):
    (folder / name).write_bytes(b"\xff\xfe\x00\x93" * 40)
    refused(folder, name)


def test_not_a_folder(tmp_path):
    refused(tmp_path / "nothing", "is not a folder")


def test_environment_that_is_a_list(folder):
    (folder / "environment.json").write_text("[1]")
    refused(folder, "environment.json should hold names and values")


def test_line_of_the_history_is_named(folder):
    lines = (folder / "history.jsonl").read_text().splitlines()
    lines[6] = json.dumps({"epoch": 7})
    (folder / "history.jsonl").write_text("\n".join(lines))
    refused(folder, "history.jsonl line 7 at step", "Field required")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m: m.update(status="lost"), ("status",)),
        (lambda m: m["data"]["counts"]["train"].pop(), ("train has 9 counts for 10 classes",)),
        (lambda m: m["test"].update(accuracy=1.2), ("test.accuracy",)),
        (lambda m: m["test"].update(correct=1), ("diagonal", "1 correct")),
        (lambda m: m["test"].update(count=5), ("does not add up to the 5 test samples",)),
        (lambda m: m["test"]["confusion"].pop(), ("one row and one column for every class",)),
        (lambda m: m["test"].update(error=0.5), ("accuracy and error do not fit",)),
        (lambda m: (m["data"]["classes"].append("11"), m["data"].update(counts={})), ("10 rows for 11 classes",)),
        (lambda m: m.pop("test"), ("a finished run needs its test result",)),
    ],
)
def test_metrics_that_contradict_themselves(folder, change, words):
    metrics = json.loads((folder / "metrics.json").read_text())
    change(metrics)
    (folder / "metrics.json").write_text(json.dumps(metrics))
    refused(folder, "metrics.json", *words)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda a: a.pop("labels"), ("probabilities but no labels",)),
        (lambda a: a.update(labels=a["labels"] + 1), ("labels holds a label outside 0 to 9",)),
        (lambda a: a.update(labels=a["labels"][:-1]), ("labels has 359",)),
        (lambda a: a.update(probabilities=a["probabilities"][:, :9]), ("probabilities has 9",)),
        (lambda a: a.update(samples=a["samples"].astype(np.float32)), ("float32 where uint8 is expected",)),
        (lambda a: a.update(probabilities=a["probabilities"] * np.nan), ("probabilities", "no probability")),
        (lambda a: a.update(first_weights=a["first_weights"][1:]), ("first_weights", "different shapes")),
        (lambda a: a.update(samples=a["samples"][..., 0]), ("samples has 3 axes where 4 are expected",)),
        (lambda a: a.update(augmented=a["samples"][None]), ("holds augmented but no augmented_targets",)),
    ],
)
def test_evidence_that_contradicts_itself(folder, change, words):
    arrays = load_file(folder / "evidence.safetensors")
    change(arrays)
    arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    checkpoint.save(folder / "evidence.safetensors", arrays)
    refused(folder, "evidence.safetensors", *words)


@pytest.mark.parametrize("rest", ['{"epoch": 26, "st', "\xff", "{"])
def test_a_line_that_is_just_being_written_is_passed_over(folder, rest):
    metrics = json.loads((folder / "metrics.json").read_text())
    for split in ("test", "validation"):
        metrics.pop(split)
    (folder / "metrics.json").write_text(json.dumps(metrics | {"status": "running"}))
    (folder / "evidence.safetensors").unlink()
    whole = read(folder).history
    with (folder / "history.jsonl").open("a", encoding="utf-8") as file:
        file.write(rest)
    assert read(folder).history == whole
    assert reports.write(folder).exists()


def test_the_report_tells_what_saving_took(folder):
    metrics = json.loads((folder / "metrics.json").read_text())
    reports.write(folder)
    assert "and saving another" not in (folder / "report.md").read_text("utf-8")  # of a run of an earlier version
    metrics["training"]["saving_seconds"] = 1.234
    (folder / "metrics.json").write_text(json.dumps(metrics))
    reports.write(folder)
    assert ", and saving another 1.23 s." in (folder / "report.md").read_text("utf-8")
