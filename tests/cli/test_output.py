"""What --quiet, --verbose and --json make of the output of every command."""

import json
import logging
import sys
from pathlib import Path

import pytest

from backhand.cli.app import app
from backhand.console.output import OUTPUT

SMALL = ("--set", "train.epochs=2", "--set", "model.hidden=[16]", "--set", "model.dropout=0.0")


@pytest.fixture
def program(monkeypatch, capsys, engine):
    """Run `backhand ARGUMENTS`: exit status, standard output, standard error."""

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["backhand", *map(str, arguments)])
        from backhand.cli import main

        with pytest.raises(SystemExit) as end:
            main()
        captured = capsys.readouterr()
        return end.value.code or 0, captured.out, captured.err

    yield call
    OUTPUT.reset()


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory) -> Path:
    from backhand.experiments.run import work
    from backhand.study import load

    folder = tmp_path_factory.mktemp("output") / "run"
    work.run(load("digits", [word for word in SMALL if word != "--set"]), folder, quiet=True)
    return folder


@pytest.fixture(scope="module")
def digit(tmp_path_factory) -> Path:
    from PIL import Image

    from backhand.data import load

    path = tmp_path_factory.mktemp("digit") / "digit.png"
    Image.fromarray(load("digits").test.x[0, :, :, 0]).save(path)
    return path


def test_a_run_gives_its_record(program, tmp_path):
    status, output, errors = program("run", "digits", *SMALL, "--out", tmp_path / "run", "--json")
    result = json.loads(output)
    assert (status, result["kind"], result["status"], result["name"]) == (0, "run", "finished", "digits")
    assert result["record"] == json.loads((tmp_path / "run" / "metrics.json").read_text("utf-8"))
    assert result["reports"] == [str(tmp_path / "run" / "report.html")]
    assert "epoch 2/2" in errors


SPACE = "[search]\nspace = { 'train.optimizer.lr' = [0.01, 0.1] }\nmethod = 'grid'\nseeds = 1\n"


def test_a_search_gives_its_record(program, base, tmp_path):
    (tmp_path / "search.toml").write_text(f"{Path(base).read_text('utf-8')}\n{SPACE}", "utf-8")
    small = ("--set", "train.epochs=1", "--set", "data.train_size=300")
    status, output, _ = program("--json", "run", tmp_path / "search.toml", *small, "--out", tmp_path / "search")
    result = json.loads(output)
    assert (status, result["kind"], result["status"]) == (0, "search", "finished")
    assert result["record"] == json.loads((tmp_path / "search" / "search.json").read_text("utf-8"))


def test_runs_are_listed(program, run_folder):
    status, output, _ = program("runs", run_folder.parent, "--json")
    (row,) = json.loads(output)
    assert (status, row["folder"], row["kind"], row["status"]) == (0, str(run_folder), "run", "finished")
    assert row["result"].startswith("test accuracy")


def test_predictions(program, run_folder, digit):
    status, output, errors = program("predict", run_folder, digit, "--json")
    result = json.loads(output)
    (answer,) = result["answers"]
    assert (status, answer["sample"]) == (0, str(digit))
    assert isinstance(result["remarks"], list)
    assert answer["class"] == max(answer["probabilities"], key=answer["probabilities"].get)
    assert sum(answer["probabilities"].values()) == pytest.approx(1)
    assert "probability" in errors


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        (("list",), {"studies", "series"}),
        (("list", "--show", "digits"), {"name", "text"}),
        (("plugins",), {"plugins", "problems"}),
        (("data", "verify", "digits"), {"source", "classes", "targets", "counts", "findings", "remarks"}),
        (("ask",), {"sigmoid", "dropout", "divergence"}),
        (("exercise", "--list"), {"conventions"}),
        (("exercise", "--list", "--convention", "dlfs"), {"layers"}),
        (("data", "cache"), {"folder", "entries", "removed"}),
    ],
)
def test_commands_that_look_up(words, keys, program):
    status, output, _ = program(*words, "--json")
    assert (status, set(json.loads(output))) == (0, keys)


