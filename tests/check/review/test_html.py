"""The page of a review, which needs nothing else, and its frame in a notebook."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from backhand.check.review.forms import heat, html
from backhand.check.review.records import Picture
from tests.check.review.examples import CONV, FULL, LSTM, NOTHING, TEXT, UNEXPLAINED

VOID = {"meta", "link", "img", "br", "rect", "hr"}


class Nesting(HTMLParser):
    """Fails where a tag is closed that is not open, and keeps the text."""

    def __init__(self):
        super().__init__()
        self.open, self.text = [], []

    def handle_starttag(self, tag, attributes):
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert tag in VOID or self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def text_of(page):
    parser = Nesting()
    parser.feed(page)
    assert parser.open == []
    return " ".join("".join(parser.text).split())


@pytest.fixture
def page(tmp_path, monkeypatch):
    (tmp_path / "layers.py").write_text(TEXT)
    monkeypatch.chdir(tmp_path)
    return html.page(FULL)


def test_everything_of_the_review_is_on_the_page(page):
    text = text_of(page)
    for words in (
        "4 checked: 2 right, 1 wrong and 1 wrong only elsewhere",
        "affine_backward, line 7: db is averaged over the batch (it is the true gradient divided by 4",
        "so its gradient is the sum: dout.sum(0).",
        "with this change the check passes",
        "- db = dout.mean(0)+ db = dout.sum(0)",
        "The gradient of x, with stride 2: orange is positive, blue negative.",
        "lstm, line 2: it wants prev_h.",
        "Not written yet dropout_backward (line 8).",
        "The module course is missing.",
    ):
        assert words in text


def test_layers_of_several_files_have_a_column_for_it():
    units = FULL.units[0], replace(CONV, place=replace(CONV.place, file="conv.py"))
    for review, headings in ((replace(FULL, units=units), ["name", "file", "kind"]), (FULL, ["name", "kind"])):
        found = re.findall('<th scope="col">([^<]+)</th>', html.page(review))
        assert found == [*headings, "how it was read", "result"]


def test_the_page_needs_nothing_else(page):
    assert not re.search(r"(src|href)=|url\(|@import", page)
    assert "prefers-color-scheme: dark" in page
    assert "max-width: 44rem" in page


def test_the_line_of_a_finding_is_marked_among_its_neighbours(page):
    listing = re.search(r'<pre class="listing".*?</pre>', page)[0]
    assert re.findall(r"<b>(\d+)</b>", listing) == ["4", "5", "6", "7", "8", "9", "10"]
    assert re.findall(r'class="marked"><b>\d+</b>(.*?)</code>', listing) == ["    db = dout.mean(0)"]


def test_names_and_code_of_the_file_are_escaped():
    evil = "<script>alert(1)</script>"
    review = replace(
        FULL,
        target=f"{evil}.py",
        failure=evil,
        units=(replace(CONV, name=evil, kind=evil, findings=(replace(UNEXPLAINED, headline=f"`{evil}`"),)),),
        unread=(replace(LSTM, name=evil, reason=evil, spec=evil),),
    )
    assert "<script" not in html.page(review)
    assert text_of(html.page(review)).count(evil) > 6


def test_a_picture_shows_each_entry_and_frames_the_wrong_ones():
    (row,) = heat.rows(UNEXPLAINED.picture)
    given, true, error = (each.svg for each in row.maps)
    assert given.count("<rect") == true.count("<rect") == 9
    assert given.count('class="unknown"') == 1
    assert error.count('class="bad" x="1" y="45"') == error.count('class="bad"') == 1
    assert true.count('class="minus"') == 1
    assert "<title>-7</title>" in true


@pytest.mark.parametrize(
    ("shape", "indices"),
    [
        ((), [""]),
        ((3,), [""]),
        ((2, 2, 3), ["[0, :, :]", "[1, :, :]"]),
        ((1, 2, 4, 3), ["[0, 0, :, :]", "[0, 1, :, :]"]),
        ((1, 4, 3, 2), ["[0, :, :, 0]", "[0, :, :, 1]"]),  # channels last
        ((9, 2, 2), [f"[{i}, :, :]" for i in range(6)]),
        ((0, 3), []),
    ],
)
def test_arrays_of_any_number_of_axes_are_drawn(shape, indices):
    size = 1
    for length in shape:
        size *= length
    values = [float(i) for i in range(size)]
    rows = heat.rows(Picture("x", shape, values, values, "2 samples"))
    assert [(re.findall(r"\[.*\]", row.caption) or [""])[0] for row in rows] == indices
    if shape == (9, 2, 2):
        assert "3 more parts are not shown" in rows[0].caption
    if shape == (1, 4, 3, 2):
        assert re.findall(r"<title>(\d+)", rows[1].maps[0].svg) == [str(i) for i in range(1, 24, 2)]


def test_a_notebook_shows_the_page_in_a_frame():
    shown = NOTHING._repr_html_()
    assert shown.startswith('<iframe srcdoc="')
    assert "Nothing could be checked" in shown
    assert shown.count("<") == 2  # the page itself is escaped
