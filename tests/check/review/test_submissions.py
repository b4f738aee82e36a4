"""Many submissions: which they are, the table, the mistakes that they share, and the page."""

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from backhand.check.review import submissions
from backhand.check.review.forms import overview
from backhand.check.review.groups import group
from backhand.check.review.process import Limits
from backhand.check.review.submissions import find_submissions, review_all
from backhand.errors import BackhandError
from tests.check.review.examples import FAILED, FULL, NOTHING, REFUSED, RIGHT
from tests.check.review.test_html import text_of

REVIEWS = [
    replace(FULL, target="work/anna.py"),
    replace(RIGHT, target="work/ben"),
    replace(FAILED, target="work/carla.py"),
    replace(NOTHING, target="work/dora.py"),
    replace(REFUSED, target="work/emil.ipynb"),
    replace(FULL, target="work/fritz.py", units=FULL.units[:1], together=(), unread=(), notes=()),
]


def test_submissions_are_files_and_folders_of_a_folder(tmp_path):
    for name in ("b.py", "a.ipynb", "notes.txt", ".hidden.py", "data.csv"):
        (tmp_path / name).write_text("x = 1\n")
    for name in ("c", "__pycache__", ".git", "venv"):
        (tmp_path / name).mkdir()
    (tmp_path / "venv" / "pyvenv.cfg").touch()
    found = find_submissions([tmp_path, tmp_path / "b.py", tmp_path / "notes.txt"])
    assert [path.name for path in found] == ["a.ipynb", "b.py", "c", "notes.txt"]
    (tmp_path / "c" / "d").mkdir()
    with pytest.raises(BackhandError, match="holds no submissions"):
        find_submissions([tmp_path / ".git"])
    with pytest.raises(BackhandError, match="there is no"):
        find_submissions([tmp_path / "missing"])


def test_all_are_reviewed_in_order_and_each_is_told_when_it_is_done(monkeypatch):
    monkeypatch.setattr(submissions, "review_target", lambda target, limits, stop: replace(RIGHT, target=target))
    seen = []
    done = review_all([Path("c"), Path("a"), Path("b")], Limits(), 2, lambda review: seen.append(review.target))
    assert [review.target for review in done] == ["c", "a", "b"]
    assert sorted(seen) == ["a", "b", "c"]


def test_an_interrupted_check_stops_the_others(monkeypatch):
    stops = []

    def wait(target, limits, stop):
        if target == "slow":
            stops.append(stop.wait(20))
        return replace(RIGHT, target=target)

    def interrupt(review):
        raise KeyboardInterrupt

    monkeypatch.setattr(submissions, "review_target", wait)
    with pytest.raises(KeyboardInterrupt):
        review_all([Path("slow"), Path("fast")], Limits(), 2, interrupt)
    assert stops == [True]


def test_the_same_mistakes_are_counted_once_for_each_submission():
    groups = group([*REVIEWS, replace(REVIEWS[0], target="work/anna.py")])
    counts = [(each.kind, each.cause, len(each.targets), each.severity) for each in groups]
    assert counts == [
        ("Linear", "averaged over the batch", 2, "wrong"),
        ("Conv2d", "backward, not explained", 1, "wrong elsewhere"),
        ("", "averaged twice", 1, "wrong"),
    ]


def test_the_table_in_a_terminal():
    text = io.StringIO()
    overview.show(Console(file=text, width=120), REVIEWS, 12.0)
    page = text.getvalue().splitlines()
    assert page[:7] == [
        "submission   result         right   wrong   elsewhere   open   mistakes",
        "anna.py      wrong              2       1           1      2   averaged over the batch, averaged twice",
        "ben          right              1       –           –      –",
        "carla.py     not finished       1       –           –      –",
        "dora.py      not checked        –       –           –      –",
        "emil.ipynb   not checked        –       –           –      –",
        "fritz.py     wrong              –       1           –      –   averaged over the batch",
    ]
    reasons = page[page.index("Not checked to the end") + 1 :]
    assert reasons[0] == "  carla.py: The check was ended after 5 seconds, its limit."
    assert reasons[1].startswith("  dora.py: Nothing could be checked: ")
    assert "            2   Linear   averaged over the batch   anna.py, fritz.py" in page
    assert page[-1] == "6 submissions: 1 right, 2 wrong, 1 not finished, 2 not checked. It took 12.0 s."


def test_a_long_list_of_submissions_is_cut():
    many = [replace(REVIEWS[-1], target=f"work/{number}.py") for number in range(7)]
    text = io.StringIO()
    overview.show(Console(file=text, width=100), many, 1.0)
    assert "0.py, 1.py, 2.py, 3.py, 3 more" in text.getvalue()


def test_the_page_leads_from_the_table_to_each_review():
    page = overview.page(REVIEWS, "Check of work")
    text = text_of(page)
    assert "6 submissions: 1 right, 2 wrong, 1 not finished, 2 not checked." in text
    targets = set(re.findall(r'href="#([^"]+)"', page))
    assert targets == set(re.findall(r'<details id="([^"]+)"', page))
    identities = re.findall(r'\bid="([^"]+)"', page)
    assert len(identities) == len(set(identities))


def test_names_in_several_folders_keep_them():
    assert overview.short_names(["a/x.py", "b/x.py"]) == {"a/x.py": "a/x.py", "b/x.py": "b/x.py"}
    assert overview.short_names(["a/x.py", "a/y.py"]) == {"a/x.py": "x.py", "a/y.py": "y.py"}
