"""Where the time of training steps goes: the passes of each layer, the loss, the update, and what stands between."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from backhand.console.terminal import make_console
from backhand.errors import BackhandError
from backhand.notebook.html import heading, paragraph, table, view
from backhand.training.callback import Callback
from backhand.training.solver import Solver

Key = tuple[str, str]  # the name of a layer or of another part of the step, and the pass
Row = tuple[str, str, float, float, float]
FORWARD, BACKWARD, WHOLE = "forward", "backward", ""
BATCHES, LOSS, UPDATE, CALLBACKS, REST = "batches", "loss", "update", "callbacks", "Python between them"
HEAD = ("", "layer", FORWARD, BACKWARD, "µs per step", "share")
# The timed methods of a layer; `forward_by` is what a chain calls of a layer that only runs its op.
METHODS = {"forward": FORWARD, "forward_by": FORWARD, "backward": BACKWARD}


@dataclass
class Clock:
    """Seconds by key, in the steps after the warm-up. While a function runs, the clocks of its callers stand still."""

    warmup: int
    seconds: defaultdict[Key, float] = field(default_factory=lambda: defaultdict(float))
    steps: int = 0  # that were counted
    taken: int = 0
    ended: float | None = None  # when the step before this one ended, within the same epoch
    inside: list[float] = field(default_factory=list)  # of each running function, the seconds in those that it called

    def call(self, timed: "Timed", arguments: Any, options: Any) -> Any:
        """What the method returns; its own seconds count under its key. Outside a step nothing is timed."""
        if not self.inside:
            return timed.method(*arguments, **options)
        self.inside.append(0.0)
        start = time.perf_counter()
        try:
            return timed.method(*arguments, **options)
        finally:
            spent = time.perf_counter() - start
            self.seconds[timed.key] += spent - self.inside.pop()
            self.inside[-1] += spent

    def step(self, timed: "Timed", arguments: Any, options: Any) -> Any:
        """What a step returns. Drawing its batch took the time since the step before it."""
        start = time.perf_counter()
        self.inside = [0.0]
        try:
            return timed.method(*arguments, **options)
        finally:
            now = time.perf_counter()
            self.taken += 1
            if self.taken > self.warmup:
                self.steps += 1
                self.seconds[REST, WHOLE] += now - start - self.inside[0]
                self.seconds[BATCHES, WHOLE] += 0.0 if self.ended is None else start - self.ended
            else:
                self.seconds.clear()
            self.inside, self.ended = [], now

    def mean(self, part: str, which: str = WHOLE) -> float:
        """The mean seconds of a step."""
        return self.seconds[part, which] / self.steps


@dataclass(eq=False)
class Timed:
    """A method of an object with the clock around it. In a copy of the object, the method is the plain one again."""

    owner: Any
    name: str
    key: Key
    run: Callable[["Timed", Any, Any], Any]  # a method of the clock

    def __post_init__(self) -> None:
        self.method = getattr(self.owner, self.name)
        setattr(self.owner, self.name, self)

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Run the method, timed by the clock."""
        return self.run(self, arguments, options)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, str]]:
        return getattr, (self.owner, self.name)

    def remove(self) -> None:
        """Give the object its plain method back."""
        vars(self.owner).pop(self.name, None)


