"""The report on a search: from its folder alone, whatever became of the trials."""

import json

import pytest

from backhand.errors import CheckpointError
from backhand.experiments import reports
from backhand.experiments.search.record import Found, Trial
from backhand.experiments.search.report.chapters import chapters, findings
from backhand.experiments.search.report.plots import _places

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
    space = {"model.hidden": {}, "train.optimizer.lr": {}}
    return {"search": {"monitor": monitor, "space": space}, "trials": list(trials), "best": None, "runs": list(runs)}


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
        *("Width &amp; rate", "1 pruned, 1 failed", "95.00%", "1 seed, 93.00% to 93.00%", "the loss &lt;grew&gt;"),
        *(
            "trial 1, validation accuracy 95.00% at epoch 3: model.hidden = [9]",
            "trial 0, 5.00 points behind",
            "diverged: the loss grew",
        ),
        *("changed: seed = 3", "search.trials", "This search was made by:", "backhand run s.toml --set seed=3"),
    ):
        assert text in page, text
    assert {path.name for path in (folder / "plots").iterdir()} == {"search-progress.png", "search-parallel.png"}


def test_several_seeds_have_a_mean_and_a_spread():
    found = dict(findings(Found.model_validate(record(*TRIALS, runs=(*RUNS, LOST, SECOND)))))
    assert found["Mean of 2 seeds"] == "92.00% ± 2.83 on validation data, 92.00% ± 1.41 on test data."
    assert "Mean of 1 seeds" not in dict(findings(Found.model_validate(record(*TRIALS, runs=RUNS))))


@pytest.mark.parametrize("hidden", [[[5], [5, 5]], [5, 6]])
def test_networks_of_several_sizes_are_drawn_by_their_size(folder, hidden):
    sized = [
        trial(i, 0.8, **{"model.hidden": value}) | {"parameters": 10**i} for i, value in enumerate(hidden, start=1)
    ]
    (folder / "search.json").write_text(json.dumps(record(*sized)))
    reports.write(folder)
    assert (folder / "plots" / "search-sizes.png").exists()


@pytest.mark.parametrize("trials", [(), TRIALS[:1], TRIALS[3:]])
def test_few_trials_have_a_page_too(trials):
    sections = chapters(Found.model_validate(record(*trials)))
    assert [section.key for section in sections[:2]] == ["found", "trials"]


def test_the_lowest_loss_comes_first():
    table = chapters(Found.model_validate(record(trial(0, 0.9), trial(1, 0.2), monitor="validation_loss")))[1].blocks[0]
    assert [row[:2] for row in table.rows] == [("1", "0.2"), ("0", "0.9")]


def test_values_find_their_place_on_a_coordinate():
    words, ticks = _places([shaped(0, 1), shaped(1, 1, **{"model.hidden": [9]})], "model.hidden")
    assert (words.tolist(), ticks) == ([0, 1], [(0.0, "[5]"), (1.0, "[9]")])
    rates = [shaped(i, 1, **{"train.optimizer.lr": 10.0**-i}) for i in range(9)]
    places, ticks = _places(rates, "train.optimizer.lr")
    assert places.tolist() == pytest.approx([1 - i / 8 for i in range(9)])
    assert [text for _, text in ticks] == ["1e-08", "0.0001", "1"]
    _, ticks = _places([shaped(i, 1, **{"model.dropout": 0.1 * i}) for i in range(4)], "model.dropout")
    assert [text for _, text in ticks] == ["0", "0.1", "0.2", "0.3"]


def test_a_damaged_file_is_named(folder):
    (folder / "search.json").write_text("{")
    with pytest.raises(CheckpointError, match=r"search\.json is damaged"):
        reports.write(folder)


def test_chance_and_failures_are_said_of_the_best():
    runs = [RUNS[0] | {"validation_count": count, "failure": "It blew up."} for count in (100, 10_000)]
    doubt, shown = (str(chapters(Found.model_validate(record(*TRIALS, runs=(run,))))[0].blocks) for run in runs)
    assert "trial 0, 5.00 points behind (which 100 validation samples may show by chance)" in doubt
    assert "by chance" not in shown
    assert "93.00% on test data; best-seed-0. The training failed. It blew up." in shown
