"""What a change that mends a gradient says of the mistake, where no hypothesis has a name for it.

The keys are the operators of `backhand.check.source.edits`; {g} stands for the gradient's name in the code.
"""

import re
from collections.abc import Mapping

from backhand.check.source.edits import Edit

WORDS: Mapping[str, str] = {
    "other axis": "{g} takes a sum or a mean over another axis than it should",
    "axis added": "{g} takes a sum or a mean over all axes where one is meant",
    "axis left out": "{g} takes a sum or a mean over one axis where all are meant",
    "mean": "{g} takes a mean where a sum belongs, or the other way round",
    "sum": "{g} takes a sum where a mean belongs, or the other way round",
    "axes kept": "{g} loses an axis that the next product needs",
    "axes no longer kept": "{g} keeps an axis that its array does not have",
    "divisor dropped": "{g} is divided by something that does not belong there",
    "divisor added": "{g} lacks a divisor",
    "factor dropped": "{g} has a factor that does not belong there",
    "factor added": "{g} lacks a factor",
    "derivative of the activation added": "{g} lacks the derivative of the activation",
    "number as a factor": "{g} is off by a constant factor",
    "number to a name": "{g} has a number where a name belongs",
    "other function": "{g} calls another function than it should",
    "term dropped": "{g} has a term that does not belong there",
    "term added": "{g} lacks a term",
    "mean term added": "{g} lacks the term of the mean",
    "variance term added": "{g} lacks the term of the variance",
    "penalty added": "{g} lacks the term of the penalty",
    "common term added": "{g} lacks a term that others have",
    "sum added": "{g} is not summed",
    "sign": "{g} has a wrong sign",
    "operands swapped": "{g} has the two operands of a product or difference the wrong way round",
    "transpose added": "{g} lacks a transposition",
    "transpose dropped": "{g} transposes an array that should stay as it is",
    "order of axes": "{g} has its axes in another order",
    "reshape added": "{g} is not brought back to the shape of its array",
    "flip added": "{g} lacks a flip of the kernel",
    "flip dropped": "{g} flips the kernel where it should not",
    "other variable": "{g} uses another variable than it should",
    "other key": "{g} takes another entry of a dictionary than it should",
    "other count": "{g} is divided by the wrong count",
    "other size": "{g} uses the size of another axis",
    "names exchanged": "{g} has two names exchanged",
    "height and width swapped": "{g} swaps height and width",
    "order": "{g} has values in another order than the one they are used in",
    "comparison": "{g} compares the wrong way",
    "mask inverted": "{g} uses the mask the wrong way round",
    "condition": "{g} takes the wrong branch",
    "branches exchanged": "{g} has two branches exchanged",
    "exponent": "{g} has a wrong power",
    "exponent dropped": "{g} has a power that does not belong there",
    "square added": "{g} lacks a square",
    "root added": "{g} lacks a root",
    "one minus added": "{g} lacks a `1 -`",
    "one subtracted": "{g} lacks a `- 1`",
    "one added": "{g} lacks a `+ 1`",
    "complements exchanged": "{g} has p where 1 - p belongs",
    "number": "{g} has a wrong number",
    "parentheses": "{g} lacks a pair of parentheses",
    "term into the sum": "{g} leaves a term out of a sum or a product",
    "term out of the sum": "{g} draws a term into a sum or a product",
    "index": "{g} is taken from the wrong place",
    "index moved by one": "{g} is taken from one place further",
    "slice for an index": "{g} has an index where a slice is meant",
    "crop": "{g} cuts off the wrong margin",
    "crop added": "{g} does not cut off the margin of the padding",
    "stride added": "{g} leaves the stride out",
    "stride dropped": "{g} uses the stride where it should not",
    "repeated indices added": "{g} overwrites what repeated indices should add up",
    "first maximum": "{g} credits several equal maxima",
    "eps under the root": "{g} has \N{GREEK SMALL LETTER EPSILON} outside the root",
    "eps out of the root": "{g} has \N{GREEK SMALL LETTER EPSILON} under the root",
    "eps added": "{g} leaves \N{GREEK SMALL LETTER EPSILON} out",
    "degrees of freedom": "{g} uses the variance of another number of degrees of freedom",
    "statement deleted": "{g} is spoilt by a statement that does not belong there",
    "statements exchanged": "{g} is spoilt by two statements in the wrong order",
    "copy": "{g} is spoilt by an array that is changed in place",
    "in place no longer": "{g} is spoilt by an array that is changed in place",
    "letters of einsum": "{g} sums over the wrong letters in einsum",
}


def told(edit: Edit) -> str:
    """What the mistake is called that a change mends: by its operator, and more precisely where its text tells more."""
    if edit.operator == "order" and ".shape" in edit.before:
        return "height and width swapped"
    return edit.operator


def says(edit: Edit) -> str:
    """What a change that mends a gradient says of it, with {g} for its name."""
    told_apart = re.fullmatch(r"(\S+) to (\S+)", edit.operator)
    if told_apart is not None:  # such as `mean to sum`
        return f"{{g}} has `{told_apart[1]}` where `{told_apart[2]}` belongs"
    return WORDS.get(told(edit), "{g} is wrong")
