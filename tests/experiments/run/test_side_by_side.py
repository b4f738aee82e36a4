"""Finished runs side by side: figures, differing settings, and whether chance explains the difference."""

import shutil

import pytest
from safetensors.numpy import load_file

from backhand.errors import BackhandError
from backhand.experiments.comparison.statistics import mcnemar
from backhand.experiments.run import work
from backhand.experiments.run.record import read_tested
from backhand.experiments.run.side_by_side import side_by_side
from backhand.study import load

SMALL = ["data.seed=0", "data.train_size=200", "train.epochs=3"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    for name, hidden in (("wide", 64), ("narrow", 4)):
        work.run(load("digits", [*SMALL, f"model.hidden=[{hidden}]"]), folder / name, quiet=True)
    return folder


def test_figures_settings_and_chance(runs):
    figures, settings, points = side_by_side(read_tested([runs / "wide", str(runs / "narrow")]))
    rows = {name: values for name, *values in figures.rows}
    assert figures.head == ("", "wide", "narrow")
    assert rows["parameters"] == [f"{65 * 64 + 65 * 10:,}", f"{65 * 4 + 5 * 10:,}"]
    assert settings.rows == (("model.hidden", "[64]", "[4]"),)
    saved = [load_file(runs / name / "evidence.safetensors") for name in ("wide", "narrow")]
    correct = [arrays["probabilities"].argmax(1) == arrays["labels"] for arrays in saved]
    alone = (correct[0] & ~correct[1]).sum(), (correct[1] & ~correct[0]).sum()
    ((title, sentence),) = points.items
    assert title == "wide and narrow"
    assert sentence.startswith(f"{alone[0]} test samples are classified correctly by the first alone, {alone[1]} by")
    assert ("may be chance" in sentence) == (mcnemar(*map(int, alone)) >= 0.05)


def test_equal_runs_differ_in_nothing(runs, tmp_path):
    shutil.copytree(runs / "wide", tmp_path / "copy")
    figures, points = side_by_side(read_tested([runs / "wide", tmp_path / "copy"]))
    assert all(first == second for _, first, second in figures.rows)
    assert "may be chance" in points.items[0][1]


def test_from_the_command_line(runs, cli, tmp_path):
    status, output = cli("compare", runs / "wide", runs / "narrow")
    assert (status, "model.hidden [64] [4]" in output, "test accuracy" in output) == (0, True, True)
    status, output = cli("compare", runs / "wide")
    assert (status, "name the folders of two finished runs, or a data set by name" in output) == (2, True)
    assert cli("compare", runs / "wide", tmp_path / "nowhere")[0] == 2
    assert cli("compare")[1].startswith("error: name a data set, such as `backhand compare digits`")


def test_other_test_samples_are_not_compared_one_by_one(runs, tmp_path):
    work.run(load("digits", [*SMALL, 'data.classes=["0", "1", "2"]']), tmp_path / "few", quiet=True)
    blocks = list(side_by_side(read_tested([runs / "wide", tmp_path / "few"])))
    assert len(blocks) == 2


def test_a_run_that_is_named_twice_is_refused(runs):
    with pytest.raises(BackhandError, match="wide is named twice; name each run once"):
        list(side_by_side(read_tested([runs / "wide", runs / "narrow", runs / "wide"])))


def test_a_folder_of_several_runs_is_refused_with_one_of_them(runs):
    with pytest.raises(BackhandError, match=r"is not the folder of a single run; name those in it, such as .*narrow"):
        list(side_by_side(read_tested([runs / "wide", runs])))


def test_a_run_without_a_result_is_refused(runs, tmp_path):
    (tmp_path / "metrics.json").write_text("{}")
    with pytest.raises(BackhandError):
        list(side_by_side(read_tested([runs / "wide", tmp_path])))