def test_data_sets_and_checks_are_lists(program):
    rows = json.loads(program("data", "list", "--json")[1])
    by_name = {row["name"]: row for row in rows}
    assert {"built_in": True, "path": None, "instructions": None}.items() <= by_name["digits"].items()
    assert by_name["csv"]["instructions"].startswith("pass --path")
    (row,) = json.loads(program("check", "--only", "relu", "--json")[1])[:1]
    assert row["passed"] is True
    assert set(row) == {"name", "passed", "cases", "points", "at_kinks", "error", "limit", "failures"}


def test_what_is_listed_has_all_that_the_tables_say(program):
    found = json.loads(program("list", "--json")[1])
    (digits,) = (study for study in found["studies"] if study["name"] == "digits")
    assert (digits["data"], digits["model"], digits["epochs"]) == ("digits", "mlp", 40)
    assert all(series["runs"] > 1 and series["title"] for series in found["series"])
    (course,) = (one for one in json.loads(program("exercise", "--list", "--json")[1])["conventions"][:1])
    assert set(course) == {"name", "course", "form", "arrays"}


def test_a_benchmark_gives_its_figures(program, monkeypatch):
    monkeypatch.setattr("backhand.bench.timing.WARM_UP_MS", 1.0)
    status, output, errors = program("bench", "--only", "two_layer", "--rounds", "2", "--json")
    result = json.loads(output)
    (row,) = result["workloads"]
    assert (status, row["name"], row["batch"], row["gflop"]) == (0, "two_layer", 400, pytest.approx(0.395, abs=1e-3))
    assert 0 < row["ms"]["low"] <= row["ms"]["median"] <= row["ms"]["high"] < row["first_step_ms"]
    assert row["gflops"] == pytest.approx(1e3 * row["gflop"] / row["ms"]["median"])
    assert set(result) == {
        *("processor", "cores", "precision", "peak_gflops", "backend", "blas", "import_seconds", "workloads")
    }
    assert result["import_seconds"]["backhand"] > 0
    assert "two_layer" in errors


def test_runs_side_by_side_give_what_differs(program, run_folder, tmp_path):
    other = tmp_path / "other"
    assert program("run", "digits", *SMALL, "--seed", "1", "--set", "data.seed=0", "--out", other, "-q")[0] == 0
    result = json.loads(program("compare", run_folder, other, "--json")[1])
    assert [run["folder"] for run in result["runs"]] == [str(run_folder), str(other)]
    assert result["differing"]["seed"] == ["0", "1"]
    (pair,) = result["pairs"]
    assert (pair["names"], len(pair["alone"]), 0 <= pair["p"] <= 1) == (["run", "other"], 2, True)


def test_a_report_that_opens_says_whether_a_browser_showed_it(program, run_folder, monkeypatch):
    for opened in (True, False):
        monkeypatch.setattr("webbrowser.open", lambda _, opened=opened: opened)
        status, output, errors = program("open", run_folder, "--json")
        assert (status, json.loads(output)) == (0, {"report": str(run_folder / "report.html"), "opened": opened})
        assert ("no browser could be opened" in errors) == (not opened)


def test_data_that_are_fetched_are_named(program, tmp_path, monkeypatch):
    files = [tmp_path / "train.gz", tmp_path / "test.gz"]
    with monkeypatch.context() as patch:
        patch.setattr("backhand.data.download.fetch_data_set", lambda name, folder: files)
        status, output, errors = program("data", "fetch", "mnist", "--json")
    assert (status, json.loads(output)) == (0, {"files": list(map(str, files))})
    assert f"file: {files[0]}" in errors
    status, output, _ = program("data", "fetch", "digits", "--json")
    assert (status, json.loads(output)) == (2, {"error": "digits is built in; there is nothing to fetch"})


def test_the_cache_lists_its_entries(program, tmp_path, monkeypatch):
    from PIL import Image

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for split in ("train", "test"):
        for name in "ab":
            (tmp_path / "pictures" / split / name).mkdir(parents=True)
            Image.new("L", (8, 8)).save(tmp_path / "pictures" / split / name / "one.png")
    assert program("data", "verify", "images", "--path", tmp_path / "pictures", "-q")[0] == 0
    for removed in (False, True):
        words = ("data", "cache", *["--clear"] * removed, "--json")
        result = json.loads(program(*words)[1])
        (entry,) = result["entries"]
        assert (entry["source"], entry["form"], result["removed"]) == (str(tmp_path / "pictures"), "images", removed)
        assert entry["bytes"] > 0
        assert entry["days"] < 1
    assert json.loads(program("data", "cache", "--json")[1])["entries"] == []


