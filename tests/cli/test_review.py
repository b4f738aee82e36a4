"""`backhand check PATH`: the forms of the result, the exit status, and what is refused."""

import json
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from backhand.check.review import submissions
from backhand.cli import review as command
from tests.check.review.examples import FAILED, FULL, NOTHING, REFUSED, RIGHT

REVIEWS = {"wrong.py": FULL, "right.py": RIGHT, "failed.py": FAILED, "nothing.py": NOTHING, "missing.py": REFUSED}


@pytest.fixture
def check(cli, monkeypatch):
    """Run `backhand check` with reviews that are known."""
    seen = []

    def review(target, limits, progress=None, stop=None):
        seen.append(limits)
        if progress is not None:
            progress("affine")
        return replace(REVIEWS[target.rpartition("/")[2]], target=target)

    monkeypatch.setattr(command, "review_target", review)
    monkeypatch.setattr(submissions, "review_target", review)
    monkeypatch.setenv("COLUMNS", "100")

    def call(*arguments):
        status, said = cli("check", *arguments)
        return status, said

    call.limits = seen
    return call


@pytest.mark.parametrize(
    ("names", "status", "words"),
    [
        (["right.py"], 0, "relu is right."),
        (["wrong.py"], 1, "1. affine: wrong"),
        (["failed.py"], 2, "its limit."),
        (["nothing.py"], 2, "Nothing could be checked"),
        (["missing.py"], 2, "error: there is no missing.py; check the name"),
        (["right.py", "right.py"], 0, "relu is right. right.py"),
        (["right.py", "missing.py"], 2, "there is no missing.py"),
        (["missing.py", "wrong.py"], 1, "1. affine: wrong"),
    ],
)
def test_the_exit_status_says_what_became_of_it(check, names, status, words):
    done, said = check(*names)
    assert done == status
    assert words in said


def test_limits_are_passed_on(check):
    check("right.py")
    check("right.py", "--timeout", "7", "--memory", "0.5")
    assert [(limits.seconds, limits.memory) for limits in check.limits] == [(120, 4 << 30), (7, 1 << 29)]


def test_json_is_printed_in_place_of_the_page(check):
    status, said = check("wrong.py", "--json")
    assert (status, json.loads(said)["units"][0]["name"]) == (1, "affine")
    status, said = check("missing.py", "--json")
    assert (status, json.loads(said)["failure"]) == (2, REFUSED.failure)
    status, said = check("wrong.py", "right.py", "--json")
    assert [review["target"] for review in json.loads(said)["reviews"]] == ["wrong.py", "right.py"]


def test_a_page_and_a_junit_report_are_written(check, tmp_path):
    page, report = tmp_path / "new" / "page.html", tmp_path / "report.xml"
    assert check("wrong.py", "--html", page, "--junit", report)[0] == 1
    assert "db is averaged over the batch" in page.read_text("utf-8")
    assert len(ElementTree.parse(report).getroot()) == 1
    assert check("wrong.py", "right.py", "--html", page, "--junit", report)[0] == 1
    assert "Check of 2 files" in page.read_text("utf-8")
    assert len(ElementTree.parse(report).getroot()) == 2


def test_many_submissions_are_one_table_and_one_page(check, tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    for name in ("wrong.py", "right.py", "failed.py"):
        (work / name).touch()
    page = tmp_path / "page.html"
    status, said = check("--all", work, "--html", page, "--workers", "2")
    assert status == 1
    assert "3 submissions: 1 right, 1 wrong, 1 not finished." in said
    assert "averaged over the batch" in said
    assert page.read_text("utf-8").count("<details id=") == 3
    status, said = check("--all", work, "--json")
    assert [each["target"].rpartition("/")[2] for each in json.loads(said)["reviews"]] == [
        "failed.py",
        "right.py",
        "wrong.py",
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["right.py", "--only", "tanh"], "--only and --seed are for Backhand's own layers"),
        (["right.py", "--seed", "0"], "--only and --seed are for Backhand's own layers"),
        (["--all"], "name what to check, such as layers.py"),
        (["--watch", "right.py", "wrong.py"], "--watch shows one file or folder"),
        (["--all", "no/such/folder"], "there is no no/such/folder"),
    ],
)
def test_options_that_do_not_go_together_are_refused(check, arguments, words):
    status, said = check(*arguments)
    assert status == 2
    assert f"error: {words}" in said


def test_a_watched_file_is_checked_after_each_save_until_ctrl_c(check, monkeypatch, tmp_path):
    file = tmp_path / "wrong.py"

    def changes(target):
        yield []
        REVIEWS["wrong.py"] = RIGHT
        yield [file]
        raise KeyboardInterrupt

    monkeypatch.setattr("backhand.check.review.watch.changes", changes)
    try:
        status, said = check("--watch", file)
    finally:
        REVIEWS["wrong.py"] = FULL
    assert status == 0
    assert said.index("1. affine: wrong") < said.index("wrong.py was saved at")
    assert "3 fixed." in said


def test_a_file_from_the_command_line_to_its_page(cli, tmp_path):
    file = tmp_path / "layers.py"
    file.write_text(
        "import numpy as np\n"
        "def relu_forward(x):\n    return np.maximum(x, 0), x\n"
        "def relu_backward(dout, x):\n    return dout * (x > 0)\n"
        "def affine_forward(x, w, b):\n    return x @ w + b, (x, w)\n"
        "def affine_backward(dout, cache):\n    x, w = cache\n    return dout @ w.T, x.T @ dout, dout.mean(0)\n"
    )
    status, said = cli("check", file)
    assert status == 1
    assert "`affine_backward`, line 10: " in said
    assert "with this change the check passes" in said
    assert said.endswith("2 checked: 1 right and 1 wrong; 1 mistake.")
