"""What the mistakes of long short-term memory are, in words."""

from backhand.check.kinds.kind import described
from backhand.check.kinds.recurrent import OF_STEPS

STEP = (
    "c = f · {prev_c} + i · g,  h = o · tanh(c);  i, f, o = σ of parts of a, g = tanh of its last part, "
    "a = {x} {w} + {prev_h} {wh} + {b}"
)
OF_STEP = (
    "dc = upstream of c + dh · o · (1 − tanh²c), d{prev_c} = dc · f, da = (dc g · i (1 − i), dc {prev_c} · f (1 − f), "
    "dh tanh c · o (1 − o), dc i · (1 − g²))"
)
OF_SEQUENCE = "from the last step to the first: dh = {dy}ₜ + what step t + 1 sends to h, dc = what it sends to c"
STEP_VALUES = {
    "tanh of the cell left out": ("has h = o · c, without tanh", "The cell passes through tanh before its gate."),
    "old cell in the state": ("forms h from the old cell", "h = o · tanh(c) with the new c."),
    "gates not squashed": ("leaves the logistic function of the gates out", "Gates lie between 0 and 1."),
    "candidate between 0 and 1": ("has the logistic function for tanh in g", "g lies between −1 and 1."),
    "bias left out": ("leaves {b} out", "The bias is added before the gates."),
    "recurrent term left out": ("leaves the previous state out", "The state before enters through {wh}."),
}
STEP_GRADIENTS = {
    "cell's upstream left out": (
        "lacks the upstream of the cell",
        "The cell is a result too: what it gets from outside is added to what comes through h.",
    ),
    "state's part in the cell left out": (
        "lacks what comes to the cell through h",
        "h = o · tanh(c), so the cell gets dh · o · (1 − tanh²c) besides its own upstream.",
    ),
    "tanh of the cell not differentiated": (
        "lacks the factor 1 − tanh²c",
        "h passes through tanh(c), whose derivative is 1 − tanh²c.",
    ),
    "gates not differentiated": (
        "lacks the derivatives of the gates",
        "Each gate has the derivative of the logistic function, and g that of tanh.",
    ),
    "gates differentiated in part": (
        "has a gate s for its derivative s (1 − s), or 1 − g for 1 − g²",
        "Each gate has the derivative of the logistic function, s (1 − s), and g that of tanh, 1 − g².",
    ),
    "candidate differentiated as a gate": ("has g (1 − g) for 1 − g²", "g is a tanh, not a logistic function."),
    "factor of a gate left out": (
        "lacks the other factor of a gate's product",
        "c = f · {prev_c} + i · g and h = o · tanh(c): the gradient of each gate is multiplied by what the gate is.",
    ),
    "forget gate left out": ("is dc itself, without the forget gate", "c = f · {prev_c} + i · g, so dc is times f."),
    "gates in another order": (
        "has its four parts in another order than forward",
        "Parts of a belong to the gates in one order, which backward must keep when it joins them.",
    ),
    "new cell for the old": ("has the new cell in the forget gate", "c = f · {prev_c} + i · g: the old cell belongs."),
}
ONE_STEP = described(STEP, STEP_VALUES) | described(OF_STEP, STEP_GRADIENTS)
SEQUENCE = described(
    STEP,
    {
        "cell not carried": ("starts every step from a cell of zeros", "The cell is handed on from step to step."),
        "state not carried": ("starts every step from the initial state", "Step t starts from state t − 1."),
    },
) | described(
    OF_SEQUENCE,
    {
        **OF_STEPS,
        "cell's gradient not carried": (
            "lacks what later steps send back through the cell",
            "The cell of a step acts on the next one; its gradient there, times the forget gate, comes back.",
        ),
        "state's gradient not carried": (
            "lacks what later steps send back through the state",
            "A state acts on its own result and on the gates of the next step.",
        ),
    },
)
SEQUENCE |= described(
    OF_STEP, {name: text for name, text in STEP_GRADIENTS.items() if name != "cell's upstream left out"}
)
