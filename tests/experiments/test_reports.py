"""What holds for the report of any run."""

import base64
import io
import re
from itertools import pairwise

import pytest
from PIL import Image as PILImage

from backhand.experiments import reports


def test_page_is_one_file_that_needs_no_other(any_report):
    html = (any_report.folder / "report.html").read_text(encoding="utf-8")
    assert all(image["src"].startswith("data:image/png;base64,") for image in any_report.page.images)
    assert all(link.startswith("#") for link in any_report.page.links)
    assert not re.search(r"https?:|url\(|@import|<script|<link", html)
    assert len(html) < 3_000_000


def test_contents_lead_to_chapters(any_report):
    ids = any_report.page.ids
    assert len(ids) == len(set(ids))
    assert len(any_report.page.links) >= 5
    assert {link[1:] for link in any_report.page.links} <= set(ids)


def test_every_image_says_what_it_shows_and_is_a_png(any_report):
    for image in any_report.page.images:
        assert len(image["alt"]) > 10
        PILImage.open(io.BytesIO(base64.b64decode(image["src"].partition(",")[2]))).verify()


def test_images_keep_their_shape(digits):
    sized = [image for image in digits.page.images if "width" in image]
    assert len(sized) > 8
    for image in sized:
        width, height = PILImage.open(io.BytesIO(base64.b64decode(image["src"].partition(",")[2]))).size
        assert int(image["width"]) / int(image["height"]) == pytest.approx(width / height, rel=0.01)


def test_captions_are_numbered_in_order(any_report):
    for kind in ("Figure", "Table"):
        for text in (any_report.page.text, any_report.markdown):
            numbers = [int(number) for number in re.findall(rf"{kind} (\d+)\.", text)]
            assert numbers == list(range(1, len(numbers) + 1))


def test_tables_are_rectangular(any_report):
    lines = any_report.markdown.splitlines()
    for above, line in pairwise(lines):
        if above.startswith("|") and line.startswith("|"):
            bars = [re.sub(r"\\.", "", row).count("|") for row in (above, line)]
            assert bars[0] == bars[1]


def test_markdown_links_to_the_plots_that_are_there(any_report):
    linked = set(re.findall(r"\]\(plots/([\w-]+)\.png\)", any_report.markdown))
    assert linked == any_report.plots()


def test_markdown_says_the_same_numbers_as_the_page(any_report):
    def percentages(text):
        return set(re.findall(r"\d+\.\d\d%", text))

    missing = percentages(any_report.markdown) - percentages(any_report.page.text)
    assert not missing


def test_rebuilding_gives_the_same_bytes(binary):
    def content():
        kept = [binary.folder / "report.html", binary.folder / "report.md", *(binary.folder / "plots").iterdir()]
        return {path.name: path.read_bytes() for path in kept}

    before = content()
    reports.write(binary.folder)
    assert content() == before


def test_nothing_temporary_is_left(any_report):
    assert not [path for path in any_report.folder.rglob("*") if "tmp" in path.name]
