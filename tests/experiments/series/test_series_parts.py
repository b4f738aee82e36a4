"""What a part of a series may ask for: runs in step, a range test, whole runs with their exactness."""

import io
import json
import re
import time

import numpy as np
import pytest
from rich.console import Console

from backhand.errors import BackhandError, StudyError
from backhand.experiments import reports
from backhand.experiments.cluster.progress import Progress
from backhand.experiments.series import work
from backhand.experiments.series.claims import verdicts
from backhand.experiments.series.forms import Result
from backhand.experiments.series.progress import SeriesProgress
from backhand.experiments.series.work import expand, results
from backhand.experiments.trainer import in_step
from backhand.study import load_series
from tests.experiments import studytexts
from tests.experiments.series.twomodels import TEXT


def groups(series, path):
    """The seeds of the cells that train in step."""
    cells = [(cell.study, cell.study.seed) for cell in expand(series, path)]
    return list(in_step(cells, series.parts[0].together))


def test_runs_in_step_give_what_they_give_alone(file, tmp_path):
    one_order = TEXT.replace("[parts.set]", '[parts.set]\n"data.seed" = 5')
    tables = []
    for together, sizes in ((1, [1] * 8), (3, [3, 1, 3, 1])):
        file.write_text(one_order.replace("seeds = 2", f"seeds = 2\ntogether = {together}"))
        series, path = load_series(str(file)), tmp_path / f"{together}"
        assert [len(group) for group in groups(series, path)] == sizes
        work.run(series, path, quiet=True)
        tables.append(results(series, path)["table"])
    for alone, other in zip(*tables, strict=True):
        assert (other.labels, other.seed, other.settings) == (alone.labels, alone.seed, alone.settings)
        for key in other.figures.keys() - {"seconds", "elapsed"}:
            assert other.figures[key] == pytest.approx(alone.figures[key], rel=1e-4), key


def test_other_orders_of_the_samples_are_not_in_step(file, tmp_path):
    """Without data.seed each seed has an order of its own, so only rates of one seed go together."""
    file.write_text(TEXT.replace("seeds = 2", "seeds = 2\ntogether = 9"))
    assert groups(load_series(str(file)), tmp_path) == [[0, 0], [1, 1], [0, 0], [1, 1]]


def test_exactness_of_a_whole_run_can_be_claimed(file, tmp_path):
    claims = """
[[parts.claims]]
what = "gradients"
metric = "gradient_difference"
most = 1e-7

[[parts.claims]]
what = "scores"
metric = "scores_rounding"
most = 1e-14
"""
    text = TEXT.replace("seeds = 2", "whole = true").replace("values = [0.01, 0.1]", "values = [0.01]")
    file.write_text(text + claims)
    *_, gradients, scores = work.run(load_series(str(file)), tmp_path / "run", quiet=True)
    assert 0 < gradients.ours < 1e-7
    assert gradients.met
    assert (scores.ours is None) == (np.finfo(np.longdouble).eps >= np.finfo(np.float64).eps)
    assert scores.ours is None or scores.met
    page = reports.write(tmp_path / "run").read_text()
    assert "backhand report table/000-seed-0" in page
    assert "table-001-seed-0-confusion" in (tmp_path / "run" / "report.md").read_text()


SEARCH = """
method = "grid"
seeds = 2
space = { "train.optimizer.lr" = [0.01, 0.1] }
"""


def test_a_part_may_be_a_search(tmp_path):
    (tmp_path / "search.toml").write_text(studytexts.searched(SEARCH, epochs=2))
    file, head = tmp_path / "series.toml", TEXT[: TEXT.index("study =")]
    file.write_text(f"{head}study = {json.dumps(str(tmp_path / 'search.toml'))}\nwhole = true\n")
    series, path = load_series(str(file)), tmp_path / "run"
    work.run(series, path, quiet=True)
    (result,) = results(series, path)["table"]
    record = json.loads((path / "table" / "000-seed-0" / "search.json").read_text())
    assert result.data == "Digits"
    assert result.figures["trials"] == len(record["trials"]) == 2
    assert result.figures["test_accuracy"] == pytest.approx(sum(run["test"] for run in record["runs"]) / 2)
    assert [epoch["epoch"] for epoch in result.history] == [1, 2]
    assert "table-000-seed-0-search-parallel" in reports.write(path).with_suffix(".md").read_text()
    file.write_text(file.read_text().replace("whole = true", ""))
    with pytest.raises(StudyError, match="small is a search; add whole = true"):
        work.run(load_series(str(file)), tmp_path / "other", quiet=True)


