"""The table of a model's layers, in a notebook as in the terminal."""

from backhand.layers import Dropout, Linear, ReLU
from backhand.model.sequential import Sequential
from tests.model.smallmodel import small
from tests.notebook.markup import Markup


def test_the_notebook_shows_what_the_summary_says():
    for model in (small(), small().freeze("1")):
        cells = Markup(model._repr_html_()).text
        for line in model.summary().splitlines():
            assert all(word in cells for word in line.replace("-" * 4, "").split())
    assert "trained" in cells
    assert "input 2 x 2 x 1 · float64" in cells


def test_a_model_that_is_not_built_shows_its_layers():
    page = Markup(Sequential(Linear(3), ReLU(), Dropout(0.2))._repr_html_())
    assert "not built" in page.text
    assert "Dropout(p=0.2)" in page.text
