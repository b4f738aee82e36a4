"""The hooks by which other code follows a training, and may change it."""

from typing import Any

from backhand.training.stateful import Stateful


class Callback(Stateful):
    """The base of all callbacks: each hook is called with the `Solver` that trains, and does nothing by itself.

    A subclass overrides the hooks that it needs; it may read and change the solver. What it must know after a resume
    goes through `state` and `load`. Raises TypeError, when a subclass is defined, for a misspelt hook.
    """

    # The solver is of type Any here, because its module imports this one.

    def __init_subclass__(cls) -> None:
        unknown = [name for name in vars(cls) if name.startswith("on_") and not hasattr(Callback, name)]
        if unknown:
            hooks = ", ".join(name for name in vars(Callback) if name.startswith("on_"))
            raise TypeError(f"{cls.__name__}.{unknown[0]} is not a hook of the solver; the hooks are {hooks}")

    def on_fit_begin(self, solver: Any) -> None:
        """Called before the first epoch, and when a resumed fit goes on."""

    def on_loss(self, solver: Any) -> None:
        """Called when the loss of a batch is known, before any parameter moves."""

    def on_gradients(self, solver: Any) -> None:
        """Called between the backward pass and the update, which it may change by `solver.model.parameters.grads`.

        The gradients are those of the loss, before penalty and clipping.
        """

    def on_step_end(self, solver: Any) -> None:
        """Called after each step, when the parameters have moved."""

    def on_epoch_end(self, solver: Any) -> None:
        """Called after each epoch, whose record is the last one in the history."""

    def on_fit_end(self, solver: Any) -> None:
        """Called after the last epoch, unless an exception ended the fit."""

    def on_exception(self, solver: Any) -> None:
        """Called when an exception ends the fit, perhaps in the middle of a step; the exception is raised on."""
