"""A file of an experiment's folder that is missing, damaged or of a later version is named in one sentence.

So it is for every file that the report of a kind reads, in every kind of folder.
"""

import json
import shutil
from pathlib import Path

import pytest

from backhand import checkpoint
from backhand.errors import BackhandError
from backhand.experiments import environment, rates, reports
from backhand.experiments.comparison import record as comparison
from backhand.experiments.ensemble import record as ensemble
from backhand.experiments.ensemble import work
from backhand.experiments.extension import record as extension
from backhand.experiments.kinds import kind_of
from backhand.experiments.questions import record as questions
from backhand.experiments.records import NewerVersionError
from backhand.experiments.run import record as run
from backhand.experiments.run.predict import load_classifier
from backhand.experiments.search import record as search
from backhand.experiments.series import record as series
from tests.experiments.earlierfolders import FOLDERS, copy_of

FILES = {
    "run": ("study.toml", "environment.json", "metrics.json", "history.jsonl", "evidence.safetensors"),
    "search": ("study.toml", "environment.json", "search.json"),
    "series": ("series.toml", "environment.json", "claims.json", "part/range.json", "part/000-seed-0.json"),
    "comparison": ("environment.json", "compare.json"),
    "extension": ("with-old.toml", "environment.json", "extend.json"),
    "questions-sigmoid": ("study.toml", "environment.json", "question.json"),
    "questions-dropout": ("study.toml", "environment.json", "question.json"),
    "questions-divergence": ("study.toml", "environment.json", "question.json"),
    "ensemble": ("environment.json", "ensemble.json"),
}
MAY_BE_MISSING = {"claims.json", "part/range.json", "part/000-seed-0.json"}  # of a series that has just begun
ALL = [(kind, name) for kind, names in FILES.items() for name in names]
JSON = [(kind, name) for kind, name in ALL if name.endswith(".json")]
LATER = [(kind, name) for kind, name in JSON if kind != "ensemble" or name != "environment.json"]
RUBBISH = {"empty": b"", "binary": b"\xff\xfe\x00\x93" * 40, "words": b"once upon a time\n", "zeros": bytes(64)}


def read_extension(folder):
    record = extension.read(folder)
    return extension.read_studies(folder, record), environment.read(folder)


READ = {
    "run": run.read,
    "search": search.read,
    "series": lambda folder: (series.read(folder), rates.read(folder / "part")),
    "comparison": lambda folder: (comparison.read(folder), environment.read(folder)),
    "extension": read_extension,
    "questions": questions.read,
    "ensemble": lambda folder: (ensemble.read(folder), environment.read(folder)),
}


@pytest.fixture(scope="module")
def averaged(tmp_path_factory):
    """An ensemble of two runs."""
    folder = tmp_path_factory.mktemp("ensemble") / "out"
    work.run([FOLDERS / "search" / "finished" / f"best-seed-{seed}" for seed in (0, 1)], folder, quiet=True)
    return folder


@pytest.fixture
def whole(tmp_path, averaged):
    """A copy of a finished experiment of a kind."""

    def copied(kind):
        source = averaged if kind == "ensemble" else FOLDERS / kind / "finished"
        return Path(shutil.copytree(source, tmp_path / "whole"))

    return copied


def read(kind, folder):
    return READ[kind.partition("-")[0]](folder)


def said(kind, folder):
    """The sentence in which the folder is refused; empty where it is read."""
    try:
        read(kind, folder)
    except BackhandError as error:
        return str(error)
    return ""


def refused(kind, folder, name):
    """The sentence in which the folder is refused; it names the file and says what to do."""
    message = said(kind, folder)
    assert name in message
    assert "; " in message
    assert "\n" not in message
    assert "pydantic" not in message
    return message


@pytest.mark.parametrize("kind", FILES)
def test_a_whole_folder_is_read(kind, whole):
    assert read(kind, whole(kind))


