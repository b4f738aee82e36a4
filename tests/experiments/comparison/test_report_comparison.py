"""The report of a comparison: its findings follow from the numbers, and its page shows them."""

import json
import re

import pytest

from backhand.errors import CheckpointError
from backhand.experiments import reports
from backhand.experiments.comparison.record import Comparison, Data, LearnerRecord, Result
from backhand.experiments.comparison.report.findings import better, findings, sentence
from backhand.experiments.comparison.work import pairs
from backhand.page.numbers import points, probability
from tests.experiments.pageparser import Page

COUNT = 50
WRONG = {"<net>": (1, 2, 1, 2), "net_2": (2, 1, 2, 2), "tree": (11, 12, 11, 13)}  # in each of four folds


def make_result(name, fold, wrong):
    indices = tuple(range(fold * COUNT, fold * COUNT + wrong))
    return Result(
        learner=name,
        fold=fold,
        count=COUNT,
        wrong=indices,
        train_seconds=1.0 + fold,
        test_seconds=0.1,
        chosen={"max_depth": None if fold else 4} if name == "tree" else {"epoch": 3},
    )


@pytest.fixture
def comparison():
    data = Data(
        name="toy", title="Toy & Co", source="Toy & Co, made up", classes=("a", "b"), sample_shape=(3,),
        counts=(100, 100), sha256="0" * 64,
    )  # fmt: skip
    learners = tuple(LearnerRecord(name=name, settings=f"that is {name}", study={}) for name in WRONG)
    results = tuple(make_result(name, fold, WRONG[name][fold]) for fold in range(4) for name in WRONG)
    running = Comparison(status="running", data=data, folds=4, seed=0, learners=learners, results=results)
    tested = pairs(running, ["<net>", "net_2"])
    return running.model_copy(update={"status": "finished", "pairs": tested})


@pytest.fixture
def folder(comparison, tmp_path):
    (tmp_path / "compare.json").write_text(comparison.model_dump_json())
    (tmp_path / "environment.json").write_text(json.dumps({"backhand": "1", "command": "backhand compare toy"}))
    return tmp_path


def test_a_sentence_says_who_errs_less_only_where_it_is_shown(comparison):
    sentences = {(pair.first, pair.second): sentence(comparison, pair) for pair in comparison.pairs}
    assert sentences["<net>", "net_2"].startswith("No significant difference. Over 4 folds, <net> is wrong on 3.00% of")
    assert "a difference of −0.50 percentage points (95% interval −" in sentences["<net>", "net_2"]
    assert sentences["<net>", "tree"].startswith(
        "<net> has a lower error than tree. Over 4 folds, <net> is wrong on 3.00% of"
    )
    assert "and tree on 23.50%, a difference of −20.50 percentage points" in sentences["<net>", "tree"]
    assert all("corrected for 3 comparisons" in text for text in sentences.values())


def test_who_errs_less_follows_from_the_corrected_p_and_the_sign(comparison):
    pair = comparison.pairs[0]
    cases = {(-0.1, 0.049): pair.first, (0.1, 0.049): pair.second, (-0.1, 0.05): "", (0.1, 1.0): ""}
    for (difference, p), name in cases.items():
        changed = pair.model_copy(update={"difference": difference, "p": 0.001, "p_holm": p})
        assert better(changed) == name
        assert ("No significant difference" in sentence(comparison, changed)) == (name == "")


def test_a_single_comparison_is_not_said_to_be_corrected(comparison):
    alone = comparison.model_copy(update={"pairs": comparison.pairs[:1]})
    assert "corrected" not in sentence(alone, alone.pairs[0])


def test_folds_that_all_differ_alike_are_told_and_drawn(folder, comparison):
    flat = comparison.pairs[0].model_copy(update={"interval": None, "p": 1.0, "p_holm": 1.0})
    changed = comparison.model_copy(update={"pairs": (flat, *comparison.pairs[1:])})
    assert "points (the same in every fold, which leaves no spread to judge by; p\u00a0=\u00a01.000" in sentence(
        changed, flat
    )
    (folder / "compare.json").write_text(changed.model_dump_json())
    rows = Page(reports.write(folder).read_text("utf-8")).rows
    assert any(row[:3] == ["<net> − net_2", "−0.50", "–"] for row in rows)


def test_the_time_is_the_median(comparison):
    assert findings(comparison)[-1] == (
        "Time", "Median training time of 4 folds: <net> 2.50 s, net_2 2.50 s, tree 2.50 s.",
    )  # fmt: skip


def test_numbers_are_written_with_their_sign():
    assert [points(value) for value in (-0.0123, 0.5, 0.0)] == ["−1.23", "+50.00", "+0.00"]
    assert [probability(value) for value in (0.0004, 0.0312, 1.0)] == ["<\u00a00.001", "0.031", "1.000"]


def test_the_page_holds_every_error_and_test(folder, comparison):
    page = Page(reports.write(folder).read_text("utf-8"))
    tested, counted = ([row for row in page.rows if row and row[0] == "<net> − tree" and len(row) == n] for n in (6, 5))
    assert [(row[1], row[-1]) for row in tested] == [("−20.50", "<net>")]
    assert [row[1:3] for row in counted] == [["0", "41"]]
    rows = {row[0]: row for row in page.rows if row}
    assert rows["1"] == ["1", "50", "2.00%", "4.00%", "22.00%"]
    assert rows["tree"][-1] == "that is tree"  # of the last table
    assert "max depth 4 or no limit" in page.text
    assert {path.name for path in (folder / "plots").iterdir()} == {"errors.png", "differences.png"}
    assert all(image["alt"] for image in page.images)
    markdown = (folder / "report.md").read_text("utf-8")
    assert all(re.sub(r"\W", "", text) in re.sub(r"\W", "", markdown) for _, text in findings(comparison))


def test_it_is_written_twice_the_same(folder):
    first = reports.write(folder).read_bytes()
    assert reports.write(folder).read_bytes() == first


def test_before_the_end_it_says_how_far_it_is(folder, comparison):
    running = comparison.model_copy(update={"status": "running", "pairs": (), "results": comparison.results[:5]})
    (folder / "compare.json").write_text(running.model_dump_json())
    page = Page(reports.write(folder).read_text("utf-8"))
    assert "not finished: 5 of 12 trainings are done" in page.text


def test_another_form_is_refused_with_its_place(folder, comparison):
    damaged = comparison.model_dump(mode="json")
    damaged["results"][3]["count"] = 0
    (folder / "compare.json").write_text(json.dumps(damaged))
    with pytest.raises(CheckpointError, match=r"compare\.json at results\.3\.count: "):
        reports.write(folder)


def test_a_training_that_failed_and_a_learner_that_learnt_nothing_are_named_first(comparison):
    results = tuple(
        result.model_copy(update={"failure": "After 3 epochs ..."})
        if result.learner == "net_2" and result.fold > 1
        else result
        for result in comparison.results
    )
    first, *others = findings(comparison.model_copy(update={"results": results}))
    assert first == ("net_2: training failed", "The training of net_2 failed in 2 of 4 folds. After 3 epochs ...")
    assert "nothing learned" not in str(others)
    useless = tuple(
        make_result("tree", result.fold, 24) if result.learner == "tree" else result for result in comparison.results
    )  # 48% wrong, of two classes of the same size
    sentences = dict(findings(comparison.model_copy(update={"results": useless})))
    assert sentences["tree: nothing learned"] == (
        "tree is wrong on 48.00% of all samples; always answering the commonest class would be wrong on 50.00%. On 200 "
        "samples that is no significant difference."
    )
