"""A series says what its figures show: failures, gaps that chance explains, maps of nothing, the end of a range."""

import json

import pytest

from backhand.experiments import reports
from backhand.experiments.series.record import Cell, read_result
from backhand.experiments.series.report.findings import findings, next_sentence
from backhand.experiments.series.report.fit import fit_of
from backhand.experiments.series.report.rates import range_test_blocks
from backhand.study.series import Part
from tests.experiments.series.savedresults import GOOD, SERIES, cell, run


def test_a_cell_whose_training_failed_does_not_fit():
    lost = cell("lost", run(0.99, 0.985).model_copy(update={"failure": "After 3 epochs ..."}), run(0.99, 0.985))
    assert fit_of(lost, (lost, GOOD)).word == "failed"
    sentences = list(findings(Part(name="p", title="P", study="digits"), (lost, GOOD)))
    assert ("Training failed", "lost (1 of 2 runs). After 3 epochs ...") in sentences
    assert dict(sentences)["Fit"] == "Of 2 cells, 1 fits well and 1 failed."


def counted(cell, train, validation):
    counts = {"train_count": train, "validation_count": validation}
    runs = (run.model_copy(update={"figures": run.figures | counts}) for run in cell.runs)
    return Cell(cell.labels, tuple(runs))


@pytest.mark.parametrize(("samples", "word"), [(50, "fits"), (5000, "overfits")])
def test_a_gap_counts_where_the_samples_show_it(samples, word):
    gap = counted(cell("a", run(0.95, 0.90)), samples, samples)
    assert fit_of(gap, (gap,)).word == word
    rise = counted(cell("b", run(0.99, 0.985, losses=(0.5, 0.54))), samples, samples)
    assert fit_of(rise, (rise,)).word == word
    sentence = next_sentence(
        counted(cell("a", run(0.9, 0.85)), samples, samples), counted(cell("b", run(0.9, 0.83)), samples, samples)
    )
    assert ("chance alone can make this difference on 50 validation samples" in sentence) == (samples == 50)


def test_a_part_of_which_every_run_diverged_has_a_map_of_crosses(tmp_path):
    (tmp_path / "rates").mkdir()
    (tmp_path / "series.toml").write_text(SERIES)
    (tmp_path / "environment.json").write_text("{}")
    for number in range(4):
        labels = {"rate": ("0.1", "1")[number // 2], "width": ("[5]", "[9]")[number % 2]}
        result = run(0.5, 0.5, labels=labels, status="diverged")
        (tmp_path / "rates" / f"{number:03}-seed-0.json").write_text(result.as_text())
    page = reports.write(tmp_path).read_text()
    assert "Of 4 cells, 4 diverged" in page


@pytest.mark.parametrize(
    ("losses", "reading"), [([3, 2, 4], "0.1, and rises beyond it"), ([3, 2, 1], "1, the highest rate")]
)
def test_a_range_test_is_read_as_it_went(tmp_path, losses, reading):
    (tmp_path / "range.json").write_text(json.dumps({"lr": [0.01, 0.1, 1.0], "loss": losses, "smoothed": losses}))
    part = Part(name="p", title="P", study="digits", range_test=True)
    file = tmp_path / "000-seed-0.json"
    file.write_text(run(0.9, 0.9).as_text())
    measured = Cell({}, (read_result(file),))
    assert f"lowest at {reading}" in range_test_blocks(part, (measured,))[0].text
