"""Long short-term memory: one step, with two results, and a sequence of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from backhand.arrays import Array, Shape
from backhand.check.kinds.kind import Case, Config, Kind, Layout, Match, WrongGradient
from backhand.check.kinds.lstm_texts import ONE_STEP, SEQUENCE
from backhand.check.kinds.recurrent import CONFIGURATIONS, differing, step_gradients
from backhand.check.kinds.smooth import expit

GATES = "ifog"  # input, forget, output, and the candidate g
ORDERS = ("".join(GATES), *("".join(order) for order in permutations(GATES) if "".join(order) != GATES))


@dataclass(frozen=True)
class Step:
    """One step, with the values of its gates by letter."""

    arrays: Mapping[str, Array]
    order: str
    gates: Mapping[str, Array]
    cell: Array
    state: Array

    @classmethod
    def of(cls, arrays: Mapping[str, Array], order: str = GATES) -> "Step":
        """The step from the arrays by role, with parts of the weights in an order of gates."""
        a = arrays["x"] @ arrays["w"] + arrays["prev_h"] @ arrays["wh"] + arrays["b"]
        parts = dict(zip(order, np.split(a, 4, axis=1), strict=True))
        gates = {name: np.tanh(part) if name == "g" else expit(part) for name, part in parts.items()}
        cell = gates["f"] * arrays["prev_c"] + gates["i"] * gates["g"]
        return cls(arrays, order, gates, cell, gates["o"] * np.tanh(cell))

    def gradients(self, dh: Array, dc: Array, slip: str = "") -> dict[str, Array]:
        """The gradients by role, right or with one of the slips."""
        i, f, o, g = (self.gates[name] for name in GATES)
        t, one = np.tanh(self.cell), np.ones_like(self.cell)
        through = dh * o * (one if slip == "tanh of the cell not differentiated" else 1 - t * t)
        own = 0 * dc if slip == "cell's upstream left out" else dc
        dc = own + (0 * through if slip == "state's part in the cell left out" else through)
        upstream = {"i": dc, "f": dc, "o": dh, "g": dc}
        factors = {"i": g, "f": self.cell if slip == "new cell for the old" else self.arrays["prev_c"], "o": t, "g": i}
        slopes = {"i": i * (1 - i), "f": f * (1 - f), "o": o * (1 - o), "g": 1 - g * g}
        if slip == "candidate differentiated as a gate":
            slopes["g"] = g * (1 - g)
        for name in GATES:
            if slip in ("not differentiated", f"not differentiated {name}"):
                slopes[name] = one
            if slip in ("1 left out", f"1 left out {name}"):
                slopes[name] = 1 - g if name == "g" else self.gates[name]
            if slip == f"without factor {name}":
                factors[name] = one
        order = slip.removeprefix("order ") if slip.startswith("order ") else self.order
        da = np.hstack([upstream[name] * factors[name] * slopes[name] for name in order])
        return {**step_gradients(self.arrays, da), "prev_c": dc * (one if slip == "forget gate left out" else f)}


WHOLE = (
    "cell's upstream left out",
    "state's part in the cell left out",
    "tanh of the cell not differentiated",
    "candidate differentiated as a gate",
    "forget gate left out",
    "new cell for the old",
)
SLIPS = (
    *((name, name) for name in WHOLE),
    ("gates differentiated in part", "1 left out"),
    *(("gates differentiated in part", f"1 left out {name}") for name in GATES),
    ("gates not differentiated", "not differentiated"),
    *(("gates not differentiated", f"not differentiated {name}") for name in GATES),
    *(("factor of a gate left out", f"without factor {name}") for name in GATES),
    *(("gates in another order", f"order {order}") for order in ORDERS),
)


class LSTMStep(Kind):
    """One step of long short-term memory; its results are the next state and the next cell."""

    name, title = "lstm_step", "LSTM step"
    names = ("lstm step", "lstm cell")
    inputs, parameters, outputs = ("x", "prev_h", "prev_c"), ("w", "wh", "b"), ("y", "next_c")
    configurations = CONFIGURATIONS[:3]
    mistakes = ONE_STEP

    def shape(self, role: str, config: Config, layout: Layout) -> Shape | None:
        """As for a recurrent step, with four times as many columns in the parameters, and a cell (N, H)."""
        N, D, H = (config[size] for size in "NDH")
        return {
            "x": (N, D),
            "prev_h": (N, H),
            "prev_c": (N, H),
            "w": (D, 4 * H),
            "wh": (H, 4 * H),
            "b": (4 * H,),
        }.get(role)

    def matches(self, arrays: Mapping[str, Array], config: Config, layout: Layout) -> Iterator[Match]:
        """State and cell as one flat array, for any order of the gates; then those with a mistake."""
        for order in ORDERS:
            step = Step.of(arrays, order)
            yield Match(_joined(step.state, step.cell), {"gates": ", ".join(order)})
        for order in ORDERS[:2]:
            for mistake, state, cell in _wrong_steps(Step.of(arrays, order), arrays, order):
                yield Match(_joined(state, cell), {"gates": ", ".join(order)}, mistake)

    def wrong_gradients(self, case: Case) -> Iterator[WrongGradient]:
        """Parts of the cell's gradient that are missing, and gates that are not differentiated."""
        step = Step.of(case.arrays, self.convention_of(case).get("gates", "i, f, o, g").replace(", ", ""))
        if case.dy.size != 2 * step.state.size:
            return
        dh, dc = (part.reshape(step.state.shape) for part in np.split(case.dy.ravel(), 2))
        right = step.gradients(dh, dc)
        for mistake, slip in SLIPS:
            yield from differing(mistake, step.gradients(dh, dc, slip), right)


