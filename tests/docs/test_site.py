"""The documentation as a site: it is built without a warning, every page is reached, and formulas are typeset."""

import json
import re
import subprocess
import sys

import pytest

from tests.docs.markdown_pages import ROOT

pytest.importorskip("sphinx")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "-d", folder / "cache"]
    built = subprocess.run([*command, ROOT / "docs", folder / "html"], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return folder / "html"


def test_every_page_is_in_the_four_parts(site):
    index = (site / "index.html").read_text("utf-8")
    for part in ("Tutorials", "How to", "Reference", "Explanation"):
        assert f'<span class="caption-text">{part}</span>' in index
    pages = {path.relative_to(ROOT / "docs").with_suffix(".html").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    linked = set(re.findall(r'href="([^"#]+\.html)"', index)) | {"index.html"}
    assert pages - linked == set()


def test_formulas_are_typeset_without_another_server(site):
    page = (site / "derivations" / "batchnorm.html").read_text("utf-8")
    assert page.count("<math") > 50
    assert "\\frac" not in page.partition("<article")[2].replace("\\frac</", "")
    assert "mathjax.js" not in page.lower()


@pytest.mark.parametrize("notebook", sorted((ROOT / "docs" / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_notebooks_run_and_show_pictures(site, notebook):
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    assert not any(cell.get("outputs") for cell in cells)  # kept without outputs, so that changes can be read
    page = (site / "notebooks" / notebook.with_suffix(".html").name).read_text("utf-8").partition("<article")[2]
    assert page.count("<img") + page.count("<svg") >= 1
    assert "Warning" not in page
    assert "Traceback" not in page
