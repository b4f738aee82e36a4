"""The report on a series: verdicts and sentences that the figures bear out, and a page from the folder alone."""

import json

import pytest

from backhand.errors import CheckpointError
from backhand.experiments import reports
from backhand.experiments.series.record import Cell, read
from backhand.experiments.series.report.findings import findings, next_sentence, part_comparison
from backhand.experiments.series.report.fit import fit_of
from backhand.study.series import Axis, Part
from tests.experiments.series.savedresults import GOOD, SERIES, cell, run


@pytest.mark.parametrize(
    ("measured", "word", "reason"),
    [
        (GOOD, "fits", "training 99.00%, validation 98.50%"),
        (cell("a", run(1.0, 0.9)), "overfits", "training 100.00%, but validation 90.00%"),
        (cell("a", run(0.9, 0.89)), "underfits", "training 90.00%, where another cell has 99.00%"),
        (
            cell("a", run(0.98, 0.97, losses=(0.1, 0.2))),
            "overfits",
            "the validation loss ends at 2.00 times its lowest",
        ),
        (cell("a", run(0.98, 0.97), run(0.1, 0.1, status="diverged")), "diverged", "1 of 2 runs"),
    ],
)
def test_a_verdict_rests_on_the_last_epoch(measured, word, reason):
    fit = fit_of(measured, (GOOD, measured))
    assert (fit.word, fit.reason) == (word, reason)


def test_without_validation_data_there_is_no_verdict():
    result = run(0.9, 0.9)
    last = {key: value for key, value in result.history[-1].items() if key != "validation_accuracy"}
    result = result.model_copy(update={"history": (*result.history[:-1], last)})
    assert fit_of(cell("a", result), (GOOD,)).word == ""


@pytest.mark.parametrize(
    ("first", "second", "sentence"),
    [
        ([0.9], [0.8], "The next, b, is 10.00 percentage points lower (one seed, so that the spread is unknown)."),
        ([0.9], [0.9], "The next, b, is equal to it (one seed, so that the spread is unknown)."),
        (
            [0.9, 0.88],
            [0.85, 0.87],
            "The next, b, is 3.00 percentage points lower (2 seeds; the ranges do not overlap, but so few runs show no "
            "difference).",
        ),
        (
            [0.9, 0.88, 0.89],
            [0.85, 0.87, 0.86],
            "The next, b, is 3.00 percentage points lower (3 seeds; the ranges do not overlap).",
        ),
        (
            [0.9, 0.86],
            [0.85, 0.87],
            "The next, b, is 2.00 percentage points lower (2 seeds; the ranges overlap, so that no difference is "
            "shown).",
        ),
    ],
)
def test_how_sure_an_order_is(first, second, sentence):
    cells = (cell(name, *(run(0.9, value) for value in values)) for name, values in (("a", first), ("b", second)))
    assert next_sentence(*cells) == sentence


@pytest.mark.parametrize(
    ("dropout", "penalty", "comparison"),
    [
        (
            [0.90, 0.88, 0.89],
            [0.85, 0.87, 0.86],
            "dropout 0.5 is 3.00 percentage points above L2 0.001 on validation data (3 seeds; the ranges do not "
            "overlap).",
        ),
        (
            [0.90, 0.88],
            [0.85, 0.87],
            "dropout 0.5 is 3.00 percentage points above L2 0.001 on validation data (2 seeds; the ranges do not "
            "overlap, but so few runs show no difference).",
        ),
        (
            [0.85, 0.87],
            [0.90, 0.86],
            "L2 0.001 is 2.00 percentage points above dropout 0.5 on validation data (2 seeds; the ranges overlap, so "
            "that no difference is shown).",
        ),
        (
            [0.9],
            [0.8],
            "dropout 0.5 is 10.00 percentage points above L2 0.001 on validation data (one seed, so that the spread is "
            "unknown).",
        ),
    ],
)
def test_the_best_of_two_parts_are_compared(dropout, penalty, comparison):
    ours, theirs = (
        (
            Cell({name: "0"}, tuple(run(0.9, 0.1) for _ in values)),
            Cell({name: label}, tuple(run(0.9, v) for v in values)),
        )
        for name, label, values in (("dropout", "0.5", dropout), ("L2", "0.001", penalty))
    )
    finding = ("Compared with penalty", f"Of the best cells of both, {comparison}")
    assert list(part_comparison(ours, "penalty", theirs)) == [finding]
    assert not list(part_comparison(ours, "penalty", (cell("bad", run(0.2, 0.2, status="diverged")),)))


