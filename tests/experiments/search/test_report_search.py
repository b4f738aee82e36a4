"""The report on a search: from its folder alone, whatever became of the trials."""

import json

import pytest

from backhand.errors import CheckpointError
from backhand.experiments import reports
from backhand.experiments.search.record import SearchRecord, Trial
from backhand.experiments.search.report.chapters import chapters
from backhand.experiments.search.report.findings import findings
from backhand.experiments.search.report.importance import importances
from backhand.experiments.search.report.plots import _scale
from backhand.study.search import Choice, Range

STUDY = """
name = "s"
title = "Width & rate"
data = { name = "digits" }
model = { name = "mlp" }
search = { trials = 4, space = { "model.hidden" = [[5], [9]], "train.optimizer.lr" = { low = 0.001, high = 1.0 } } }
"""


def trial(number, value, state="complete", reason="", **values):
    assignment = {"model.hidden": [5], "train.optimizer.lr": 0.1} | values
    facts = {"epoch": 3, "seconds": 1.0, "parameters": 1234, "reason": reason, "curve": {}}
    return {"number": number, "state": state, "assignment": assignment, "value": value, **facts}


def shaped(*given, **values):
    return Trial.model_validate(trial(*given, **values))


def record(*trials, runs=(), monitor="validation_accuracy"):
    space = {"model.hidden": [[5], [9]], "train.optimizer.lr": {"low": 0.001, "high": 1.0}}
    search = {"monitor": monitor, "trials": 4, "space": space}
    return {"search": search, "trials": list(trials), "best": None, "runs": list(runs)}


TRIALS = (
    trial(0, 0.9),
    trial(1, 0.95, **{"model.hidden": [9]}),
    trial(2, 0.5, "pruned", **{"train.optimizer.lr": 0.9}),
    trial(3, None, "failed", "diverged: the loss <grew>"),
)
SECOND = {"folder": "best-seed-2", "seed": 2, "validation": 0.9, "test": 0.91, "seconds": 1.0}
RUNS = ({"folder": "best-seed-0", "seed": 0, "validation": 0.94, "test": 0.93, "seconds": 1.0},)
LOST = {"folder": "best-seed-1", "seed": 1, "diverged": "the loss grew"}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "study.toml").write_text(f"seed = 3\n{STUDY}[changes]\nseed = 3\n")
    (tmp_path / "environment.json").write_text('{"command": "backhand run s.toml --set seed=3"}')
    (tmp_path / "search.json").write_text(json.dumps(record(*TRIALS, runs=(*RUNS, LOST))))
    return tmp_path


def test_the_page_tells_what_was_found_and_what_failed(folder):
    page = reports.write(folder).read_text()
    for text in (
        *("Width &amp; rate", "1 stopped early, 1 failed", "95.00%", "one seed", "the loss &lt;grew&gt;"),
        *(
            "Trial 1 (validation accuracy 95.00% at epoch 3): model.hidden = [9]",
            "Trial 0 is 5.00 percentage points behind",
            "Diverged: the loss grew",
        ),
        *(
            "changed: seed = 3",
            "search.trials",
            "The command that made this search:",
            "backhand run s.toml --set seed=3",
        ),
    ):
        assert text in page, text
    assert {path.name for path in (folder / "plots").iterdir()} == {"search-progress.png", "search-parallel.png"}


def test_several_seeds_have_a_mean_and_a_spread():
    result = dict(findings(SearchRecord.model_validate(record(*TRIALS, runs=(*RUNS, LOST, SECOND))), {}))["Result"]
    assert result == (
        "Trained with 2 seeds, the chosen settings reach 92.00% (standard deviation 1.41 points) on test data and "
        "92.00% (standard deviation 2.83 points) on validation data."
    )
    (result, *_) = findings(SearchRecord.model_validate(record(*TRIALS, runs=RUNS)), {})
    assert result[1] == (
        "Trained with 1 seed, the chosen settings reach 93.00% on test data and 94.00% on validation data."
    )


