"""docs/guides/check.md shows what the program prints, its code runs, and docs/formats.md has every key of a review."""

import re
import sys
from dataclasses import fields

import pytest

from backhand.check import check_file
from backhand.check.review.forms import files
from backhand.check.review.forms.overview import RESULTS
from backhand.check.review.records import SEVERITIES, Change, Finding, Note, Picture, Review, UnitReview
from backhand.check.review.records import UnreadUnit as Unread
from backhand.check.source.remarks import Place
from tests.docs.markdown_pages import GUIDES, ROOT, blocks

PAGE = GUIDES / "check.md"
LAYERS, SPECIFIED, TESTS, ARRAYS, NOTEBOOK = blocks(PAGE, "python")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The file of the guide in an empty folder."""
    (tmp_path / "layers.py").write_text(LAYERS, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    sys.modules.pop("layers", None)


def test_the_program_names_the_mistake_as_the_guide_shows_it(cli, folder):
    (shown,) = blocks(PAGE, "text")
    status, said = cli("check", "layers.py")
    assert status == 1
    for line in shown.splitlines():
        if re.match(r"\d\. |\s+[-+] |\d checked|What|Results", line):
            assert line.strip() in said


def test_the_code_of_the_guide_runs(folder, capsys):
    names = {}
    exec(TESTS, names)
    with pytest.raises(AssertionError, match="affine: wrong"):
        names["test_layers"]()
    names["test_relu"]()
    exec(ARRAYS, {})
    exec(NOTEBOOK, {})
    assert capsys.readouterr().out.startswith("False ['")


def test_every_key_of_a_review_is_on_the_page_of_formats():
    text = (ROOT / "docs" / "formats.md").read_text("utf-8")
    section = re.split(r"^## ", text, flags=re.MULTILINE)
    section = next(each for each in section if each.startswith("A check"))
    named = set(re.findall(r"`(\w+)`", section))
    forms = (Review, UnitReview, Unread, Note, Finding, Change, Picture, Place)
    keys = {field.name for form in forms for field in fields(form)}
    assert keys | files._values(Review("x")).keys() <= named
    assert {"version", "reviews", "mistakes", "submissions"} <= named


def test_every_severity_and_result_is_explained():
    text = PAGE.read_text("utf-8")
    assert all(f"| {severity} | " in text for severity in SEVERITIES)
    assert all(result in text for result in RESULTS)


POINTWISE = """
import numpy as np

class Conv3d:
    def __init__(self, channels, filters):
        self.w = np.random.randn(channels, filters)
    def forward(self, x):
        self.x = x
        return np.einsum("nijkc,cf->nijkf", x, self.w)
    def backward(self, dy):
        self.dw = np.einsum("nijkc,nijkf->cf", self.x, dy)
        return np.einsum("nijkf,cf->nijkc", dy, self.w)
"""


def test_a_layer_is_specified_in_three_lines(tmp_path):
    (tmp_path / "layers.py").write_text(POINTWISE)
    (tmp_path / "check_layers.py").write_text(SPECIFIED)
    review = check_file(tmp_path / "check_layers.py")
    assert [unit.name for unit in review.units] == ["conv"]
    assert review.passed
