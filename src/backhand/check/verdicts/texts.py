"""The words for mistakes that can happen in any layer: what they are, and what is true instead."""

from typing import NamedTuple


class Words(NamedTuple):
    """What a mistake is called in a headline, and one or two sentences on what is true instead.

    In both, {g} is the gradient's name in the code, {a} the array's, {dy} the upstream gradient's.
    """

    headline: str
    why: str


_BIAS = "A bias is added to every sample, so its gradient is the sum of {dy} over all of them."
_WEIGHT = "The weights act on every sample, so their gradient is the sum of what the samples contribute."
_SUM = "Whether the batch is averaged is decided once, in the loss; a layer passes on what it is given and sums."

_BY_ROLE: dict[str, dict[str, Words]] = {
    "divided by the batch size": {
        "b": Words("{g} is averaged over the batch", _BIAS),
        "beta": Words("{g} is averaged over the batch", _BIAS),
        "w": Words("{g} is averaged over the batch", f"{_WEIGHT} {_SUM}"),
        "": Words("{g} is averaged over the batch", _SUM),
    },
    "not summed": {
        "b": Words("{g} is not summed over the batch", _BIAS),
        "": Words("{g} is not summed", "Whatever {a} contributes in several places adds up in its gradient."),
    },
}
_ANY: dict[str, Words] = {
    "times the batch size": Words(
        "{g} is too large by the batch size", "A mean over the batch gives every sample's gradient the factor 1/N."
    ),
    "twice the mean": Words("{g} is twice the mean over the batch", f"Where it is a sum, no factor belongs. {_SUM}"),
    "another shape": Words(
        "{g} has another number of entries than {a}",
        "Arrays whose shapes differ were broadcast against each other, or a sum over an axis is missing.",
    ),
    "mean over the wrong count": Words(
        "{g} is averaged over the wrong count", "The samples are columns here: their number is the length of axis 1."
    ),
    "with the opposite sign": Words("{g} has the wrong sign", "A step along -gradient would go uphill."),
    "times 2": Words("{g} is twice the gradient", "The derivative of the square is 2x, that of half the square is x."),
    "divided by 2": Words(
        "{g} is half the gradient", "The derivative of the square is 2x, that of half the square is x."
    ),
    "is empty": Words(
        "{g} is empty",
        "The slice [p:-p] ends at -0, which is 0, so nothing is left where there is no padding: write [p : p + H].",
    ),
    "is zero": Words("{g} is 0 everywhere", "Nothing that is learnt from it would ever change."),
    "upstream ignored": Words(
        "{g} does not depend on {dy}",
        "By the chain rule, the layer's own derivative is multiplied with the upstream gradient {dy}.",
    ),
    "upstream ignored in part": Words(
        "{g} depends on {dy} in some entries only",
        "The upstream {dy} multiplies every entry: is a pair of parentheses missing, as in (a + b) * {dy}?",
    ),
    "lacks the result": Words(
        "{g} lacks the factor {y}", "As the derivative of exp(f) is f' exp(f), the result is one of its factors here."
    ),
    "upstream itself": Words(
        "{g} is {dy} itself", "The layer's own derivative is missing: by the chain rule it is multiplied with {dy}."
    ),
    "reshaped": Words("{g} has another shape than {a}", "A gradient has the shape of the array that it belongs to."),
    "permuted": Words(
        "{g} has the right values in another order", "A gradient has the same order of axes as the array it belongs to."
    ),
    "not cropped": Words("{g} still has the border of the padding", "The gradient of the padding itself is cut off."),
    "shifted": Words("{g} is shifted", "The padding is cut off at the wrong end, or by the wrong amount."),
    "gradient of another array": Words("{g} is the gradient of another array", "Two results may be swapped."),
    "upstream summed": Words("{g} is summed over the wrong axis", "The sum goes over all axes that {a} does not have."),
    "summed too far": Words(
        "{g} is summed over an axis that it keeps", "A sum without its axis adds up what belongs to different entries."
    ),
    "not linear": Words(
        "{g} is not linear in {dy}",
        "Twice the upstream gives twice the gradient; a mask, for example, is taken from the input, not from {dy}.",
    ),
    "clipped": Words(
        "{g} is clipped",
        "That keeps steps small, as it is meant to; but it is no longer the gradient, and what lies before it is given "
        "a wrong one. Clipping belongs into the update.",
    ),
    "computed with a transposed array": Words(
        "{g} uses an array that should be transposed or flipped",
        "If y = x W, then the gradient of x is dy W^T and that of W is x^T dy.",
    ),
    "computed with other values": Words(
        "{g} takes the derivative at other values", "The derivative is taken at the values that forward has seen."
    ),
    "computed with other settings": Words(
        "{g} leaves a setting out", "Backward needs every setting by which forward changes its result."
    ),
    "has a multiple too many": Words(
        "{g} has a term that does not belong there",
        "No term of the loss has this derivative: a penalty belongs into the loss and the gradient, or into neither.",
    ),
    "lacks a multiple": Words("{g} lacks a term", "The gradient of a sum is the sum of the gradients of its terms."),
    "lacks a term of normalisation": Words(
        "{g} lacks a term of the normalisation",
        "The mean and the variance depend on every x, so the gradient has a term for each of them.",
    ),
    "times constants along an axis": Words(
        "{g} has a factor of its own along one axis", "A scale such as gamma or 1 / std may be left out or used twice."
    ),
    "takes the diagonal": Words(
        "{g} takes only the diagonal of the Jacobian",
        "Each output depends on several inputs here, so the gradient is the whole product of {dy} and the Jacobian.",
    ),
    "wrong in one place": Words("{g} is wrong in some entries only", ""),
}