@pytest.mark.parametrize("hidden", [[[5], [5, 5]], [5, 6]])
def test_networks_of_several_sizes_are_drawn_by_their_size(folder, hidden):
    sized = [
        trial(i, 0.8, **{"model.hidden": value}) | {"parameters": 10**i} for i, value in enumerate(hidden, start=1)
    ]
    saved = record(*sized)
    saved["search"]["space"]["model.hidden"] = hidden
    (folder / "search.json").write_text(json.dumps(saved))
    reports.write(folder)
    assert (folder / "plots" / "search-sizes.png").exists()


@pytest.mark.parametrize("trials", [(), TRIALS[:1], TRIALS[3:]])
def test_few_trials_have_a_page_too(trials):
    keys = [section.key for section in chapters(SearchRecord.model_validate(record(*trials)))]
    assert {"found", "trials"} <= set(keys)
    assert "compared" not in keys


def test_the_lowest_loss_comes_first():
    search = SearchRecord.model_validate(record(trial(0, 0.9), trial(1, 0.2), monitor="validation_loss"))
    (table,) = next(section.blocks for section in chapters(search) if section.key == "trials")
    assert [(row[0], row[2]) for row in table.rows] == [("1", "0.2"), ("0", "0.9")]


def test_choices_stand_on_an_axis_as_the_study_lists_them():
    entry = Choice(choices=([9], [5]))
    heights, ticks = _scale([shaped(0, 1), shaped(1, 1, **{"model.hidden": [9]})], "model.hidden", entry)
    assert (heights.tolist(), ticks) == ([1, 0], [(0.0, "[9]"), (1.0, "[5]")])


def test_numbers_find_their_height_on_an_axis():
    rates = [shaped(i, 1, **{"train.optimizer.lr": 10.0**-i}) for i in range(9)]
    heights, ticks = _scale(rates, "train.optimizer.lr", Range(low=1e-8, high=1.0, log=True))
    assert heights.tolist() == pytest.approx([1 - i / 8 for i in range(9)])
    assert [text for _, text in ticks] == ["1e−8", "0.0001", "1"]
    few = [shaped(i, 1, **{"model.dropout": 0.1 * (3 - i)}) for i in range(4)]
    _, ticks = _scale(few, "model.dropout", Range(low=0.0, high=0.5))
    assert [text for _, text in ticks] == ["0", "0.1", "0.2", "0.3"]


def test_a_key_that_decides_alone_is_the_most_important():
    settings = [{"train.optimizer.lr": 0.01 * (i + 1), "model.hidden": [5 + 4 * (i % 2)]} for i in range(20)]
    trials = [trial(i, 0.5 + values["train.optimizer.lr"], **values) for i, values in enumerate(settings)]
    shares = importances(SearchRecord.model_validate(record(*trials)))
    assert next(iter(shares)) == "train.optimizer.lr"
    assert shares["train.optimizer.lr"] > 0.9
    assert sum(shares.values()) == pytest.approx(1)
    assert importances(SearchRecord.model_validate(record(*trials[:9]))) == {}


def test_a_damaged_file_is_named(folder):
    (folder / "search.json").write_text("{")
    with pytest.raises(CheckpointError, match=r"search\.json is damaged"):
        reports.write(folder)


def test_chance_and_failures_are_said_of_the_best():
    runs = [RUNS[0] | {"validation_count": count, "failure": "It blew up."} for count in (100, 10_000)]
    few_samples, many_samples = (
        str(chapters(SearchRecord.model_validate(record(*TRIALS, runs=(run,))))[0].blocks) for run in runs
    )
    assert (
        "5.00 percentage points behind, a difference that chance alone can make on 100 validation samples"
        in few_samples
    )
    assert "chance" not in many_samples
    assert "'93.00%', '1.00 s', 'best-seed-0', 'The training failed. It blew up.'" in many_samples