def _joined(state: Array, cell: Array) -> Array:
    return np.concatenate([state.ravel(), cell.ravel()])


def _wrong_steps(step: Step, arrays: Mapping[str, Array], order: str) -> Iterator[tuple[str, Array, Array]]:
    gates = step.gates
    yield "tanh of the cell left out", gates["o"] * step.cell, step.cell
    yield "old cell in the state", gates["o"] * np.tanh(arrays["prev_c"]), step.cell
    for mistake, left_out in (("bias left out", "b"), ("recurrent term left out", "wh")):
        other = Step.of({**arrays, left_out: np.zeros_like(arrays[left_out])}, order)
        yield mistake, other.state, other.cell
    logits = {name: np.arctanh(v) if name == "g" else np.log(v / (1 - v)) for name, v in gates.items()}
    cell = logits["f"] * arrays["prev_c"] + logits["i"] * gates["g"]
    yield "gates not squashed", logits["o"] * np.tanh(cell), cell
    cell = gates["f"] * arrays["prev_c"] + gates["i"] * expit(logits["g"])
    yield "candidate between 0 and 1", gates["o"] * np.tanh(cell), cell


CARRIES = {
    "later steps do not reach earlier ones": (False, False),
    "cell's gradient not carried": (True, False),
    "state's gradient not carried": (False, True),
}


