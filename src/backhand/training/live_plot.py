"""Curves in a notebook that are drawn anew after each epoch, in the place of those before."""

import sys
import time
from dataclasses import dataclass
from typing import Any

from backhand.training.callback import Callback
from backhand.training.history import History
from backhand.training.solver import Solver


@dataclass(eq=False)
class LivePlot(Callback):
    """Shows the history of a training as curves below the cell of a notebook, and draws them anew after each epoch.

    Outside a notebook it does nothing. The curves are those that a notebook shows of `solver.history`: the loss and
    every other figure of both splits, the learning rate and the gradient norm.

    pause: seconds between two drawings, at least; the end of the fit is always drawn.
    """

    pause: float = 0.5

    def __post_init__(self) -> None:
        self._handle: Any = None  # of the output below the cell
        self._next = 0.0  # when to draw again, by `time.perf_counter`

    def __getstate__(self) -> dict[str, Any]:
        """The settings without the output, which belongs to the cell of the original."""
        return vars(self) | {"_handle": None}

    def on_fit_begin(self, solver: Solver) -> None:
        """Show the curves so far below the cell that calls `fit`."""
        self._handle, self._next = None, 0.0
        if in_notebook():
            from IPython.display import display

            self._handle = display(_Drawn(solver.history), display_id=True)

    def on_epoch_end(self, solver: Solver) -> None:
        """Draw the curves anew, unless they have just been drawn."""
        if time.perf_counter() >= self._next:
            self._draw(solver)

    def on_fit_end(self, solver: Solver) -> None:
        """Draw the curves of all epochs."""
        self._draw(solver)

    def on_exception(self, solver: Solver) -> None:
        """Draw the curves as far as the training has come."""
        self._draw(solver)

    def _draw(self, solver: Solver) -> None:
        if self._handle is not None:
            with solver.saving():
                self._handle.update(_Drawn(solver.history))
            self._next = time.perf_counter() + self.pause


class _Drawn:
    """The curves of a history as they are now: the history itself grows."""

    def __init__(self, history: History) -> None:
        self.html, self.epochs = history._repr_html_(), len(history)

    def __repr__(self) -> str:
        return f"the curves of {self.epochs} epochs"

    def _repr_html_(self) -> str:
        return self.html


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook, which can show HTML; IPython in a terminal cannot."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and getattr(shell, "kernel", None) is not None
