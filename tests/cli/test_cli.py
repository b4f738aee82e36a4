"""The program from its arguments to its exit status: what it prints, what it leaves on disk."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from backhand import checkpoint
from backhand.data import load

SMALL = ("--set", "train.epochs=3", "--set", "model.hidden=[32]", "--set", "model.dropout=0.0")
KEEP = ("--set", "train.keep_states=true")


@pytest.fixture(scope="module")
def digits_run(tmp_path_factory) -> Path:
    """A short run on the digits, made once."""
    run = tmp_path_factory.mktemp("cli") / "run"
    command = [sys.executable, "-m", "backhand", "run", "digits", "--out", str(run), *SMALL]
    subprocess.run(command, check=True, capture_output=True)
    return run


def metrics_of(run: Path) -> dict:
    return json.loads((run / "metrics.json").read_text())


def test_a_run_leaves_all_that_it_promises(digits_run):
    names = {path.name for path in digits_run.iterdir()}
    assert names == {
        "study.toml",
        "environment.json",
        "history.jsonl",
        "best.safetensors",
        "evidence.safetensors",
        "metrics.json",
        "report.html",
        "report.md",
        "plots",
    }
    environment = json.loads((digits_run / "environment.json").read_text())
    assert {"backhand", "python", "numpy", "cpu", "blas", "seed", "started", "command"} <= environment.keys()
    assert len((digits_run / "history.jsonl").read_text().splitlines()) == 3


def test_the_test_figures_are_those_of_scikit_learn(digits_run):
    evidence, _ = checkpoint.load(digits_run / "evidence.safetensors")
    predicted, labels = evidence["probabilities"].argmax(1), evidence["labels"]
    test = metrics_of(digits_run)["test"]
    assert test["confusion"] == confusion_matrix(labels, predicted).tolist()
    assert test["correct"] == (labels == predicted).sum()
    precision, recall, f1, support = precision_recall_fscore_support(labels, predicted)
    for k, row in enumerate(test["per_class"]):
        assert [row["precision"], row["recall"], row["f1"]] == pytest.approx([precision[k], recall[k], f1[k]])
        assert row["support"] == support[k]
    assert test["macro"]["f1"] == pytest.approx(f1.mean())
    assert test["interval"][0] < test["accuracy"] < test["interval"][1]
    assert all(row["verdict"] == "ok" for row in metrics_of(digits_run)["gradient_check"])


def test_predict_classifies_files_as_the_run_did(digits_run, cli, tmp_path):
    test = load("digits").test
    paths = []
    for i in range(30):
        paths.append(tmp_path / f"{i}.png")
        Image.fromarray(test.x[i, :, :, 0]).save(paths[-1])
    status, output = cli("predict", digits_run, *paths)
    assert status == 0
    evidence, _ = checkpoint.load(digits_run / "evidence.safetensors")
    for i, row in enumerate(evidence["probabilities"][:30]):
        assert f"{row.max():.1%}" in output, i
    large = tmp_path / "large.png"
    Image.fromarray(np.kron(test.x[0, :, :, 0], np.ones((5, 5), np.uint8))).save(large)
    status, output = cli("predict", digits_run, large)
    assert (status, "40 x 40 pixels, and the model takes 8 x 8; pass --resize" in output) == (2, True)
    status, output = cli("predict", digits_run, large, "--resize")
    assert (status, evidence["probabilities"][0].argmax() == int(output.split("large.png ")[1][0])) == (0, True)


def test_without_restoring_the_best_the_last_weights_are_kept_and_tested(cli, tmp_path):
    options = ("--set", "train.early_stopping.restore_best=false", "--set", "train.optimizer.lr=0.5", *KEEP)
    assert cli("run", "digits", "--out", tmp_path / "run", *SMALL, *options)[0] == 0
    kept, facts = checkpoint.load(tmp_path / "run" / "best.safetensors")
    last, _ = checkpoint.load(tmp_path / "run" / "state.safetensors")
    assert facts["epoch"] == metrics_of(tmp_path / "run")["training"]["chosen_epoch"] == 3
    np.testing.assert_array_equal(kept["model.1.weight"], last["model.1.weight"])


def test_predict_refuses_what_it_cannot_read(digits_run, cli, tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    for arguments, said in [
        ((digits_run, tmp_path / "none.png"), "cannot be read"),
        ((digits_run, tmp_path / "text.png"), "is not an image"),
        ((tmp_path, tmp_path / "text.png"), "is not the folder of a run"),
    ]:
        status, output = cli("predict", *arguments)
        assert (status, said in output) == (2, True), output


def test_report_is_rebuilt_from_the_folder_alone(digits_run, cli):
    before = (digits_run / "report.html").read_bytes()
    (digits_run / "report.html").unlink()
    assert cli("report", digits_run)[0] == 0
    assert (digits_run / "report.html").read_bytes() == before


@pytest.mark.parametrize(
    ("loss", "least"), [("logistic", 0.95), ("binary_hinge", 0.95), ("hinge", 0.95), ("softmax_cross_entropy", 0.95)]
)
def test_every_loss_learns_a_binary_task(loss, least, cli, tmp_path):
    study = tmp_path / "binary.toml"
    study.write_text(
        f'name = "binary"\n[data]\nname = "breast_cancer"\n[model]\nname = "mlp"\nhidden = [16]\n'
        f'[train]\nepochs = 15\nbatch_size = 32\nloss = "{loss}"\noptimizer = {{ kind = "sgd", lr = 0.02 }}\n'
    )
    status, output = cli("run", study, "--out", tmp_path / "run")
    assert status == 0, output
    assert metrics_of(tmp_path / "run")["test"]["accuracy"] >= least
    image = tmp_path / "a.png"
    Image.new("L", (8, 8)).save(image)
    assert cli("predict", tmp_path / "run", image)[0] == 2


def test_a_persons_own_images_and_layers(cli, tmp_path):
    digits = load_digits()
    for k in range(3):
        (tmp_path / "photos" / f"class {k}").mkdir(parents=True)
        for i, image in enumerate(digits.images[digits.target == k][:30]):
            Image.fromarray((image * 15).astype(np.uint8)).save(tmp_path / "photos" / f"class {k}" / f"{i}.png")
    study = tmp_path / "mine.toml"
    study.write_text(
        f"name = 'mine'\n[data]\nname = 'images'\npath = '{tmp_path / 'photos'}'\nvalidation = 0\n"
        "[model]\nname = 'sequential'\nlayers = [{ kind = 'flatten' }, { kind = 'linear', outputs = 20 }, "
        "{ kind = 'batchnorm' }, { kind = 'leaky_relu', slope = 0.1 }, { kind = 'linear', outputs = 3 }]\n"
        "[train]\nepochs = 5\nbatch_size = 10\n"
    )
    status, output = cli("run", study, "--out", tmp_path / "run")
    assert status == 0, output
    figures = metrics_of(tmp_path / "run")
    assert figures["test"]["accuracy"] > 0.9
    assert figures["data"]["classes"] == ["class 0", "class 1", "class 2"]
    assert figures["training"]["chosen_by"] == "lowest train loss"
    status, output = cli("run", study, "--out", tmp_path / "b", "--set", "train.loss=logistic")
    assert (status, "needs data with 2 classes, not 3" in output) == (2, True)
    layers = 'model={name="sequential",layers=[{kind="flatten"},{kind="linear",outputs=4}]}'
    status, output = cli("run", study, "--out", tmp_path / "b", "--set", layers)
    assert (status, "of output shape (4,); 3 classes" in output) == (2, True)
    layers = 'model={name="sequential",layers=[{kind="linear",outputs=3}]}'
    status, output = cli("run", study, "--out", tmp_path / "b", "--set", layers)
    assert (status, "layer 0, Linear(3): a linear layer needs" in output) == (2, True)
    assert not (tmp_path / "b").exists()


def test_a_diverging_run_says_so_and_leaves_a_report(cli, tmp_path):
    status, output = cli("run", "digits", "--out", tmp_path / "run", *SMALL, "--set", "train.optimizer.lr=1e6")
    assert status == 2
    assert "the training diverged at step" in output
    assert "Try a lower learning rate (train.optimizer.lr = 1e+05" in output
    assert metrics_of(tmp_path / "run")["status"] == "diverged"
    assert "diverged" in (tmp_path / "run" / "report.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run",), "name a study"),
        (("run", "digit"), 'no study and no .toml file "digit"; did you mean "digits"?'),
        (("run", "digits", "--set", "train.epoch=3"), 'train: unknown key "epoch"; did you mean "epochs"?'),
        (("run", "digits", "--set", "train.batch_size=0"), "train.batch_size: must be greater than 0, not 0"),
        (("run", "digits", "--set", "data.name=digit"), "digit"),
        (("run", "mnist-mlp", "--data-dir", "nowhere"), "backhand data fetch mnist"),
        (("run", "digits", "--set", "data.validation=100000"), "cannot hold out 100000"),
        (
            ("run", "digits", "--set", "data.validation=0", "--set", "train.early_stopping.monitor=validation_loss"),
            'train.early_stopping.monitor = "validation_loss" needs a validation split; set data.validation, or',
        ),
        (
            ("run", "digits", "--set", "train.momentum_schedule={kind='linear', end=1.5}"),
            "train.momentum_schedule rises to 1.5; a momentum must stay below 1",
        ),
        (("run", "digits", "--resume", "nowhere"), "is not the folder of a run"),
        (("run", "digits", "--epochs", "3"), "No such option: --epochs; to change that key of the study, write --set "),
        (("run", "digits", "--optimizer", "adam"), "write --set train.optimizer.kind=VALUE"),
        (("lr-find", "digits", "--batch-size", "3"), "write --set train.batch_size=VALUE"),
        (("run", "digits", "--frob", "3"), "No such option: --frob"),
        (("run", "."), ". is a folder; name a study or its .toml file"),
        (("run", "digits", "--resume", "a", "--out", "b"), "name different folders"),
        (("lr-find", "digits", "--low", "1", "--high", "0.1"), "0 < low < high"),
        (("report", "nowhere"), "nowhere"),
        (("frobnicate",), "frobnicate"),
    ],
)
def test_mistakes_end_in_one_sentence_and_status_2(arguments, said, cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, output = cli(*arguments)
    assert status == 2
    assert said in output
    assert "Traceback" not in output
    assert not list(tmp_path.iterdir()), "a mistake left something behind"


def test_a_full_disk_leaves_the_checkpoint_before_it_readable(tmp_path):
    """The limit on a file's size lets the small files through and fails the second, larger state."""
    resource = pytest.importorskip("resource", reason="limits the size of files as POSIX systems do")
    run = tmp_path / "run"
    command = [sys.executable, "-m", "backhand", "run", "digits", "--out", str(run), *SMALL, *KEEP]
    subprocess.run([*command, "--set", "train.epochs=1"], check=True, capture_output=True)
    size = (run / "state.safetensors").stat().st_size

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size - 1000, size - 1000))

    more = [sys.executable, "-m", "backhand", "run", "--resume", str(run), "--set", "train.epochs=3"]
    full = subprocess.run(more, capture_output=True, text=True, preexec_fn=limit)
    assert full.returncode == 2, full.stdout + full.stderr
    assert "cannot write" in full.stderr
    assert "Traceback" not in full.stderr
    _, facts = checkpoint.load(run / "state.safetensors")
    assert facts["epoch"] == 1
    assert not [path for path in run.rglob("*") if path.name.endswith((".tmp", ".new"))]
    subprocess.run(more, check=True, capture_output=True)
    assert metrics_of(run)["training"]["epochs"] == 3
