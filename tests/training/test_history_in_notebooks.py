"""The history is a list like any other, which a notebook shows as curves."""

import copy
import pickle
from math import nan

from backhand.files import jsontext
from backhand.training.history import History
from tests.notebook.markup import Markup

RECORDS = [
    {"epoch": 1, "step": 4, "lr": 0.1, "train_loss": 2.0, "train_error": 0.5, "train_accuracy": 0.5, "elapsed": 0.5},
    {"epoch": 2, "step": 8, "lr": 0.1, "train_loss": nan, "train_error": 0.1, "train_accuracy": 0.9, "elapsed": 1.25},
]


def test_it_equals_a_plain_list_and_is_saved_as_one():
    assert History(RECORDS[:1]) == RECORDS[:1]
    assert jsontext.dumps(History(RECORDS)) == jsontext.dumps(RECORDS)
    for twin in (copy.deepcopy(History(RECORDS[:1])), pickle.loads(pickle.dumps(History(RECORDS[:1])))):
        assert type(twin) is History
        assert twin == RECORDS[:1]


def test_a_solver_has_one_and_still_has_it_after_a_resume(make_solver, blobs):
    solver = make_solver()
    assert type(solver.fit(blobs[0], blobs[1], epochs=2)) is History
    other = make_solver()
    other.load(*solver.state())
    assert type(other.history) is History
    assert other.history == solver.history


def test_what_is_no_number_is_left_out_of_the_curves():
    odd = {"epoch": None, "step": "many", "elapsed": None, "train_loss": "high", "remark": "odd", "on": True}
    history = History([RECORDS[0], odd])
    assert list(history.figures()) == ["lr", "loss", "accuracy"]
    assert jsontext.finite(history.figures()["loss"]["training"]) == [2.0, None]
    assert "2 epochs" in Markup(history._repr_html_()).text


def test_figures_are_the_lines_of_each_curve():
    figures = History([*RECORDS, {"epoch": 3, "validation_loss": 1.0, "macro_f1": 0.5}]).figures()
    assert list(figures) == ["lr", "loss", "accuracy", "macro_f1"]
    assert figures["loss"]["training"][0] == 2.0
    assert figures["loss"]["validation"][2] == 1.0
    assert figures["macro_f1"] == {"macro F1": [*figures["macro_f1"]["macro F1"]]}


def test_a_notebook_shows_the_curves(make_solver, blobs):
    page = Markup(make_solver().fit(blobs[0], blobs[1], epochs=3)._repr_html_())
    assert page.tags.count("svg") == 4
    assert page.text.startswith("History3 epochs · 12 steps · ")
    assert "accuracy (%)" in page.text
    assert "no epoch has been trained" in History()._repr_html_()
    assert "no finite value" in History([{"epoch": 1, "train_loss": nan}])._repr_html_()
