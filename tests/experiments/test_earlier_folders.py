"""Folders that an earlier version left, finished or cut short, report and go on as they did there.

`tests/fixtures/folders/` holds one of each kind. The reports are left out: they are written anew.
"""

import json

import pytest

from backhand.experiments import reports
from backhand.experiments.kinds import kind_of
from tests.experiments.earlierfolders import FOLDERS, copy_of, results

KINDS = sorted(folder.parent.name for folder in FOLDERS.glob("*/finished"))
EARLIER = "/earlier"  # where the run lay that was extended


@pytest.fixture
def folders(tmp_path):
    """A copy of them all, in which the extension finds the run that it extends."""
    copied = copy_of(FOLDERS, tmp_path / "folders")
    for path in copied.rglob("*"):
        if path.suffix in {".json", ".toml"}:
            text = path.read_text("utf-8")
            if EARLIER in text:
                path.write_text(text.replace(EARLIER, copied.as_posix()), "utf-8")
    return copied


def onward(kind, folder):
    """The words that go on with the experiment in this folder; a comparison did not keep all that was asked for."""
    asked = ["digits", "--folds", 2, "--train-size", 200, "--against", "tree"]
    asked += ["--set", "train.epochs=4", "--set", "model.hidden=[4]"]
    return [*kind_of(folder).resume, folder, *(asked if kind == "comparison" else ())]


def equal(one, other):
    """Whether the first has all that the second has, but for the last digits, which are another processor's own."""
    if isinstance(one, dict) and isinstance(other, dict):
        return all(key in one and equal(one[key], other[key]) for key in other)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return one == pytest.approx(other, rel=1e-3, abs=1e-4)
    return one == other


@pytest.mark.parametrize("kind", KINDS)
def test_a_finished_one_reports(kind, folders):
    folder = folders / kind / "finished"
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    page = reports.write(folder)
    assert page.read_text("utf-8").count("<section") > 1
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize("kind", KINDS)
def test_one_that_was_cut_short_reports(kind, folders):
    assert reports.write(folders / kind / "interrupted").exists()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "run"])
def test_one_that_was_cut_short_goes_on_to_the_same_end(kind, folders, cli):
    folder = folders / kind / "interrupted"
    status, output = cli(*onward(kind, folder))
    assert status == 0, output
    found, expected = results(folder), results(folders / kind / "finished")
    assert found.keys() == expected.keys()
    assert [name for name in found if not equal(found[name], expected[name])] == []


def test_a_run_that_was_cut_short_goes_on_from_its_state(folders, cli):
    folder = folders / "run" / "interrupted"
    before = (folder / "history.jsonl").read_text("utf-8").splitlines()
    status, output = cli("run", "--resume", folder)
    assert (status, "resumed after epoch" in output or "resumed amid epoch" in output) == (0, True)
    after = (folder / "history.jsonl").read_text("utf-8").splitlines()
    assert (len(after), after[: len(before) - 1]) == (60, before[:-1])
    assert json.loads((folder / "metrics.json").read_text("utf-8"))["status"] == "finished"
