"""What a study leaves to the data: decided once, kept by the run, the same in every kind of experiment."""

import json
import shutil
import tomllib
from pathlib import Path

import numpy as np
import pytest

from backhand import checkpoint
from backhand.errors import StudyError
from backhand.experiments.build import load_feeds
from backhand.experiments.comparison import work as comparison
from backhand.experiments.comparison.plan import Plan
from backhand.experiments.decide import decide, epochs, rate, with_some_rate
from backhand.experiments.run import work
from backhand.experiments.run.record import read
from backhand.experiments.run.report.training import training
from backhand.experiments.search import work as search
from backhand.experiments.series import work as series
from backhand.experiments.settings import reopen, settings
from backhand.experiments.trainer import Trainer, data_of, train
from backhand.files.names import RANGE_TEST
from backhand.precision import FLOAT32, PRECISIONS
from backhand.study import load, load_series
from backhand.study.data import DataTable
from backhand.training.callbacks import Callback
from backhand.training.range_test import RangeTest
from backhand.training.solver import Solver
from tests.experiments import studytexts

QUICK = "data.train_size=200", "model.hidden=[8]", "train.epochs=4"
AUTO = (*QUICK, "train.optimizer.lr=auto")


@pytest.fixture(scope="module")
def run(base: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("auto") / "run"
    work.run(load(base, AUTO), path, quiet=True)
    return path


def lr_of(folder: Path) -> float:
    return tomllib.loads((folder / "study.toml").read_text())["train"]["optimizer"]["lr"]


def test_the_run_has_the_rate_that_its_range_test_found(run: Path, base: str) -> None:
    study = load(base, AUTO)
    decided, found = decide(study, load_feeds(study))
    assert decided.train.optimizer.lr == lr_of(run) == rate(found, 0.1)
    assert 1e-3 < lr_of(run) <= 0.05
    saved = json.loads((run / RANGE_TEST).read_text())
    assert saved == {"version": 1, "lr": list(found.lr), "loss": list(found.loss), "smoothed": list(found.smoothed)}
    first = json.loads((run / "history.jsonl").read_text().splitlines()[0])
    assert first["lr"] == pytest.approx(lr_of(run), rel=0.2)  # a cosine, after one epoch of four


def test_the_test_uses_no_weights_and_no_draws_of_the_run(run: Path, base: str, tmp_path: Path) -> None:
    work.run(load(base, (*QUICK, f"train.optimizer.lr={lr_of(run)}")), tmp_path / "given", quiet=True)
    for name in ("best.safetensors", "evidence.safetensors"):
        assert (tmp_path / "given" / name).read_bytes() == (run / name).read_bytes()


def test_the_report_shows_where_the_rate_came_from(run: Path, tmp_path: Path) -> None:
    *_, text, images = training(read(run))
    assert f"the rate chosen is {lr_of(run):g}" in text.text
    assert images.items[0].name == "range-test"
    shutil.copytree(run, tmp_path / "copy")
    (tmp_path / "copy" / RANGE_TEST).unlink()
    assert text not in training(read(tmp_path / "copy"))


@pytest.mark.parametrize("asked", [AUTO, (*AUTO, "train.epochs=auto")])
def test_a_resumed_run_keeps_what_was_decided(run: Path, base: str, asked: tuple[str, ...]) -> None:
    study = reopen(run, lambda: load(base, asked))
    assert (study.train.optimizer.lr, study.train.epochs) == (lr_of(run), 4)
    with pytest.raises(StudyError, match=r"its train\.optimizer\.lr is .*, and 0\.07 is asked for"):
        reopen(run, lambda: load(base, (*asked, "train.optimizer.lr=0.07")))


def test_a_run_that_was_stopped_goes_on_bit_for_bit(run: Path, base: str, tmp_path: Path, monkeypatch) -> None:
    end_epoch = Solver.end_epoch

    def stop(solver: Solver, *arguments: object) -> None:
        end_epoch(solver, *arguments)
        if solver.epoch == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Solver, "end_epoch", stop)
        with pytest.raises(KeyboardInterrupt):
            work.run(load(base, AUTO), tmp_path / "run", quiet=True)
    monkeypatch.setattr("backhand.experiments.decide.range_test", lambda *_, **__: pytest.fail("tested again"))
    work.run(load(base, AUTO), tmp_path / "run", resume=True, quiet=True)
    for name in ("study.toml", "best.safetensors", "evidence.safetensors", RANGE_TEST):
        assert (tmp_path / "run" / name).read_bytes() == (run / name).read_bytes()


def test_epochs_shrink_with_the_root_of_the_samples() -> None:
    assert [epochs(n) for n in (10, 100, 111, 1000, 10_000, 60_000, 10**6)] == [300, 300, 300, 100, 32, 13, 10]


def test_size_and_epochs_are_numbers_in_the_run(base: str, tmp_path: Path) -> None:
    asked = ("data.resize=auto", "data.train_size=100", "train.epochs=auto", "model.hidden=[4]", "train.batch_size=100")
    metrics = work.run(load(base, asked), tmp_path / "run", quiet=True)
    study = tomllib.loads((tmp_path / "run" / "study.toml").read_text())
    assert study["data"]["resize"] == {"size": [16, 16], "how": "crop"}
    assert study["train"]["epochs"] == metrics.training.epochs == 300
    assert checkpoint.load(tmp_path / "run" / "best.safetensors")[1]["resize"] == "crop"


