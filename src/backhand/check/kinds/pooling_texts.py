"""What the mistakes of pooling are, in words."""

from backhand.check.kinds.conv_texts import CROPS
from backhand.check.kinds.kind import described

OF_MAXIMUM = "{y}[i, j] = the maximum of window(i · stride, j · stride) of {x}, channel by channel"
OF_MEAN = "{y}[i, j] = the mean of window(i · stride, j · stride) of {x}, channel by channel"
DX_OF_MAXIMUM = "dx[window(i, j)] += {dy}[i, j] at the pixel of the maximum, 0 elsewhere"
DX_OF_MEAN = "dx[window(i, j)] += {dy}[i, j] / ({kh} · {kw}) at each pixel of the window"

VALUES = {
    "stride ignored": (
        "has the result of stride 1",
        "Windows begin at multiples of the stride, so there are (H + 2p − k) / stride + 1 of them.",
    ),
    "windows not moved by the stride": (
        "takes its windows one step apart, where the stride is larger",
        "The window of result (i, j) begins at (i · stride, j · stride).",
    ),
    "window for the stride": (
        "puts its windows side by side, whatever the stride",
        "Windows begin at multiples of the stride, which need not be the length of the window.",
    ),
    "height and width swapped": (
        "swaps rows and columns of the result",
        "The first axis of the result goes with the rows of {x}, the second with its columns.",
    ),
    "last window left out": (
        "lacks its last row and column",
        "The number of windows along an axis is (H + 2p − k) / stride + 1; the + 1 is missing.",
    ),
}
GRADIENTS = CROPS | {
    "stride ignored in dx": (
        "puts the windows one step apart, where the stride is larger",
        "What {dy}[i, j] sends back belongs at (i · stride, j · stride), where its window was.",
    ),
    "window for the stride in dx": (
        "puts its windows side by side, whatever the stride",
        "What {dy}[i, j] sends back belongs at (i · stride, j · stride), where its window was.",
    ),
    "last window wins": (
        "is overwritten where windows overlap",
        "A pixel in several windows gets the sum of what they send back: += for =.",
    ),
    "values for the mask": (
        "is multiplied by the values of {x}",
        "How much of the upstream a pixel gets does not grow with its value.",
    ),
}
MAXIMUM = described(
    OF_MAXIMUM,
    VALUES
    | {
        "padding with 0": (
            "takes the zeros of the margin for values",
            "Where all values of a window are negative, 0 is no maximum of theirs: pad with −∞.",
        ),
        "mean for maximum": ("is the mean of each window", "Max pooling keeps the largest value."),
        "minimum for maximum": ("is the smallest value of each window", "Max pooling keeps the largest."),
        "maximum over the channels": (
            "is the maximum over the channels too",
            "Each channel is pooled by itself: the maximum goes over rows and columns of the window.",
        ),
    },
) | described(
    DX_OF_MAXIMUM,
    GRADIENTS
    | {
        "every tie credited": (
            "credits every one of several equal maxima with the whole upstream",
            "If a value occurs twice in a window, one of the two may be credited, or each with half; both with the "
            "whole count it twice. After a ReLU, windows of zeros are frequent.",
        ),
        "maximum of the whole image": (
            "credits a pixel only if it is the maximum of the whole image",
            "Each window has its own maximum.",
        ),
        "gradient of average pooling": (
            "is spread over the window, as in average pooling",
            "Only the largest pixel of a window affects its maximum.",
        ),
        "smallest pixel credited": (
            "goes to the smallest pixel of each window",
            "The largest one is the maximum: argmax, not argmin.",
        ),
        "every pixel credited": ("goes to every pixel of the window", "Only the largest affects the maximum."),
        "divided by the window": (
            "is divided by the number of pixels of a window",
            "The maximum has the slope 1 by its pixel.",
        ),
        "height and width swapped in dx": (
            "swaps rows and columns within each window",
            "Rows of the mask are rows of the window.",
        ),
    },
)
AVERAGE = described(
    OF_MEAN,
    VALUES
    | {
        "sum for mean": ("is the sum of each window", "It is divided by the number of pixels of a window."),
        "maximum for mean": ("is the maximum of each window", "Average pooling takes the mean."),
        "mean over the channels": ("is the mean over the channels too", "Each channel is pooled by itself."),
    },
) | described(
    DX_OF_MEAN,
    GRADIENTS
    | {
        "not divided by the window": (
            "is not divided by the number of pixels of a window",
            "Each pixel has the weight 1 / ({kh} · {kw}) in the mean.",
        ),
        "divided by the window twice": (
            "is divided by the number of pixels of a window twice",
            "If the upstream is spread by a mean, it must not be divided again.",
        ),
        "divided by one length": (
            "is divided by one length of the window",
            "The number of pixels is height times width.",
        ),
        "gradient of max pooling": (
            "goes to the largest pixel of each window, as in max pooling",
            "Every pixel of the window has a share in its mean.",
        ),
    },
)