def test_sentences_are_written_only_where_the_figures_support_them():
    part = Part(name="p", title="p", study="digits", axes=(Axis(name="axis", key="k", values=("good", "bad")),))
    bad = cell("bad", run(0.2, 0.2, status="diverged"))
    sentences = dict(findings(part, (GOOD, cell("other", run(0.9, 0.89)), bad)))
    assert sentences["Best"].startswith(
        "The highest validation accuracy, 98.50% (test accuracy 97.50%), belongs to good. The next, other, is"
    )
    assert sentences["By axis"] == "The highest validation accuracy for each axis is: good: 98.50%; other: 89.00%."
    assert (sentences["Diverged"], sentences["Fit"]) == ("bad.", "Of 3 cells, 1 underfits, 1 fits well and 1 diverged.")
    assert dict(findings(part, (bad,))).keys() == {"Diverged", "Time"}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "series.toml").write_text(SERIES)
    (tmp_path / "environment.json").write_text('{"cpu": "a <processor>", "cores": 2}')
    (tmp_path / "rates").mkdir()
    number = 0
    for rate in ("0.1", "1"):
        for width in ("[5]", "[9]"):
            for seed in (0, 1):
                labels = {"rate": rate, "width": width}
                result = run(0.9, 0.8 + 0.01 * number, labels=labels, seed=seed)
                (tmp_path / "rates" / f"{number:03}-seed-{seed}.json").write_text(result.as_text())
            number += 1
    claim = {"part": "rates", "what": "the best", "metric": "test_accuracy", "cell": {"rate": "1"}, "reported": 0.8}
    claim |= {"ours": 0.82, "least": 0.9, "most": None, "met": False}
    (tmp_path / "claims.json").write_text(json.dumps([claim]))
    return tmp_path


def test_the_page_is_made_from_the_folder_alone(folder):
    page = reports.write(folder).read_text()
    first = {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.suffix in (".html", ".md", ".png")}
    for text in ("Rates &amp; widths", "a &lt;processor&gt;", "80.00%", "82.00%", "+2.00", "≥ 90.00%", "missed"):
        assert text in page, text
    for text in ("Every setting of this series (series.toml).", "Where it ran", "backhand run series.toml"):
        assert text in page, text
    assert {path.name for path in first if path.suffix == ".png"} == {
        *("rates-validation_loss.png", "rates-validation_error.png", "rates-train_error.png", "rates-map.png"),
    }
    reports.write(folder)
    assert first == {path: path.read_bytes() for path in first}


def test_one_axis_is_drawn_with_its_spread(folder):
    text = SERIES.replace('[[parts.axes]]\nname = "width"\nkey = "model.hidden"\nvalues = [[5], [9]]\n', "")
    (folder / "series.toml").write_text(text)
    for path in (folder / "rates").glob("*.json"):
        result = json.loads(path.read_text())
        path.unlink()
        if result["labels"].pop("width") == "[5]":
            path.write_text(json.dumps(result))
    reports.write(folder)
    whole = (folder / "plots" / "rates-strength.png").read_bytes()
    for path in (folder / "rates").glob("002-*.json"):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"status": "diverged", "figures": {}}))
    reports.write(folder)
    assert (folder / "plots" / "rates-strength.png").read_bytes() != whole


@pytest.mark.parametrize(("widths", "plot", "listed"), [(6, True, 12), (20, False, 30)])
def test_many_cells_have_a_plot_each_and_very_many_a_table_of_the_best(folder, widths, plot, listed):
    values = [[1 + i] for i in range(widths)]
    (folder / "series.toml").write_text(SERIES.replace("[[5], [9]]", str(values)))
    for path in (folder / "rates").iterdir():
        path.unlink()
    for number in range(2 * widths):
        labels = {"rate": ("0.1", "1")[number // widths], "width": str(values[number % widths])}
        result = run(0.9, 0.5 + 0.01 * number, labels=labels)
        (folder / "rates" / f"{number:03}-seed-0.json").write_text(result.as_text())
    reports.write(folder)
    text = (folder / "report.md").read_text()
    assert ("rates-epochs" in text) == plot
    rows = [line for line in text.splitlines() if line.startswith(("| 0.1 ", "| 1 "))]
    assert len(rows) == listed
    assert (f"The best 30 of {2 * widths} cells" in text) == (listed < 2 * widths)
    assert f"{50 + 2 * widths - 1}.00%" in "".join(rows)


def test_a_series_that_has_just_begun_has_a_page(folder):
    for path in [*(folder / "rates").iterdir(), folder / "claims.json"]:
        path.unlink()
    assert "0 of 0" in reports.write(folder).read_text()
    assert read(folder).cells == {"rates": ()}


def test_a_damaged_piece_is_named(folder):
    (folder / "rates" / "001-seed-0.json").write_text("{")
    with pytest.raises(CheckpointError, match=r"001-seed-0\.json is damaged .*resume the series"):
        reports.write(folder)
    (folder / "environment.json").unlink()
    with pytest.raises(CheckpointError):
        reports.write(folder)


def test_results_of_several_series_stand_in_one_file(folder):
    out = reports.write_results([folder], folder / "RESULTS.md")
    text = out.read_text()
    for text_part in (
        "# Results",
        "Rates & widths".replace("&", r"\&"),
        "backhand run rates --data-dir DATA. Data: Digits (a copy).",
        "8 runs, 16.0 s",
    ):
        assert text_part in text, text
    assert "| rates | the best | 1 | 80.00% | 82.00% | +2.00 | ≥ 90.00% | missed |" in text
    assert "`" not in text  # it would be escaped, and shown as it is
    with pytest.raises(CheckpointError):
        reports.write_results([folder / "plots"], out)
