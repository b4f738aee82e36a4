"""Pieces of HTML: everything from people is escaped, and nothing is fetched from outside."""

import base64

import pytest

from backhand.notebook import html
from tests.notebook.markup import Markup

BAD = '<script>alert("1")</script>&'


def test_what_people_have_named_is_escaped():
    page = html.view(
        html.heading(BAD, BAD),
        html.paragraph(BAD),
        html.tiles([(BAD, BAD, BAD)]),
        html.table((BAD, BAD), [(BAD, BAD)], "lr"),
        html.picture(b"png", BAD, 3),
        html.row(BAD),
        BAD,
    )
    assert "<script>" not in page
    assert Markup(page).text.count(BAD) == 12  # the picture's is an attribute
    assert Markup(page).attributes["alt"] == [BAD]


def test_what_is_html_is_taken_as_it_is():
    assert html.text(html.Html("<b>1</b>")) == "<b>1</b>"
    assert html.table(("a",), [(html.Html("<i>x</i>"),)], "l").count("<i>x</i>") == 1


def test_a_table_has_its_head_its_sides_and_its_totals():
    page = html.table(("name", "count"), [("a", 1), ("all", 1)], "lr", totals=1)
    head = '<tr><th scope="col">name</th><th scope="col" class="r">count</th></tr>'
    assert page.startswith(f"<table><thead>{head}</thead>")
    assert page.endswith('<tr class=total><th scope="row">all</th><td class="r">1</td></tr></tbody></table>')


def test_rows_of_another_length_than_the_head_are_refused():
    with pytest.raises(ValueError, match="zip"):
        html.table(("a", "b"), [("1",)], "lr")


def test_a_picture_holds_its_bytes():
    page = html.picture(b"\x89PNG", "two", 40, pixels=True)
    source = Markup(page).attributes["src"][0]
    assert base64.b64decode(source.removeprefix("data:image/png;base64,")) == b"\x89PNG"
    assert 'class="pixels"' in page
    assert 'width="40"' in page


def test_the_style_stays_within_the_view():
    page = html.view("x")
    rules = [line.partition("{")[0] for line in html.STYLE.splitlines() if "{" in line and not line.startswith(" ")]
    assert rules
    assert all(part.strip().startswith("div.backhand") for rule in rules for part in rule.split(","))
    assert "http" not in page
    assert "url(" not in page
