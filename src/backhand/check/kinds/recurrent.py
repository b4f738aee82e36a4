"""Recurrent layers: one step, and a sequence of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from backhand.arrays import Array, Shape
from backhand.check.kinds.elementwise import Function
from backhand.check.kinds.kind import Case, Config, Kind, Layout, Match, WrongGradient, described
from backhand.check.kinds.smooth import expit

ACTIVATIONS: Mapping[str, Function] = {
    "tanh": np.tanh,
    "ReLU": lambda a: np.maximum(a, 0),
    "logistic": expit,
    "identity": lambda a: a,
}
DERIVATIVES: Mapping[str, Function] = {
    "tanh": lambda h: 1 - h * h,
    "ReLU": lambda h: (h > 0) * 1.0,
    "logistic": lambda h: h * (1 - h),
    "identity": np.ones_like,
}
STEP = "{y} = tanh({x} {w} + {prev_h} {wh} + {b})"
OF_STEP = "da = {dy} · (1 − {y}²),  dx = da {w}ᵀ, d{prev_h} = da {wh}ᵀ, dw = {x}ᵀ da, dwh = {prev_h}ᵀ da, db = Σ da"
OF_SEQUENCE = (
    "from the last step to the first: dh = {dy}ₜ + what step t + 1 sends back;  dw, dwh, db add up over the steps"
)
VALUES = {
    "recurrent term left out": ("leaves the previous state out", "The state before enters through {wh}."),
    "bias left out": ("leaves {b} out", "The bias is added before the activation."),
}
GRADIENTS = {
    "derivative left out": (
        "is formed from {dy} itself: the derivative of tanh is left out",
        "What goes to the weights and to the inputs is {dy} times the derivative of the activation.",
    ),
    "square missing": ("has 1 − {y} for 1 − {y}²", "The derivative of tanh is 1 − tanh²."),
    "new state for the old": (
        "is formed from the new state, where the previous one belongs",
        "{wh} is multiplied by the state before the step.",
    ),
    "weights swapped": (
        "is formed with the weights of the other input",
        "What goes to the state passes through {wh}, what goes to {x} through {w}.",
    ),
    "averaged over the batch": (
        "is divided by {N}, the number of samples",
        "A layer sums over the samples. If the loss is a mean, {dy} carries the factor 1/N already.",
    ),
}


def sizes(name: str, N: int, T: int, D: int, H: int) -> Config:
    """A configuration of N samples, T steps, D inputs and H states."""
    return Config(name, {"N": N, "T": T, "D": D, "H": H, "in": D, "out": H})


CONFIGURATIONS = (
    sizes("3 samples, 4 inputs, 5 states", 3, 3, 4, 5),
    sizes("1 sample", 1, 3, 2, 3),
    sizes("as many states as inputs", 4, 2, 3, 3),
    sizes("1 step", 2, 1, 3, 4),
)


class RNNStep(Kind):
    """One step of a recurrent layer."""

    name, title = "rnn_step", "Step of a recurrent layer"
    names = ("rnn step", "rnn cell", "elman cell", "recurrent step")
    inputs, parameters = ("x", "prev_h"), ("w", "wh", "b")
    configurations = CONFIGURATIONS[:3]
    mistakes = described(STEP, VALUES) | described(OF_STEP, GRADIENTS)

    def shape(self, role: str, config: Config, layout: Layout) -> Shape | None:
        """x is (N, D), the state (N, H), w (D, H), wh (H, H) and b (H,)."""
        N, D, H = (config[size] for size in "NDH")
        return {"x": (N, D), "prev_h": (N, H), "w": (D, H), "wh": (H, H), "b": (H,)}.get(role)

    def matches(self, arrays: Mapping[str, Array], config: Config, layout: Layout) -> Iterator[Match]:
        """The activations in use, then those with a term left out."""
        of_x, of_h, b = arrays["x"] @ arrays["w"], arrays["prev_h"] @ arrays["wh"], arrays["b"]
        for words, function in ACTIVATIONS.items():
            yield Match(function(of_x + of_h + b), {"activation": words})
        for words, function in ACTIVATIONS.items():
            yield Match(function(of_x + b), {"activation": words}, "recurrent term left out")
            yield Match(function(of_x + of_h), {"activation": words}, "bias left out")

    def wrong_gradients(self, case: Case) -> Iterator[WrongGradient]:
        """A derivative that is missing or wrong, and wrong factors of the products."""
        if case.dy.shape != case.y.shape:
            return
        derivative = DERIVATIVES[self.convention_of(case).get("activation", "tanh")]
        da, y = case.dy * derivative(case.y), case.y
        for mistake, upstream in (("derivative left out", case.dy), ("square missing", case.dy * (1 - y))):
            for role, values in step_gradients(case.arrays, upstream).items():
                yield WrongGradient(mistake, role, values)
        yield WrongGradient("new state for the old", "wh", y.T @ da)
        if case.arrays["w"].shape == case.arrays["wh"].shape:
            yield WrongGradient("weights swapped", "prev_h", da @ case.arrays["w"].T)
            yield WrongGradient("weights swapped", "x", da @ case.arrays["wh"].T)
        for role in ("w", "wh", "b"):
            yield WrongGradient("averaged over the batch", role, step_gradients(case.arrays, da)[role] / len(y))


def differing(mistake: str, wrong: Mapping[str, Array], right: Mapping[str, Array]) -> Iterator[WrongGradient]:
    """What a mistake gives for those arrays whose gradient it changes."""
    for role, values in wrong.items():
        if not np.allclose(values, right[role], rtol=1e-12, atol=1e-12):
            yield WrongGradient(mistake, role, values)


def step_gradients(arrays: Mapping[str, Array], da: Array) -> dict[str, Array]:
    """The gradients of x w + prev_h wh + b, by role."""
    return {
        "x": da @ arrays["w"].T,
        "prev_h": da @ arrays["wh"].T,
        "w": arrays["x"].T @ da,
        "wh": arrays["prev_h"].T @ da,
        "b": da.sum(0),
    }


@dataclass(frozen=True)
class Course:
    """A pass back through a sequence, with a mistake or none.

    carried: whether a step gets what the next one sends back.   own: whether it gets its own upstream, or only the last
    one does.   added: whether the steps' gradients of the parameters add up, or the last that is computed remains.
    """

    carried: bool = True
    own: bool = True
    added: bool = True

    def gradients(self, arrays: Mapping[str, Array], states: Array, dy: Array, activation: str) -> dict[str, Array]:
        """The gradients of all arrays, by role."""
        T, before = dy.shape[1], np.concatenate([arrays["prev_h"][:, None], states[:, :-1]], axis=1)
        total = {role: np.zeros_like(array) for role, array in arrays.items()}
        carry = np.zeros_like(arrays["prev_h"])
        for t in range(T - 1, -1, -1):
            dh = (dy[:, t] if self.own or t == T - 1 else 0) + (carry if self.carried else 0)
            da = dh * DERIVATIVES[activation](states[:, t])
            step = step_gradients({**arrays, "x": arrays["x"][:, t], "prev_h": before[:, t]}, da)
            carry = step["prev_h"]
            total["x"][:, t] = step["x"]
            for role in ("w", "wh", "b"):
                total[role] = total[role] + step[role] if self.added else step[role]
        return {**total, "prev_h": carry}


COURSES = {
    "later steps do not reach earlier ones": Course(carried=False),
    "upstream of the last step only": Course(own=False),
    "steps overwritten": Course(added=False),
}
OF_STEPS = {
    "later steps do not reach earlier ones": (
        "lacks what later steps send back",
        "A state acts on its own result and on the next state, so its gradient is the sum of both.",
    ),
    "upstream of the last step only": (
        "has the upstream of the last step alone",
        "Every state is a result, and gets its own upstream besides what the next step sends back.",
    ),
    "steps overwritten": (
        "comes from one step alone",
        "The same parameters serve all steps, so their gradients add up: += for =.",
    ),
    "averaged over the steps": (
        "is divided by the number of steps, {T}",
        "The same parameters serve all steps, so their gradients add up.",
    ),
    "state itself for what it gets": (
        "is the gradient of the first result, not of the state before it",
        "To the initial state it passes through the derivative and {wh} of the first step.",
    ),
}


class RNN(Kind):
    """A recurrent layer over a sequence."""

    name, title = "rnn", "Recurrent layer"
    names = ("rnn", "recurrent", "vanilla rnn", "elman", "simple rnn")
    inputs, parameters = ("x", "prev_h"), ("w", "wh", "b")
    configurations = CONFIGURATIONS
    mistakes = described(
        STEP,
        {
            **VALUES,
            "state not carried": ("starts every step from the initial state", "Step t starts from state t − 1."),
        },
    ) | described(OF_SEQUENCE, {**OF_STEPS, "derivative left out": GRADIENTS["derivative left out"]})

    def shape(self, role: str, config: Config, layout: Layout) -> Shape | None:
        """x is (N, T, D), the initial state (N, H), w (D, H), wh (H, H) and b (H,)."""
        N, T, D, H = (config[size] for size in "NTDH")
        return {"x": (N, T, D), "prev_h": (N, H), "w": (D, H), "wh": (H, H), "b": (H,)}.get(role)

    def matches(self, arrays: Mapping[str, Array], config: Config, layout: Layout) -> Iterator[Match]:
        """All states with the activations in use, then those with a term left out."""
        a, zeros = dict(arrays), np.zeros_like
        for words in ACTIVATIONS:
            yield Match(_states(a, words), {"activation": words})
        for words in ACTIVATIONS:
            yield Match(_states(a, words, carried=False), {"activation": words}, "state not carried")
            without = {**a, "wh": zeros(a["wh"])}
            yield Match(_states(without, words), {"activation": words}, "recurrent term left out")
            yield Match(_states({**a, "b": zeros(a["b"])}, words), {"activation": words}, "bias left out")

    def wrong_gradients(self, case: Case) -> Iterator[WrongGradient]:
        """What steps that are not joined or not added give."""
        activation = self.convention_of(case).get("activation", "tanh")
        arrays, states, dy = case.arrays, case.y, case.dy
        if dy.shape != (*arrays["x"].shape[:2], arrays["b"].size):
            return
        right = Course().gradients(arrays, states, dy, activation)
        for mistake, course in COURSES.items():
            yield from differing(mistake, course.gradients(arrays, states, dy, activation), right)
        yield from differing("derivative left out", Course().gradients(arrays, states, dy, "identity"), right)
        for role in ("w", "wh", "b"):
            yield WrongGradient("averaged over the steps", role, right[role] / dy.shape[1])
        later = Course().gradients(
            {**arrays, "x": arrays["x"][:, 1:], "prev_h": states[:, 0]}, states[:, 1:], dy[:, 1:], activation
        )
        yield WrongGradient("state itself for what it gets", "prev_h", dy[:, 0] + later["prev_h"])


def _states(a: Mapping[str, Array], activation: str, *, carried: bool = True) -> Array:
    h, states = a["prev_h"], []
    for t in range(a["x"].shape[1]):
        start = h if carried else a["prev_h"]
        h = ACTIVATIONS[activation](a["x"][:, t] @ a["w"] + start @ a["wh"] + a["b"])
        states.append(h)
    return np.stack(states, axis=1)
