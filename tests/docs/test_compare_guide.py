"""The page on comparisons: its code runs, and it names what there is."""

import re

from backhand.experiments.comparison.peers import PEERS, REGRESSORS
from tests.docs.markdown_pages import GUIDES, run_python

PAGE = GUIDES / "compare.md"


def test_its_code_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    found = run_python(PAGE)["found"]
    assert [(pair.first, pair.second) for pair in found.pairs] == [("digits", "tree")]
    assert capsys.readouterr().out.startswith("digits tree ")


def test_it_names_every_learner():
    assert set(re.findall(r"^\| `(\w+)` \|", PAGE.read_text("utf-8"), re.MULTILINE)) == {*PEERS, *REGRESSORS}
