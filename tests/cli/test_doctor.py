"""`backhand doctor`: studies, runs and files, in the terminal, as JSON and as a page."""

import json

import pytest

from backhand.experiments.run import work
from backhand.study import load
from tests.check.doctor.programs import MISTAKES, TWO_LAYERS, replaced

SMALL = ("--set", "model.hidden=[16]", "--set", "model.dropout=0.0")


@pytest.fixture
def net(tmp_path):
    """A file with this network."""

    def write(text=TWO_LAYERS):
        path = tmp_path / "net.py"
        path.write_text(text, "utf-8")
        return path

    return write


def test_a_healthy_study_has_exit_status_0_and_a_line_per_symptom(cli):
    status, output = cli("doctor", "digits", *SMALL)
    assert status == 0
    assert "What was looked at" in output
    assert "loss at the start fine" in output
    assert "course of the training left out it needs a run that has been trained" in output
    assert output.endswith("Nothing is wrong; 13 symptoms looked for, 2 left out.")


def test_a_problem_is_told_in_full_with_exit_status_1(cli):
    status, output = cli("doctor", "digits", *SMALL, "--set", "train.optimizer.lr=1e-7")
    assert status == 1
    assert "1. one batch by heart: wrong The learning rate is too small, by about" in output
    for heading in ("measured The loss of 16 samples went from", "why it matters Steps", "change Multiply the rate by"):
        assert heading in output
    assert "1 thing wrong" in output


def test_a_run(cli, tmp_path):
    study = load("digits", ("model.hidden=[16]", "train.epochs=2"))
    work.run(study, tmp_path / "run", quiet=True)
    status, output = cli("doctor", tmp_path / "run")
    assert status == 0
    assert "digits, finished after 2 epochs" in output
    assert cli("doctor", tmp_path / "run", "--seed", "1")[0] == 2


def test_a_file(cli, net):
    status, output = cli("doctor", net())
    assert status == 0
    assert "TwoLayerNet in net.py" in output
    assert "labels and samples left out it needs data, and the file brings none" in output


def test_a_folder_with_the_name_of_a_study_does_not_hide_it(cli, tmp_path, monkeypatch):
    (tmp_path / "digits").mkdir()
    monkeypatch.chdir(tmp_path)
    assert cli("doctor", "digits", *SMALL)[0] == 0


def test_a_notebook(cli, tmp_path):
    cell = {"cell_type": "code", "source": TWO_LAYERS, "metadata": {}, "outputs": [], "execution_count": None}
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "net.ipynb").write_text(json.dumps(notebook), "utf-8")
    status, output = cli("doctor", tmp_path / "net.ipynb")
    assert status == 0
    assert "TwoLayerNet in net.ipynb" in output


def test_json(cli, net, capsys):
    status, _ = cli("doctor", net(replaced(TWO_LAYERS, MISTAKES["penalty on biases"])), "--json")
    assert status == 1
    status, output = cli("doctor", net(f"{TWO_LAYERS}\n\nclass Second(TwoLayerNet):\n    pass\n"), "--json")
    values = json.loads(output)
    assert status == 0
    assert values["version"] == 1
    assert values["diagnoses"][0]["conclusion"].startswith("Nothing is wrong")
    assert [each["target"] for each in values["diagnoses"]] == ["TwoLayerNet in net.py", "Second in net.py"]
    assert {"symptom", "title", "summary", "problems", "plots", "left_out", "verdict"} == set(
        values["diagnoses"][0]["results"][0]
    )


def test_html(cli, tmp_path):
    status, _ = cli("doctor", "digits", *SMALL, "--html", tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text("utf-8")
    assert status == 0
    assert "Diagnosis of digits" in page
    assert page.count("<img ") == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nothing",), 'error: there is no study and no .toml file "nothing"'),
        (("missing.py",), "error: there is no missing.py; check the name"),
        (("r5-losses-and-cnn",), "is a series of runs; name a single study here"),
        (("FOLDER",), "is not the folder of an experiment"),
        (("missing.py", "--seed", "3"), "is examined on small synthetic data; leave out --set"),
        (("digits", "--html", "FOLDER"), "it is a folder; name a file in it"),
    ],
)
def test_what_cannot_be_looked_at_has_exit_status_2(cli, tmp_path, arguments, message):
    status, output = cli("doctor", *(tmp_path if each == "FOLDER" else each for each in arguments))
    assert status == 2
    assert message in output