def test_a_range_test_is_made_once_and_shown(file, tmp_path):
    file.write_text(TEXT.replace("seeds = 2", "range_test = true"))
    series, path = load_series(str(file)), tmp_path / "run"
    work.run(series, path, quiet=True)
    test_file = path / "table" / "range.json"
    written = test_file.stat().st_mtime_ns
    assert json.loads(test_file.read_text())["lr"][0] == pytest.approx(1e-6)
    next(path.rglob("*-seed-*.json")).unlink()
    work.run(series, path, resume=True, quiet=True)
    assert test_file.stat().st_mtime_ns == written
    assert "A range test raised the learning rate" in reports.write(path).read_text()


def test_a_sum_is_of_all_runs_or_none(file, tmp_path):
    file.write_text(TEXT + '[[parts.claims]]\nwhat = "all"\nmetric = "sum(epochs)"\nmost = 16\n')
    series, path = load_series(str(file)), tmp_path / "run"
    assert work.run(series, path, quiet=True)[-1].ours == 16  # eight runs of two epochs
    next(path.rglob("*-seed-*.json")).unlink()
    assert verdicts(series, results(series, path))[-1].ours is None


def test_the_time_left_is_that_of_this_part_and_what_the_series_says_of_others(file, tmp_path, monkeypatch):
    second = TEXT[TEXT.index("[[parts]]") : TEXT.index("[[parts.claims]]")].replace('"table"', '"second"')
    file.write_text(TEXT + second)
    cells, now, output = list(expand(load_series(str(file)), tmp_path)), [0.0], io.StringIO()
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    progress = SeriesProgress(Progress(Console(file=output, width=200)), cells, seconds=80.0)
    result = Result(status="diverged")
    for training in cells:
        now[0] += 2 if training.part.name == "table" else 3
        progress.print_result(training, result)
    left = [re.search(r"about (\d+) s left", line) for line in output.getvalue().splitlines()]
    assert [int(match[1]) for match in left[:-1]] == [
        *(80 - 2 * done for done in range(1, 9)),  # this part, and the rest of what the series says
        *(3 * (8 - done) for done in range(1, 8)),  # only this part is left
    ]
    assert left[-1] is None


def test_claims_are_kept_part_by_part(file, tmp_path):
    """A series that is broken off shows the claims of what it has."""
    second = TEXT[TEXT.index("[[parts]]") : TEXT.index("[[parts.claims]]")].replace('"table"', '"second"')
    file.write_text(TEXT + second.replace('study = "digits"', 'study = "mnist-mlp"'))
    with pytest.raises(BackhandError, match="mnist was not found"):
        work.run(load_series(str(file)), tmp_path / "run", data_dir=tmp_path, quiet=True)
    saved = json.loads((tmp_path / "run" / "claims.json").read_text())["claims"]
    assert [claim["met"] for claim in saved] == [False, True]


def test_a_whole_run_that_has_finished_is_not_trained_again(file, tmp_path):
    """Killed after a run had finished, and its states had gone, and before its figures were kept."""
    head, tail = TEXT.split("seeds = 2", 1)
    file.write_text(f"{head}whole = true{tail}")
    series, path = load_series(str(file)), tmp_path / "run"
    first = work.run(series, path, quiet=True)
    result_file = next(path.rglob("*-seed-*.json"))
    before, figures = result_file.with_suffix("").joinpath("history.jsonl").stat().st_mtime_ns, result_file.read_text()
    assert not list(path.rglob("state*.safetensors"))
    result_file.unlink()
    assert work.run(series, path, resume=True, quiet=True) == first
    assert result_file.with_suffix("").joinpath("history.jsonl").stat().st_mtime_ns == before
    assert result_file.read_text() == figures
