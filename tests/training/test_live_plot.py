"""Curves that are drawn anew in a notebook, which is played by a module here."""

import copy
import sys
from types import ModuleType, SimpleNamespace

import pytest

from backhand.training import live_plot
from backhand.training.callbacks import Callback
from backhand.training.live_plot import LivePlot
from tests.notebook.markup import Markup


class Cell:
    """What one call of `display` shows: the HTML, each time that it is drawn."""

    def __init__(self, shown):
        self.drawn = [shown._repr_html_()]
        self.text = repr(shown)

    def update(self, shown):
        self.drawn.append(shown._repr_html_())
        self.text = repr(shown)


@pytest.fixture
def cells(monkeypatch):
    """The outputs of a notebook."""
    cells = []

    def display(shown, *, display_id):
        assert display_id is True
        cells.append(Cell(shown))
        return cells[-1]

    module, shower = ModuleType("IPython"), ModuleType("IPython.display")
    module.get_ipython = lambda: SimpleNamespace(kernel=object())
    shower.display = display
    monkeypatch.setitem(sys.modules, "IPython", module)
    monkeypatch.setitem(sys.modules, "IPython.display", shower)
    return cells


def test_the_curves_are_drawn_anew_in_one_place_after_each_epoch(cells, make_solver, blobs):
    solver = make_solver(callbacks=[LivePlot(pause=0)])
    solver.fit(*blobs, epochs=3)
    (cell,) = cells
    assert "no epoch has been trained" in cell.drawn[0]
    for epochs in (1, 2, 3):
        page = Markup(cell.drawn[epochs])
        assert f"{epochs} epoch" in page.text
        assert "loss" in page.text
        assert "accuracy" in page.text
    assert cell.drawn[-1] == solver.history._repr_html_()
    assert cell.text == "the curves of 3 epochs"


def test_quick_epochs_are_not_all_drawn_but_the_last_one_is(cells, make_solver, blobs):
    solver = make_solver(callbacks=[LivePlot(pause=1000)])
    solver.fit(*blobs, epochs=5)
    assert len(cells[0].drawn) == 3  # the empty one, the first epoch, and the end of the fit
    assert cells[0].drawn[-1] == solver.history._repr_html_()


def test_an_exception_leaves_the_curves_so_far(cells, make_solver, blobs):
    class Stop(Callback):
        def on_loss(self, solver):
            if solver.epoch == 2:
                raise ZeroDivisionError

    solver = make_solver(callbacks=[LivePlot(pause=1000), Stop()])
    with pytest.raises(ZeroDivisionError):
        solver.fit(*blobs, epochs=5)
    assert "2 epochs" in Markup(cells[0].drawn[-1]).text


def test_a_second_fit_has_an_output_of_its_own(cells, make_solver, blobs):
    solver = make_solver(callbacks=[LivePlot(pause=0)])
    solver.fit(*blobs, epochs=1)
    solver.fit(*blobs, epochs=2)
    assert len(cells) == 2
    assert "2 epochs" in Markup(cells[1].drawn[-1]).text


@pytest.mark.parametrize("shell", [None, SimpleNamespace()], ids=["a program", "IPython in a terminal"])
def test_outside_a_notebook_nothing_is_shown(shell, cells, monkeypatch, make_solver, blobs):
    monkeypatch.setattr(sys.modules["IPython"], "get_ipython", lambda: shell)
    make_solver(callbacks=[LivePlot()]).fit(*blobs, epochs=1)
    monkeypatch.delitem(sys.modules, "IPython")
    make_solver(callbacks=[LivePlot()]).fit(*blobs, epochs=1)
    assert cells == []
    assert not live_plot.in_notebook()


def test_a_copy_does_not_draw_into_the_cell_of_the_original(cells, make_solver, blobs):
    plot = LivePlot(pause=3)
    make_solver(callbacks=[plot]).fit(*blobs, epochs=1)
    twin = copy.deepcopy(plot)
    assert (twin.pause, twin._handle) == (3, None)
