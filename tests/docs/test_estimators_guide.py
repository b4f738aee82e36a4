"""The guide on estimators: its code runs, and its parameters are those that there are."""

import inspect
import re

from backhand.estimators import BackhandClassifier, BackhandRegressor
from tests.docs.markdown_pages import GUIDES, run_python

PAGE = GUIDES / "estimators.md"


def test_the_code_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run_python(PAGE)


def test_every_parameter_is_on_the_page():
    text = PAGE.read_text("utf-8").partition("## Parameters")[2].partition("## Samples")[0]
    known = {name for kind in (BackhandClassifier, BackhandRegressor) for name in inspect.signature(kind).parameters}
    assert known - set(re.findall(r"`(\w+)`", text)) == set()
