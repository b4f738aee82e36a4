"""Series: what they expand to, what is kept of a run, the claims, and killing and resuming them."""

import json
import re
import signal
import subprocess
import sys
import time

import pytest

from backhand.errors import BackhandError, StudyError
from backhand.experiments import reports
from backhand.experiments.series import work
from backhand.experiments.series.claims import verdicts
from backhand.experiments.series.figures import mean_figure
from backhand.experiments.series.work import expand, results
from backhand.page.numbers import metric_change, metric_text
from backhand.study import Series, is_series, load_series, shipped_series
from backhand.study.series import Axis, Part
from tests.experiments.series.twomodels import TEXT


def test_every_combination_and_seed_is_a_run_of_its_own(file, tmp_path):
    cells = list(expand(load_series(str(file)), tmp_path))
    assert [(*cell.labels.values(), cell.study.seed) for cell in cells] == [
        (model, rate, seed) for model in ("linear", "hidden") for rate in ("0.01", "0.1") for seed in (0, 1)
    ]
    assert len({cell.file for cell in cells}) == 8
    assert [cell.study.model.hidden for cell in cells[::4]] == [(), (16,)]
    assert [cell.study.train.optimizer.lr for cell in cells[:4]] == [0.01, 0.01, 0.1, 0.1]
    assert {cell.study.train.l2 for cell in cells[4:]} == {1e-3}
    assert all(cell.study.train.epochs == 2 for cell in cells)
    changed = expand(load_series(str(file), ["train.epochs=5"], seed=7), tmp_path)
    assert {(cell.study.train.epochs, cell.study.seed) for cell in changed} == {(5, 7), (5, 8)}


def test_a_series_runs_and_its_claims_stand_beside_the_figures(file, tmp_path):
    series = load_series(str(file))
    linear, best = work.run(series, tmp_path / "run", quiet=True)
    table = results(series, tmp_path / "run")["table"]
    assert len(table) == 8
    assert linear.ours == pytest.approx(sum(r.figures["test_accuracy"] for r in table[:2]) / 2)
    assert (linear.reported, linear.least, linear.met) == (0.5, 0.99, False)
    cells = {
        tuple(r.labels.values()): mean_figure(table[i : i + 2], "validation_accuracy") for i, r in enumerate(table[::2])
    }
    assert (best.met, max(r.figures["validation_accuracy"] for r in table) > 0.3) == (True, True)
    assert len(cells) == 4
    saved = json.loads((tmp_path / "run" / "claims.json").read_text())["claims"]
    assert [claim["ours"] for claim in saved] == [linear.ours, best.ours]


def test_what_is_done_is_not_done_again(file, tmp_path):
    series, path = load_series(str(file)), tmp_path / "run"
    first = work.run(series, path, quiet=True)
    times = {file: file.stat().st_mtime_ns for file in path.rglob("*-seed-*.json")}
    lost = sorted(times)[3]
    lost.unlink()
    assert work.run(series, path, resume=True, quiet=True) == first
    assert {file for file in times if file.stat().st_mtime_ns != times[file]} == {lost}
    with pytest.raises(BackhandError, match="already holds a series of the study two-models"):
        work.run(series, path, quiet=True)
    with pytest.raises(StudyError, match=r"belongs to another study: its train\.batch_size is"):
        work.run(load_series(str(file), ["train.batch_size=7"]), path, resume=True, quiet=True)


def test_results_that_lack_a_later_key_stand_for_its_default(file, tmp_path):
    series, path = load_series(str(file)), tmp_path / "run"
    first = work.run(series, path, quiet=True)
    for result_file in path.rglob("*-seed-*.json"):
        result = json.loads(result_file.read_text())
        del result["settings"]["train.test_shift"], result["settings"]["train.epochs"]
        result_file.write_text(json.dumps(result))
    assert work.run(series, path, resume=True, quiet=True) == first
    with pytest.raises(StudyError, match=r"its train\.test_shift is 0, and 1 is asked for"):
        work.run(load_series(str(file), ["train.test_shift=1"]), path, resume=True, quiet=True)