@pytest.mark.parametrize("fastest", PRECISIONS)
def test_the_precision_is_that_of_the_processor(fastest: str, base: str, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("backhand.backend.fastest_precision", lambda: fastest)
    study = load(base, ("train.precision=auto", "train.epochs=1", "data.train_size=100", "model.hidden=[4]"))
    work.run(study, tmp_path / "run", quiet=True)
    assert tomllib.loads((tmp_path / "run" / "study.toml").read_text())["train"].get("precision", FLOAT32) == fastest


def curve(lr: list[float], loss: list[float]) -> RangeTest:
    return RangeTest(*(np.array(values) for values in (lr, loss, loss)))


def test_a_rate_lies_between_half_way_down_and_lowest_and_not_above_half_of_the_usual_one() -> None:
    rates, flat = np.geomspace(1e-7, 1, 8), [4.0] * 4
    assert rate(curve(rates, [*flat, 4, 3, 2, 4]), 0.1) == 0.032
    assert rate(curve(rates, [*flat, 4, 4, 3, 2]), 0.1) == 0.05
    assert rate(curve(rates, [*flat, 3, 2, 4, 4]), 0.1) == 0.0032
    assert rate(curve(rates, [*flat, 3, 2, 4, 4]), 1e-3) == 5e-4
    assert rate(curve(rates, [*flat, 4, 3.9, 4, 4]), 0.1) == 0.05  # nothing was learnt at any rate


def test_without_a_rate_that_works_the_run_is_refused(base: str, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr("backhand.experiments.decide.LOW", 1e6)
    monkeypatch.setattr("backhand.experiments.decide.HIGH", 1e9)
    with pytest.raises(StudyError, match=r'^train\.optimizer\.lr = "auto" finds no rate: the loss diverged within'):
        work.run(load(base, AUTO), tmp_path / "run", quiet=True)
    assert not (tmp_path / "run").exists()


def test_trainings_with_open_values_share_the_data(base: str, monkeypatch) -> None:
    loads = []
    monkeypatch.setattr(
        "backhand.experiments.trainer.load_feeds", lambda *given: loads.append(given) or load_feeds(*given)
    )
    for l2 in ("0", "0.1"):
        asked = load(base, (*AUTO, "data.resize=auto", "train.epochs=1", f"train.l2={l2}"))
        train([asked], data_of(asked), [Callback()])
    assert len(loads) == 1


def test_each_trial_of_a_search_decides_for_itself(base: str, tmp_path: Path) -> None:
    space = 'search={space={"train.l2"=[0.0, 0.1]}, method="grid", seeds=1}'
    record = search.run(load(base, (*AUTO, "data.resize=auto", space)), tmp_path / "search", quiet=True)
    best = tmp_path / "search" / record.runs[0].folder
    assert isinstance(lr_of(best), float)
    assert search.run(load(base, (*AUTO, "data.resize=auto", space)), tmp_path / "search", resume=True, quiet=True)


def test_trainings_in_step_decide_each_for_itself(base: str) -> None:
    studies = [load(base, (*AUTO, f"train.l2={l2}", "data.seed=0"), seed) for seed, l2 in ((0, 0.0), (1, 0.1))]
    feeds = load_feeds(studies[0])
    done = train(studies, feeds, [Callback()] * 2)
    alone = [Trainer.of(study, feeds).fit() for study in studies]
    rates = [training.study.train.optimizer.lr for training in done]
    assert rates == [training.study.train.optimizer.lr for training in alone]
    assert all(isinstance(lr, float) for lr in rates)


def test_a_series_goes_on_with_rates_that_were_decided(base: str, tmp_path: Path) -> None:
    part = f"""
study = "{base}"
range_test = true
set = {{ "data.train_size" = 200, "model.hidden" = [4], "train.epochs" = 1, "train.optimizer.lr" = "auto" }}
claims = [{{ what = "accuracy", metric = "test_accuracy", least = 0.05 }}]
"""
    (tmp_path / "auto.toml").write_text(studytexts.series(part))
    for resume in (False, True):
        verdicts = series.run(load_series(tmp_path / "auto.toml"), tmp_path / "out", resume=resume, quiet=True)
        assert verdicts[0].met
    assert (tmp_path / "out" / "one" / RANGE_TEST).exists()


def test_a_comparison_decides_in_each_fold(base: str, tmp_path: Path) -> None:
    asked = (
        "train.optimizer.lr=auto",
        "train.epochs=auto",
        "model.hidden=[4]",
        "data.resize=[6, 8]",
        "train.batch_size=64",
    )
    study = load(base, (*asked, "data.resize=[6, 8]"))
    plan = Plan(DataTable(name="digits", train_size=240), (study,), ("tree",), folds=2)
    found = comparison.run(plan, tmp_path / "compared", quiet=True)
    assert [result.learner for result in found.results] == ["base", "tree"] * 2
    (settings_of,) = (learner.settings for learner in found.learners if learner.name == "base")
    assert "as many epochs as suit the data" in settings_of


def test_a_question_refuses_what_is_left_open(cli, tmp_path: Path) -> None:
    for key in ("train.optimizer.lr", "train.epochs"):
        code, said = cli("ask", "dropout", "--set", f"{key}=auto", "--out", tmp_path / "asked")
        assert code == 2
        assert f'{key} = "auto"' in said


def test_rates_that_others_set_need_no_test(base: str) -> None:
    assert with_some_rate(load(base, AUTO)).train.optimizer.lr == 0.1
    assert with_some_rate(load(base, (*AUTO, "train.optimizer.kind=adam"))).train.optimizer.lr == 1e-3
    assert settings(with_some_rate(load(base))) == settings(load(base))
