"""Reviews as values, and the file that they speak of."""

from math import nan

from backhand.check.review.records import Change, Finding, Note, Picture, Review, UnitReview, UnreadUnit
from backhand.check.source.remarks import Place

TEXT = """import numpy as np

def affine_backward(dout, cache):
    x, w = cache
    dx = dout @ w.T
    dw = x.T @ dout
    db = dout.mean(0)
    return dx, dw, db

def conv_backward(dout, cache):
    dx = np.zeros((4, 4))
    return dx
"""


def place(line):
    return Place("layers.py", line)


AVERAGED = Finding(
    "wrong",
    "averaged over the batch",
    "backward",
    "db is averaged over the batch (it is the true gradient divided by 4, the batch size)",
    "with 4 samples, b[2]: backward gives 0.3, differences give 1.2",
    "A bias is added to every sample, so its gradient is the sum: `dout.sum(0)`.",
    "db = the sum of dout over the samples",
    "linear.md",
    "affine_backward",
    "b",
    place(7),
    Change(place(7), "db = dout.mean(0)", "db = dout.sum(0)", True),
    None,
    ("4 samples", "1 output"),
    2,
)
UNEXPLAINED = Finding(
    "wrong elsewhere",
    "",
    "backward",
    "dx is wrong",
    function="conv_backward",
    array="x",
    place=place(11),
    picture=Picture("x", (3, 3), [1, 2, 3, 4, nan, 6, 7, 8, 9], [1, 2, 3, 4, 5, 6, -7, 8, 9], "stride 2"),
    failed=("stride 2",),
    tried=3,
)
OVERFLOW = Finding("warning", "overflow", "forward", "forward gives nan for large logits", function="softmax_loss")
SHAPE = Finding("harmless", "another shape", "backward", "db has the shape (1, 5), b has (5,)", place=place(7))
TWICE = Finding("wrong", "averaged twice", "together", "the loss and every layer divide by the batch size")

AFFINE = UnitReview("affine", "Linear", "Linear: samples: rows; w (3, 5)", place(3), 2, {}, 0, 1e-9, (SHAPE, AVERAGED))
RELU = UnitReview("relu", "ReLU", "ReLU", place(1), 7, {"3 axes": "ValueError: no"}, 3, 2.1e-10)
CONV = UnitReview("conv", "Conv2d", "channels first", place(10), 3, {}, 0, 1e-9, (UNEXPLAINED,))
SOFTMAX = UnitReview("softmax", "", "none of the known kinds", place(1), 5, {}, 0, 1e-9, (OVERFLOW,))
LSTM = UnreadUnit("lstm", place(2), "it wants `prev_h`", "from backhand.check import spec\nspec(lstm)")
NOTES = (
    Note("unfinished", "`dropout_backward` is not written yet", place(8)),
    Note("missing module", "The module `course` is missing.", place(1)),
)
FULL = Review("layers.py", (AFFINE, RELU, CONV, SOFTMAX), (LSTM,), NOTES, (TWICE,), precision="float32", seconds=2.0)
RIGHT = Review("relu.py", (RELU,))
FAILED = Review("loop.py", (RELU,), failure="The check was ended after 5 seconds, its limit.")
NOTHING = Review("data.py")
REFUSED = Review("missing.py", failure="there is no missing.py; check the name")