def test_killed_at_any_moment_it_goes_on(file, tmp_path):
    path = tmp_path / "run"
    for delay in (1.0, 1.6, 1.3):
        options = ["--resume", path] if (path / "series.toml").exists() else [file, "--out", path]
        process = subprocess.Popen(
            [sys.executable, "-m", "backhand", "run", *map(str, options)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
    series = load_series(str(file))
    killed = work.run(series, path, resume=(path / "series.toml").exists(), quiet=True)
    assert [claim.ours for claim in killed] == [
        claim.ours for claim in work.run(series, tmp_path / "other", quiet=True)
    ]


def test_whole_runs_have_folders_and_figures(file, tmp_path):
    file.write_text(TEXT.replace("seeds = 2", "whole = true").replace("values = [0.01, 0.1]", "values = [0.01]"))
    series = load_series(str(file))
    work.run(series, tmp_path / "run", quiet=True)
    light = load_series(str(file)).model_copy(
        update={"parts": tuple(part.model_copy(update={"whole": False}) for part in series.parts)}
    )
    work.run(light, tmp_path / "light", quiet=True)
    for a, b in zip(*(results(series, tmp_path / name)["table"] for name in ("run", "light")), strict=True):
        for key in ("test_accuracy", "validation_loss", "train_loss", "parameters", "epochs"):
            assert a.figures[key] == pytest.approx(b.figures[key], rel=1e-6), key
        assert a.data == b.data == "Digits"
        assert [epoch["validation_loss"] for epoch in a.history] == [epoch["validation_loss"] for epoch in b.history]
    assert (tmp_path / "run" / "table" / "000-seed-0" / "best.safetensors").exists()


def test_a_run_that_diverges_is_a_result(file, tmp_path):
    file.write_text(TEXT.replace("values = [0.01, 0.1]", "values = [0.01, 1e6]").replace("seeds = 2", "seeds = 1"))
    series = load_series(str(file))
    _, best = work.run(series, tmp_path / "run", quiet=True)
    states = [(result.labels["rate"], result.status) for result in results(series, tmp_path / "run")["table"]]
    assert states == [("0.01", "finished"), ("1e+06", "diverged")] * 2
    assert best.cell["rate"] == "0.01"


def test_a_claim_without_a_result_has_no_verdict(file):
    for verdict in verdicts(load_series(str(file)), {"table": []}):
        assert (verdict.ours, verdict.met, verdict.cell) == (None, None, {})
    assert [metric_text(0.5, "test_accuracy"), metric_change(-0.01, "test_error")] == ["50.00%", "−1.00"]
    assert [metric_text(None, "seconds"), metric_text(12.345, "seconds")] == ["", "12.35"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('study = "digits"', 'study = "digit"', 'no study and no .toml file "digit"; did you mean "digits"?'),
        ('"train.l2" = 1e-3', '"train.l22" = 1e-3', r"part table, \{'model': 'hidden', 'rate': '0.01'\}: .*l22"),
        (
            'rate = "0.01" }',
            'rate = "0.02" }',
            'the claim "the linear one" is about rate = 0.02, but the part table has no such case',
        ),
        ('key = "train.optimizer.lr"', "", "an axis needs either cases, or a key and its values"),
        ("minutes = 0.1", "", 'the key "minutes" is missing'),
        ("seeds = 2", 'against = "other"', 'the part table is to be compared with an unknown part "other"'),
        ("seeds = 2", "seedz = 2", 'parts.0: unknown key "seedz"; did you mean "seeds"?'),
    ],
)
def test_mistakes_are_named_before_anything_runs(file, tmp_path, cli, old, new, message):
    file.write_text(TEXT.replace(old, new))
    status, output = cli("run", file, "--out", tmp_path / "run")
    assert status == 2
    assert re.search(message, output), output
    assert not (tmp_path / "run").exists()


def test_the_command_prints_the_claims(file, tmp_path, cli):
    file.write_text(TEXT.replace('"train.epochs" = 2', '"train.epochs" = 1'))
    status, output = cli("run", file, "--out", tmp_path / "run")
    assert status == 0
    assert "Two models, two rates: 8 runs, about 0.1 min and 0.2 GiB" in output
    assert "table the linear one linear, 0.01 50.00%" in output
    assert "missed" in output
    status, output = cli("run", "--resume", tmp_path / "run")
    assert (status, "8 are done" in output) == (0, True)


def test_runs_that_the_command_line_changed_are_no_answer_to_a_claim(file, tmp_path, cli):
    """Wherever the figures are read, the change is shown and the claim is not judged; after a resume, too."""
    one_rate = TEXT.replace("seeds = 2", "whole = true").replace("[0.01, 0.1]", "[0.1]")
    file.write_text(one_rate.partition("[[parts.claims]]")[0] + '[[parts.claims]]\nwhat = "the best"\nleast = 0.99\n')
    status, output = cli("run", file, "--out", tmp_path / "run", "--set", "train.epochs=1", "--seed", 4)
    assert (status, "not judged" in output, "missed" in output) == (0, True, False)
    for _ in range(2):
        [claim] = json.loads((tmp_path / "run" / "claims.json").read_text())["claims"]
        assert (claim["judged"], claim["met"]) == (False, None)
        text = (tmp_path / "run" / "report.md").read_text()
        assert "changed: train.epochs = 1, seed = 4" in text.splitlines()[2]
        assert "**The command line changed the runs of this series: train.epochs = 1, seed = 4. Claims" in text
        assert "| ≥ 99.00% | not judged |" in text
        assert cli("run", "--resume", tmp_path / "run")[0] == 0
    run = reports.write(tmp_path / "run" / "table" / "000-seed-4")
    assert "changed: train.epochs = 1" in run.with_suffix(".md").read_text().splitlines()[2]
    results = reports.write_results([tmp_path / "run"], tmp_path / "RESULTS.md").read_text()
    assert "--data-dir DATA --set train.epochs=1 --seed 4." in results
    assert "not judged" in results


def test_a_change_that_every_part_varies_is_refused(file, tmp_path, cli):
    status, output = cli("run", file, "--out", tmp_path / "run", "--set", "train.optimizer.lr=1")
    assert status == 2
    assert "train.optimizer.lr cannot be changed, because an axis of every part varies it (model, rate)" in output


def test_a_change_reaches_the_parts_whose_axes_leave_it_alone():
    fixed = Part(name="fixed", title="", study="digits")
    widths = Axis(name="width", cases={"thin": {"model": {"name": "mlp", "hidden": [5]}}, "none": {}})
    rates = Axis(name="rate", key="train.optimizer.lr", values=(0.1, 1.0))
    parts = fixed, Part(name="widths", title="", study="digits", axes=(widths, rates))
    changes = {"model.dropout": 0.1, "train.optimizer.lr": 2.0, "train.optimizer": {}, "train.l2": 1e-3}
    series = Series(name="s", title="", minutes=1, memory=0, parts=parts, changes=changes)
    assert [list(series.changes_of(part)) for part in parts] == [list(changes), ["train.optimizer", "train.l2"]]


@pytest.mark.parametrize("name", shipped_series())
def test_every_run_of_a_shipped_series_is_a_study(name, tmp_path):
    series = shipped_series()[name]
    assert isinstance(series, Series)
    assert is_series(name)
    assert list(expand(series, tmp_path))
    assert any(claim.least is not None for part in series.parts for claim in part.claims)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("all", "--set", "train.epochs=1"), "to change a series, run it by its name"),
        (("all", "--seed", 0), "all series are run as they ship"),
        (("all", "--resume", "there"), "all series are run as they ship"),
        (("r3-faces", "--storage", "sqlite:///x.db"), "--storage is for searches, and r3-faces is a series of runs"),
    ],
)
def test_an_option_that_a_series_would_ignore_is_refused(cli, monkeypatch, tmp_path, options, sentence):
    monkeypatch.chdir(tmp_path)
    status, output = cli("run", *options)
    assert status == 2
    assert sentence in output
    assert not list(tmp_path.iterdir())


def test_all_of_them_go_on_where_they_were(file, tmp_path, cli, monkeypatch):
    series = load_series(str(file), ["train.epochs=1"])
    monkeypatch.setattr("backhand.study.shipped_series", lambda: {series.name: series})
    status, output = cli("run", "all", "--out", tmp_path / "all")
    assert (status, "1 series, about 0.0 hours in all" in output) == (0, True)
    first = (tmp_path / "all" / "RESULTS.md").read_text()
    assert "Two models, two rates" in first
    status, output = cli("run", "all", "--out", tmp_path / "all")
    assert (status, "8 are done" in output) == (0, True)
    assert (tmp_path / "all" / "RESULTS.md").read_text() == first
