"""What a search judges: an epoch without a number is never the best, prunes nothing, and wins nothing."""

import itertools
import json
from dataclasses import replace
from math import inf, nan

import pytest
from optuna.trial import Trial as OptunaTrial

from backhand.errors import BackhandError
from backhand.experiments.search import work as search
from backhand.experiments.search.record import SearchRecord, Trial, best_trial
from backhand.experiments.search.report.chapters import chapters
from backhand.experiments.search.trial import TrialMonitor
from backhand.study import load
from backhand.study.search import SearchTable
from backhand.training.evaluate import evaluate

STUDY = """
name = "watched"
data = { name = "blobs", validation = 0.3 }
model = { name = "mlp", hidden = [4] }
train = { epochs = 3, early_stopping = { monitor = "validation_accuracy" } }
search = { method = "grid", seeds = 0, monitor = "validation_loss", space = { "train.optimizer.lr" = [0.1] } }
"""


@pytest.mark.parametrize(("monitor", "won"), [("validation_loss", 0.25), ("validation_accuracy", 0.75)])
def test_an_epoch_without_a_number_is_passed_over(make_solver, monitor: str, won: float) -> None:
    for values in itertools.permutations([nan, 0.25, 0.75, inf]):
        reported: list[float] = []
        monitored = TrialMonitor(monitor, lambda epoch, value, reported=reported: reported.append(value) or True)
        solver = make_solver()
        solver.epochs = len(values)
        for value in values:
            solver.epoch += 1
            solver.history.append({monitor: value})
            monitored.on_epoch_end(solver)
        assert (monitored.best, monitored.epoch) == (won, 1 + values.index(won))
        assert sorted(reported) == [0.25, 0.75]


def test_a_trial_without_a_finite_figure_fails_with_its_reason(tmp_path, monkeypatch) -> None:
    """Its training judges the accuracy, which is finite: only the search misses a figure."""
    monkeypatch.setattr("backhand.training.solver.evaluate", lambda *args: replace(evaluate(*args), loss=nan))
    (tmp_path / "study.toml").write_text(STUDY)
    with pytest.raises(BackhandError, match="no epoch with a finite validation loss"):
        search.run(load(str(tmp_path / "study.toml")), tmp_path / "run", quiet=True)
    (trial,) = json.loads((tmp_path / "run" / "search.json").read_text())["trials"]
    assert (trial["state"], trial["value"]) == ("failed", None)


def ended(number: int, value: float | None, state: str = "complete") -> Trial:
    assignment = {"train.optimizer.lr": 0.1}
    return Trial(
        number=number, state=state, assignment=assignment, value=value, epoch=1, seconds=1.0, parameters=10, reason=""
    )


@pytest.mark.parametrize(("monitor", "won"), [("validation_loss", 2), ("validation_accuracy", 1)])
def test_the_best_trial_has_a_number(monitor: str, won: int) -> None:
    trials = [ended(0, nan), ended(1, 0.75), ended(2, 0.25), ended(3, inf), ended(4, None), ended(5, 0.99, "pruned")]
    search = SearchTable(space={"train.optimizer.lr": [0.1]}, trials=9, monitor=monitor)
    for order in itertools.permutations(trials[:5]):
        best = best_trial([*order, trials[5]], search)
        assert best is not None
        assert best.number == won


def test_the_report_chooses_among_trials_that_came_to_their_end() -> None:
    trials = (ended(0, nan), ended(1, 0.75), ended(2, 0.99, "pruned"), ended(3, 0.5))
    search = SearchTable(space={"train.optimizer.lr": [0.1]}, trials=9)
    result, *_ = chapters(SearchRecord(search=search, trials=trials, best=1))
    text = str(result.blocks)
    assert "Trial 1 (validation accuracy 75.00% at epoch 1)" in text
    assert "Trial 3 is 25.00 percentage points behind" in text
    assert "75.00%" in text


@pytest.mark.parametrize(("pruning", "count"), [("none", 0), ("halving", 6)])
def test_the_storage_is_told_every_epoch_only_where_trials_are_pruned(tmp_path, monkeypatch, pruning, count) -> None:
    """Each time is a transaction, which takes longer than an epoch of a small network."""
    reports, report = [], OptunaTrial.report
    monkeypatch.setattr(
        OptunaTrial, "report", lambda trial, value, step: reports.append(step) or report(trial, value, step)
    )
    (tmp_path / "study.toml").write_text(STUDY)
    study = load(str(tmp_path / "study.toml"), (f"search.pruning={pruning}", "train.epochs=6"))
    search.run(study, tmp_path / "run", quiet=True)
    assert reports == [*range(1, count + 1)]


def test_a_trial_that_lasts_is_told_now_and_then(tmp_path, monkeypatch) -> None:
    reports, report = [], OptunaTrial.report
    monkeypatch.setattr(
        OptunaTrial, "report", lambda trial, value, step: reports.append(step) or report(trial, value, step)
    )
    monkeypatch.setattr("backhand.experiments.search.loop.REPORT", 0.0)
    (tmp_path / "study.toml").write_text(STUDY)
    search.run(load(str(tmp_path / "study.toml")), tmp_path / "run", quiet=True)
    assert reports == [1, 2, 3]
