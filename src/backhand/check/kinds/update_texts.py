"""What the mistakes of updates are, in words."""

from collections.abc import Mapping

from backhand.check.kinds.kind import Mistake, described

COMMON = {
    "sign": ("goes up the gradient", "The loss falls against its gradient: the step is subtracted."),
    "parameters not changed": (
        "leaves the parameters as they are",
        "Write into the array, or return the new one; a name that is bound anew inside a function changes nothing "
        "outside.",
    ),
}
EPS_LEFT_OUT = {
    "eps left out": (
        "divides by 0 where a gradient is 0",
        "A small ε in the denominator keeps the step finite.",
    )
}
ROOT_LEFT_OUT = {
    "root left out": (
        "divides by the average of the squares, not by its root",
        "The root has the unit of a gradient, so that the step does not depend on its scale.",
    )
}


def _texts(formula: str, texts: Mapping[str, tuple[str, str]]) -> dict[str, Mistake]:
    return described(formula, {**COMMON, **texts})


SGD = _texts(
    "{w} ← {w} − rate · dw",
    {
        "rate left out": ("leaves the learning rate out", "The step is the rate times the gradient."),
        "updated twice": ("takes each step twice", "The step is the rate times the gradient, once."),
        "rate applied twice": ("has the learning rate squared", "The step is the rate times the gradient."),
        "gradients added up": (
            "adds up the gradients of all steps",
            "Each step uses the gradient of its own batch: set it to 0 before backward adds to it.",
        ),
    },
)
MOMENTUM = _texts(
    "v ← m · v − rate · dw,  {w} ← {w} + v",
    {
        "sign of the momentum": (
            "turns the velocity around at each step",
            "The share m of the old velocity is kept, with its sign; only the gradient is subtracted.",
        ),
        "velocity not kept": (
            "forgets the velocity from step to step",
            "Keep it in the settings or in the instance; otherwise this is gradient descent.",
        ),
        "velocity not reduced": ("keeps all of the old velocity", "It is multiplied by m, such as 0.9."),
        "old velocity used": ("moves by the velocity before its update", "Update the velocity first, then move by it."),
        "look-ahead": ("is Nesterov's momentum", "Plain momentum moves by the new velocity."),
    },
)
NESTEROV = _texts(
    "v₀ = v,  v ← m · v − rate · dw,  {w} ← {w} − m · v₀ + (1 + m) · v",
    {
        "look-ahead left out": (
            "is plain momentum",
            "Keep the old velocity before it is updated: the step is −m · v₀ + (1 + m) · v.",
        ),
        "sign of the old velocity": ("adds m times the old velocity", "It is subtracted."),
        "old velocity left out": ("lacks −m times the old velocity", "The look-ahead of the step before is undone."),
        "1 + momentum left out": ("has v for (1 + m) · v", "The new velocity counts 1 + m times."),
    },
)
ADAGRAD = _texts(
    "s ← s + dw²,  {w} ← {w} − rate · dw / (√s + ε)",
    {
        "squares not kept": ("forgets the squares of earlier steps", "They add up over all steps."),
        **ROOT_LEFT_OUT,
        **EPS_LEFT_OUT,
    },
)
RMSPROP = _texts(
    "s ← d · s + (1 − d) · dw²,  {w} ← {w} − rate · dw / (√s + ε)",
    {
        "decay swapped": (
            "keeps the small share of the old squares",
            "d, near 1, is the share of the old; the new square has 1 − d.",
        ),
        "squares not reduced": ("adds up the squares of all steps, as AdaGrad does", "They are averaged here."),
        "1 - decay left out": ("lacks the share 1 − d of the new square", "The two shares add up to 1."),
        **ROOT_LEFT_OUT,
        **EPS_LEFT_OUT,
    },
)
ADAM = _texts(
    "m ← β₁ m + (1 − β₁) dw,  v ← β₂ v + (1 − β₂) dw²,  t ← t + 1,  "
    "{w} ← {w} − rate · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)",
    {
        "correction left out": (
            "leaves the correction of both averages out",
            "They start at 0 and are too small at first; dividing by 1 − βᵗ makes up for that.",
        ),
        "first correction left out": ("does not correct m", "m starts at 0: divide it by 1 − β₁ᵗ."),
        "second correction left out": ("does not correct v", "v starts at 0: divide it by 1 − β₂ᵗ."),
        "step not counted": (
            "corrects every step as if it were the first",
            "t rises by 1 at each step, and must be kept from one to the next.",
        ),
        "step counted from 2": ("counts the first step as the second", "t is 1 at the first step."),
        "corrections with one beta": (
            "corrects both averages with the same β",
            "m is divided by 1 − β₁ᵗ, v by 1 − β₂ᵗ: each by the share that it has kept.",
        ),
        "corrected averages kept": (
            "puts the corrected averages in the place of m and v",
            "The next step goes on from the averages before their correction.",
        ),
        "eps inside the root": ("adds ε inside the root", "ε is added to the root."),
        "gradient not squared": ("averages |dw| for dw²", "v is the average of the squares."),
        "betas swapped": ("has β₁ and β₂ swapped", "β₁ belongs to the mean, β₂ to the squares."),
        "1 - beta left out": ("lacks the shares 1 − β of what is new", "The two shares add up to 1."),
        **ROOT_LEFT_OUT,
        **EPS_LEFT_OUT,
    },
)