class LSTM(Kind):
    """Long short-term memory over a sequence, from a cell of zeros."""

    name, title = "lstm", "LSTM"
    names = ("lstm", "long short term memory")
    inputs, parameters = ("x", "prev_h"), ("w", "wh", "b")
    configurations = CONFIGURATIONS
    mistakes = SEQUENCE

    def shape(self, role: str, config: Config, layout: Layout) -> Shape | None:
        """x is (N, T, D), the initial state (N, H), parameters have four times as many columns."""
        N, T, D, H = (config[size] for size in "NTDH")
        return {"x": (N, T, D), "prev_h": (N, H), "w": (D, 4 * H), "wh": (H, 4 * H), "b": (4 * H,)}.get(role)

    def matches(self, arrays: Mapping[str, Array], config: Config, layout: Layout) -> Iterator[Match]:
        """All states, for any order of the gates; then those that are not handed on."""
        for order in ORDERS:
            yield Match(_states(_steps(arrays, order)), {"gates": ", ".join(order)})
        for order in ORDERS[:2]:
            convention = {"gates": ", ".join(order)}
            yield Match(_states(_steps(arrays, order, cell=False)), convention, "cell not carried")
            yield Match(_states(_steps(arrays, order, state=False)), convention, "state not carried")

    def wrong_gradients(self, case: Case) -> Iterator[WrongGradient]:
        """What steps that are not joined or not added give."""
        order = self.convention_of(case).get("gates", "i, f, o, g").replace(", ", "")
        steps, dy = _steps(case.arrays, order), case.dy
        if dy.shape != case.y.shape or dy.shape[:2] != case.arrays["x"].shape[:2]:
            return
        arrays, right = case.arrays, _back(case.arrays, steps, dy)
        for mistake, (state, cell) in CARRIES.items():
            yield from differing(mistake, _back(arrays, steps, dy, state=state, cell=cell), right)
        own = np.where(np.arange(dy.shape[1]) == dy.shape[1] - 1, 1.0, 0.0)[:, None] * dy
        yield from differing("upstream of the last step only", _back(arrays, steps, own), right)
        yield from differing("steps overwritten", _back(arrays, steps, dy, added=False), right)
        averages = {role: right[role] / dy.shape[1] for role in ("w", "wh", "b")}
        yield from differing("averaged over the steps", averages, right)
        first = {"prev_h": _of_first_state(arrays, steps, dy)}
        yield from differing("state itself for what it gets", first, right)
        for mistake, slip in SLIPS:
            if mistake in self.mistakes:
                yield from differing(mistake, _back(arrays, steps, dy, slip=slip), right)


def _steps(arrays: Mapping[str, Array], order: str, *, state: bool = True, cell: bool = True) -> list[Step]:
    h, steps = arrays["prev_h"], []
    c = np.zeros_like(h)
    for t in range(arrays["x"].shape[1]):
        steps.append(Step.of({**arrays, "x": arrays["x"][:, t], "prev_h": h, "prev_c": c}, order))
        h, c = (steps[-1].state if state else h), (steps[-1].cell if cell else c)
    return steps


def _states(steps: list[Step]) -> Array:
    return np.stack([step.state for step in steps], axis=1)


def _back(
    arrays: Mapping[str, Array],
    steps: list[Step],
    dy: Array,
    *,
    state: bool = True,
    cell: bool = True,
    added: bool = True,
    slip: str = "",
) -> dict[str, Array]:
    """The gradients by role.

    state, cell: whether they carry back.   added: whether the gradients of the steps add up.   slip: one in each step.
    """
    total = {role: np.zeros_like(arrays[role]) for role in ("x", "w", "wh", "b")}
    dh, dc = np.zeros_like(arrays["prev_h"]), np.zeros_like(arrays["prev_h"])
    for t in range(len(steps) - 1, -1, -1):
        of_step = steps[t].gradients(dy[:, t] + (dh if state else 0), dc if cell else np.zeros_like(dc), slip)
        dh, dc, total["x"][:, t] = of_step["prev_h"], of_step["prev_c"], of_step["x"]
        for role in ("w", "wh", "b"):
            total[role] = total[role] + of_step[role] if added else of_step[role]
    return {**total, "prev_h": dh}


def _of_first_state(arrays: Mapping[str, Array], steps: list[Step], dy: Array) -> Array:
    dh, dc = np.zeros_like(arrays["prev_h"]), np.zeros_like(arrays["prev_h"])
    for t in range(len(steps) - 1, 0, -1):
        of_step = steps[t].gradients(dy[:, t] + dh, dc)
        dh, dc = of_step["prev_h"], of_step["prev_c"]
    return dy[:, 0] + dh