@dataclass(eq=False)
class Profiler(Callback):
    """Measures where the time of the training steps goes, and prints it as a table at the end of the fit.

    The table has a row for each layer, with its forward and backward pass, and rows for drawing the batches, the loss,
    the update of the parameters, the callbacks, and the Python between them. A layer without times has nothing to
    compute, or runs in the kernel of a layer above it. Evaluations are not measured. `Solver.fit` is measured, and not
    `fit_together`.

    warmup: steps at the beginning that are not counted, since the first one compiles kernels.
    quiet: print nothing; `str(profiler)` is the table, and a notebook shows it.
    Raises BackhandError for a warm-up of fewer than 0 steps.
    """

    warmup: int = 3
    quiet: bool = False

    def __post_init__(self) -> None:
        if self.warmup < 0:
            raise BackhandError(f"the warm-up must be 0 steps or more, not {self.warmup}")
        self.reset()

    def __getstate__(self) -> dict[str, Any]:
        """The settings and the times, without what is being measured."""
        return vars(self) | {"_timed": []}

    def reset(self) -> None:
        """Forget the times and layers of an earlier fit, as at the beginning of a new one."""
        self._clock = Clock(self.warmup)
        self._layers: dict[str, str] = {}
        self._timed: list[Timed] = []

    def rows(self) -> list[Row]:
        """A tuple per row: the name of the layer or "", what it is, and seconds of a step: forward, backward, in all.

        Empty as long as no step was counted.
        """
        if not self._clock.steps:
            return []
        mean = self._clock.mean
        layers = [(name, text, name) for name, text in self._layers.items()]
        passes = [
            (name, text, mean(key, FORWARD), mean(key, BACKWARD)) for name, text, key in (*layers, ("", LOSS, LOSS))
        ]
        first, *last = (("", part, 0.0, 0.0, mean(part)) for part in (BATCHES, UPDATE, CALLBACKS, REST))
        return [first, *((*row, row[2] + row[3]) for row in passes), *last]

    def __str__(self) -> str:
        """The mean times of a step as a table: a line per layer and per part, in microseconds."""
        lines = [HEAD, *self._lines()] if self._clock.steps else []
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        cells = (
            [_pad(cell, width, i > 1) for i, (cell, width) in enumerate(zip(line, widths, strict=True))]
            for line in lines
        )
        return "\n".join((self._title(), *("  ".join(line).rstrip() for line in cells)))

    def _repr_html_(self) -> str:
        """The table as a notebook shows it."""
        if not self._clock.steps:
            return view(paragraph(self._title()))
        return view(heading("Profiler", self._title()), table(HEAD, self._lines(), "llrrrr", totals=1))

    def on_fit_begin(self, solver: Solver) -> None:
        """Put the clock around the parts of a step."""
        self._detach()
        self._layers = {name: str(layer) for name, layer in solver.model.walk()}
        self._timed = [Timed(owner, name, key, self._clock.call) for owner, name, key in _parts(solver)]
        self._timed.append(Timed(solver, "train_step", (REST, WHOLE), self._clock.step))

    def on_epoch_end(self, solver: Solver) -> None:
        """Leave evaluation and saving out of the time of the next batch."""
        self._clock.ended = None

    def on_fit_end(self, solver: Solver) -> None:
        """Take the clock away, and print the table."""
        self._detach()
        make_console(quiet=self.quiet).print(str(self), soft_wrap=True)

    def on_exception(self, solver: Solver) -> None:
        """Give layers, loss and solver their plain methods back, since the fit ended with an exception."""
        self._detach()

    def _detach(self) -> None:
        for timed in self._timed:
            timed.remove()
        self._timed, self._clock.ended = [], None

    def _title(self) -> str:
        steps, warmup = self._clock.steps, self._clock.warmup
        if not steps:
            return f"no step was counted: the first {warmup} of a training are not"
        return f"mean of {steps:,} step{'s' * (steps > 1)}, without the first {warmup}"

    def _lines(self) -> list[tuple[str, ...]]:
        """The rows as text, in microseconds, and their sum."""
        rows = self.rows()
        whole = sum(row[-1] for row in rows)
        shares = [f"{row[-1] / whole:.1%}" if row[-1] else "" for row in rows]
        lines = [(*row[:2], *map(_micro, row[2:]), share) for row, share in zip(rows, shares, strict=True)]
        return [*lines, ("", "a step", "", "", _micro(whole), "")]


def _parts(solver: Solver) -> Iterator[tuple[Any, str, Key]]:
    """The methods that a step calls: object, name and key of each."""
    for layer_name, layer in solver.model.walk():
        for method, which in METHODS.items():
            yield layer, method, (layer_name, which)
    yield solver.loss, "forward", (LOSS, FORWARD)
    yield solver.loss, "backward", (LOSS, BACKWARD)
    yield solver.optimizer, "step", (UPDATE, WHOLE)
    yield solver, "notify", (CALLBACKS, WHOLE)


def _micro(seconds: float) -> str:
    return f"{1e6 * seconds:,.1f}" if seconds else ""


def _pad(cell: str, width: int, right: bool) -> str:
    return cell.rjust(width) if right else cell.ljust(width)