def test_commands_that_write_name_their_files(program, run_folder, tmp_path):
    out = tmp_path / "model.safetensors"
    exported = json.loads(program("export", run_folder, out, "--json")[1])
    assert (exported["written"], exported["bytes"]) == ([str(out)], {str(out): out.stat().st_size})
    out = tmp_path / "mine.toml"
    new = json.loads(program("new", "digits", "--out", out, "--json")[1])
    assert new == {"study": str(out), "run": f"backhand run {out}", "remarks": []}
    shown = json.loads(program("data", "show", "digits", "--out", tmp_path / "digits.png", "--json")[1])
    assert shown == {"picture": str(tmp_path / "digits.png"), "remarks": []}
    written = json.loads(program("exercise", tmp_path / "course", "--convention", "dlfs", "--json")[1])
    assert written["readme"] == str(tmp_path / "course" / "README.md")
    assert written["solution"] == str(tmp_path / "course" / "solution")
    page = str(run_folder / "report.html")
    assert json.loads(program("report", run_folder, "--json")[1]) == {"reports": [page], "results": None}
    found = json.loads(program("lr-find", "digits", "--steps", "40", "--out", tmp_path / "lr.png", "--json")[1])
    assert len(found["lr"]) == len(found["loss"])
    assert found["suggestion"] > 0
    assert found["plot"] == str(tmp_path / "lr.png")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("run", "digitz"), 'there is no study and no .toml file "digitz"; did you mean "digits"?'),
        (("run", "digits", "--bogus"), "No such option: --bogus"),
        (("predict", "nowhere", "x.png"), "nowhere"),
        (("nonsense",), "No such command 'nonsense'"),
        (("check", "--watch", "layers.py"), "--watch shows one file or folder in the terminal"),
        (("list", "-q", "-v"), "--quiet and --verbose contradict each other; leave one of them out"),
    ],
)
@pytest.mark.parametrize("before", [True, False])
def test_errors_are_objects(words, sentence, before, program):
    status, output, errors = program(*(("--json", *words) if before else (*words, "--json")))
    assert (status, list(json.loads(output)), errors) == (2, ["error"], "")
    assert sentence in json.loads(output)["error"]


def test_quiet_prints_nothing_but_errors(program, tmp_path):
    assert program("run", "digits", *SMALL, "--out", tmp_path / "run", "--quiet") == (0, "", "")
    assert (tmp_path / "run" / "report.html").exists()
    assert program("-q", "list") == (0, "", "")
    status, output, errors = program("-q", "run", "digitz")
    assert (status, output, errors.startswith("error: there is no study")) == (2, "", True)
    assert program("list")[1] != ""


def test_verbose_shows_the_log_on_standard_error(program, tmp_path):
    status, output, errors = program("run", "digits", *SMALL, "--out", tmp_path / "one", "-v")
    assert status == 0
    assert "backhand.training.solver: epochs 1 to 2 on" in errors
    assert "backhand" not in output.replace(str(tmp_path), "")
    assert "backhand.training.saving" not in errors
    assert (
        "backhand.training.saving: state after step"
        in program("run", "digits", *SMALL, "--out", tmp_path / "two", "-vv")[2]
    )
    assert program("run", "digits", *SMALL, "--out", tmp_path / "three")[2] == ""
    assert logging.getLogger("backhand").level == logging.NOTSET


def test_every_command_takes_the_options():
    import typer

    def commands(group):
        for command in group.commands.values():
            yield from commands(command) if hasattr(command, "commands") else [command]

    for command in commands(typer.main.get_command(app)):
        options = [option for parameter in command.params for option in parameter.opts]
        assert {"--quiet", "-q", "--verbose", "-v", "--json"} <= set(options), command.name
        assert len(options) == len(set(options)), command.name