@pytest.mark.parametrize(("kind", "name"), [each for each in ALL if each[1] not in MAY_BE_MISSING])
def test_missing(kind, name, whole):
    folder = whole(kind)
    (folder / name).unlink()
    with pytest.raises(BackhandError, match=Path(name).name):
        read(kind, folder)


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_truncated(kind, name, whole):
    folder = whole(kind)
    content = (folder / name).read_bytes()
    for length in (len(content) // 3, len(content) - 2 if not name.endswith(".toml") else 20):
        (folder / name).write_bytes(content[:length])
        refused(kind, folder, name)


@pytest.mark.parametrize("what", RUBBISH)
@pytest.mark.parametrize(("kind", "name"), ALL)
def test_rubbish(kind, name, what, whole):
    folder = whole(kind)
    (folder / name).write_bytes(RUBBISH[what])
    refused(kind, folder, name)


@pytest.mark.parametrize("text", ["null", "3", '"text"', "true", "[1]", '[{"part": 3}]'])
@pytest.mark.parametrize(("kind", "name"), JSON)
def test_another_value_than_names_and_values(kind, name, text, whole):
    folder = whole(kind)
    (folder / name).write_text(text)
    refused(kind, folder, name)


@pytest.mark.parametrize("wrong", [{"wrong": [None]}, [[["wrong"]]], "wrong", -1.5])
@pytest.mark.parametrize(("kind", "name"), JSON)
def test_a_key_of_another_type(kind, name, wrong, whole):
    """Read, where the key may have such a value, or refused in a sentence that names the key."""
    folder = whole(kind)
    values = json.loads((folder / name).read_text("utf-8"))
    values = {"claims": values} if isinstance(values, list) else values
    seen = 0
    for key in values:
        (folder / name).write_text(json.dumps(values | {key: wrong}), "utf-8")
        if message := said(kind, folder):
            seen += 1
            assert f"{name} at {key}" in message or " needs its " in message
            assert "\n" not in message
    assert seen


@pytest.mark.parametrize(("kind", "name"), JSON)
def test_a_key_that_is_missing(kind, name, whole):
    """Refused in a sentence that names the key, or read; the report can be written without all that are not needed."""
    folder = whole(kind)
    values = json.loads((folder / name).read_text("utf-8"))
    values = {"claims": values} if isinstance(values, list) else values
    needed = {}
    for key, value in values.items():
        rest = {other: each for other, each in values.items() if other != key}
        (folder / name).write_text(json.dumps(rest), "utf-8")
        if message := said(kind, folder):
            assert f"{name} at {key}: Field required; " in message or " needs its " in message
            needed[key] = value
    (folder / name).write_text(json.dumps(needed), "utf-8")
    assert reports.write(folder).exists()


@pytest.mark.parametrize(("kind", "name"), LATER)
def test_a_file_of_a_later_version(kind, name, whole, cli):
    """It is refused with what to do, by a report and by a resume, and left as it is."""
    folder = whole(kind)
    values = json.loads((folder / name).read_text("utf-8"))
    values = {"claims": values} if isinstance(values, list) else values
    later = json.dumps(values | {"version": 99})
    (folder / name).write_text(later, "utf-8")
    with pytest.raises(NewerVersionError, match=r"is of version 99, and Backhand .* reads versions up to 1; update"):
        read(kind, folder)
    status, output = cli("report", folder)
    assert (status, "update Backhand" in output) == (2, True)
    assert (folder / name).read_text("utf-8") == later


@pytest.mark.parametrize(("kind", "name"), [each for each in JSON if each[0] != "ensemble" and "/" not in each[1]])
def test_an_experiment_does_not_go_on_from_a_file_of_a_later_version(kind, name, tmp_path, cli):
    folder = copy_of(FOLDERS / kind / "interrupted", tmp_path / "whole")
    values = json.loads((folder / name).read_text("utf-8")) if (folder / name).exists() else {}
    (folder / name).write_text(json.dumps(values | {"version": 99}), "utf-8")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    status, output = cli(*kind_of(folder).resume, folder)
    assert (status, f"{name} is of version 99" in output) == (2, True), output
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_arrays_of_a_later_version(whole, cli, tmp_path):
    """Of the evidence in a report, of the state in a resume, and of the best weights in a prediction."""
    folder = whole("run")
    arrays, _ = checkpoint.load(folder / "evidence.safetensors")
    checkpoint.save(folder / "evidence.safetensors", arrays, {"version": 99})
    assert "evidence.safetensors is of version 99" in refused("run", folder, "evidence.safetensors")
    arrays, facts = checkpoint.load(folder / "best.safetensors")
    checkpoint.save(folder / "best.safetensors", arrays, facts | {"version": 99})
    with pytest.raises(NewerVersionError, match=r"best\.safetensors is of version 99"):
        load_classifier(folder)
    folder = copy_of(FOLDERS / "run" / "interrupted", tmp_path / "interrupted")
    arrays, facts = checkpoint.load(folder / "state.safetensors")
    origin = facts["origin"] | {"version": 99}
    checkpoint.save(folder / "state.safetensors", arrays, facts | {"origin": origin})
    status, output = cli("run", "--resume", folder)
    assert (status, "state.safetensors at origin is of version 99" in output) == (2, True)


RESUMED = {
    "run": ("study.toml", "state.safetensors"),
    "search": ("study.toml", "search.json", "search.db"),
    "series": ("series.toml", "part/000-seed-0.json"),
    "comparison": ("compare.json",),
    "extension": ("with-old.toml", "extend.json"),
    "questions-sigmoid": ("study.toml", "question.json"),
}


@pytest.mark.parametrize(
    "damage", [lambda _: b"", lambda content: content[: len(content) // 3], lambda _: b"\x93" * 99]
)
@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in RESUMED.items() for name in names])
def test_an_experiment_does_not_go_on_from_a_damaged_file(kind, name, damage, tmp_path, cli):
    """One sentence names the file and says what to do, and nothing in the folder is changed."""
    folder = copy_of(FOLDERS / kind / "interrupted", tmp_path / "whole")
    (folder / name).write_bytes(damage((folder / name).read_bytes()))
    may_change = ("environment.json", "search.db")
    kept = [path for path in folder.rglob("*") if path.is_file() and path.name not in may_change]
    before = {path: path.read_bytes() for path in kept}
    status, output = cli(*kind_of(folder).resume, folder)
    said = output.partition("error: ")[2]
    assert (status, name in said, "; " in said) == (2, True, True), output
    assert {path: path.read_bytes() for path in before} == before
