"""What all loggers share: which figures of a training they are given, when, and what happens when a log fails."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from functools import partial
from numbers import Integral
from types import MappingProxyType
from typing import Any

import numpy as np

from backhand.arrays.copies import Copyable
from backhand.errors import BackhandError, BackhandWarning
from backhand.loggers.settings import settings_of
from backhand.training.callback import Callback
from backhand.training.history import SPLITS, Record
from backhand.training.solver import Solver


@dataclass(eq=False)
class Logger(Callback, Copyable):
    """The base of all loggers. A subclass overrides those of `begin`, `log_...` and `end` that its log can hold.

    A log holds the settings of the training; the record of every epoch; where `every_steps` is above 0, the loss, the
    learning rate and the gradient norm of every so many steps; and the final figures. All of them carry the number of
    the step, counted from the first step of all, also after a resume. A figure of a callback that is no number is left
    out with a warning. A log that cannot be begun ends the fit with BackhandError; one that fails later warns, and the
    training goes on without it. Raises BackhandError where `every_steps` is no whole number of 0 or more.

    settings: what the log shows as settings, by name; None: those of the solver.
    keep_open: leave the log open at the end of a fit, for `log_final`, until `close` is called.
    """

    transient = MappingProxyType({"is_open": False, "_log": None})

    _: KW_ONLY
    every_steps: int = 0
    settings: Mapping[str, Any] | None = None
    keep_open: bool = False
    is_open: bool = field(default=False, init=False, repr=False)
    _log: Any = field(default=None, init=False, repr=False)  # what the log is written with while it is open
    _left_out: set[str] = field(default_factory=set, init=False, repr=False)  # the figures that are no numbers

    def __post_init__(self) -> None:
        steps = self.every_steps
        if isinstance(steps, bool) or not isinstance(steps, Integral) or steps < 0:
            raise BackhandError(
                f"the steps between two lines of a log must be a whole number of 0 or more, not {steps!r}"
            )

    @property
    def title(self) -> str:
        """What the log is called in messages."""
        return type(self).__name__

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """The errors by which the log says that it cannot be written."""
        return (OSError, BackhandError)

    def begin(self, solver: Solver, settings: Mapping[str, Any]) -> None:
        """Begin the log, or go on with it after the epoch and the step of the solver."""

    def log_step(self, step: int, figures: Record) -> None:
        """Log the figures of a step."""

    def log_epoch(self, record: Record) -> None:
        """Log the record of an epoch, which holds its number and that of its last step."""

    def log_final(self, step: int, figures: Record) -> None:
        """Log figures of the whole training, such as those of the test, after so many steps."""

    def end(self, *, failed: bool) -> None:
        """End the log. failed: whether an exception ended the fit."""

    def on_fit_begin(self, solver: Solver) -> None:
        """Begin the log, or go on with it."""
        if self.is_open:
            return
        try:
            self.begin(solver, settings_of(solver) if self.settings is None else self.settings)
        except BackhandError:
            raise
        except self.failures as error:
            raise BackhandError(f"the log of {self.title} cannot begin: {_reason(error)}") from error
        self.is_open = True

    def on_step_end(self, solver: Solver) -> None:
        """Log every so many steps, where that is wanted."""
        if self.every_steps and solver.step % self.every_steps == 0:
            figures = {"loss": solver.batch_loss, "lr": solver.optimizer.lr, "gradient_norm": solver.gradient_norm}
            self._write(self.log_step, solver.step, figures)

    def on_epoch_end(self, solver: Solver) -> None:
        """Log the record of the epoch."""
        with solver.saving():
            self._write(self.log_epoch, self.numbers(solver.history[-1]))

    def on_fit_end(self, solver: Solver) -> None:
        """Log the last figures, and end the log, unless it is to stay open."""
        if not self.keep_open:
            if solver.history:
                self.finish(solver.step, split_figures(solver.history[-1]))
            self.close()

    def on_exception(self, solver: Solver) -> None:
        """End the log as that of a training that failed, or that was interrupted."""
        self.close(failed=True)

    def finish(self, step: int, figures: Record) -> None:
        """Log the final figures, where the log is open."""
        self._write(self.log_final, step, self.numbers(figures))

    def close(self, *, failed: bool = False) -> None:
        """End the log, where it is open."""
        self._write(partial(self.end, failed=failed))
        self.is_open, self._log = False, None

    def numbers(self, figures: Mapping[str, Any]) -> Record:
        """The figures that are numbers; of another one it is said once that the log leaves it out."""
        known = {name: value for name, value in figures.items() if _is_number(value)}
        others = figures.keys() - known.keys() - self._left_out
        for name in sorted(others):
            text = (
                f'the figure "{name}" is {figures[name]!r}, which is no number; the log of {self.title} leaves it out'
            )
            warnings.warn(text, BackhandWarning, stacklevel=2)
        self._left_out |= others
        return {name: v if isinstance(v, int | float) else np.asarray(v).item() for name, v in known.items()}

    def _write(self, write: Callable[..., None], *values: Any) -> None:
        """Write to the log, where it is open; where that fails, warn, and write no more."""
        if not self.is_open:
            return
        try:
            write(*values)
        except self.failures as error:
            self.is_open, self._log = False, None
            text = f"the log of {self.title} ends here, and the training goes on: {_reason(error)}"
            warnings.warn(text, BackhandWarning, stacklevel=2)


def split_figures(record: Record) -> Record:
    """The figures of the splits in a record, such as "train_loss"."""
    return {key: value for key, value in record.items() if key.partition("_")[0] in (*SPLITS, "test")}


def _is_number(value: Any) -> bool:
    """Whether it is one real number, of Python or of NumPy."""
    return np.ndim(value) == 0 and np.asarray(value).dtype.kind in "biuf"


def _reason(error: Exception) -> str:
    """What an error says, in one line without a full stop."""
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