def words_for(key: str, role: str) -> Words:
    """The words for a mistake by its name and the role of the array whose gradient is wrong."""
    if key in _BY_ROLE:
        by_role = _BY_ROLE[key]
        return by_role.get(role, by_role[""])
    if key in _ANY:
        return _ANY[key]
    return Words(f"{{g}} is the true gradient {key}", "A factor is missing, or used twice.")


OVERFLOW = Words(
    "the exponential overflows",
    "exp(x) is infinite from about x = 710 on. Subtract the largest score of each sample first; softmax stays.",
)
LOGARITHM = Words(
    "the logarithm of 0",
    "A probability may round to 0. Compute the loss from the scores, or keep the probability above a small constant.",
)
BEHAVIOURS: dict[str, Words] = {
    "changed in forward": Words(
        "forward changes its input {a} in place",
        "Whoever passed the array still holds it, and so may the cache of another layer: work on a copy.",
    ),
    "dy changed": Words(
        "backward writes into the upstream gradient",
        "This is right as long as nobody else needs that array; a copy is safer.",
    ),
    "parameters changed in backward": Words(
        "backward changes the parameters ({a})",
        "A backward pass only computes gradients; the update belongs after it, or the gradients of the layers below"
        " are those of other weights.",
    ),
    "parameters reshaped in backward": Words(
        "backward gives the parameters another shape ({a})",
        "The next forward pass sees them in that shape, and may broadcast them otherwise: reshape under another name.",
    ),
    "input changed in backward": Words(
        "backward writes into the cached input {a}",
        "A second use of the cache, or of the array that the layer before still holds, sees other values: work on a"
        " copy.",
    ),
    "gradients accumulate": Words(
        "the gradients of {a} are added to those of earlier passes", "They must be set to 0 before every step."
    ),
    "backward differs the second time": Words(
        "a second backward pass gives another gradient of {a}",
        "Backward overwrites something that it needs itself, such as the cache.",
    ),
    "random in backward": Words(
        "backward draws random numbers of its own",
        "The gradient belongs to the mask that forward drew: keep it in the cache and use it again.",
    ),
    "forward differs": Words(
        "two forward passes on the same input with the same seed differ",
        "A hidden state or a generator of its own makes the result depend on earlier passes.",
    ),
}
