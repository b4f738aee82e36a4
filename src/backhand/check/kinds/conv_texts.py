"""What the mistakes of a convolution are, in words."""

from collections.abc import Mapping

from backhand.check.kinds.kind import Mistake, described

VALUE = "{y}[i, j] = the sum of window(i · stride, j · stride) of the padded {x}, times {w}, plus {b}"
OF_X = "dx_padded[window(i, j)] += {dy}[i, j] · {w}, for every window and filter; then the margin is cut off"
OF_W = "dw = the sum over samples and windows of {dy}[i, j] · window(i, j) of the padded {x}"
OF_B = "db = the sum of {dy} over samples, rows and columns"

CROPS = {
    "padding not cropped": (
        "still has the margin of the padding",
        "The padding is no input: cut its gradient off, so that the result has the shape of {x}.",
    ),
    "cropped at one side": (
        "is cut off at one side only, and so shifted or too large",
        "Padding stands before and after each axis: cut off both, from p to p + the length of {x}.",
    ),
    "crop empty at padding 0": (
        "is empty where the padding is 0",
        "The slice [p:−p] is empty for p = 0. Write [p : p + H] with the length of {x}.",
    ),
}
CONVOLUTION: Mapping[str, Mistake] = (
    described(
        VALUE,
        {
            "bias left out": ("leaves {b} out", "The bias of its filter is added to every pixel."),
            "bias subtracted": ("subtracts {b}", "The bias of its filter is added to every pixel."),
            "stride ignored": (
                "has the result of stride 1",
                "Windows begin at multiples of the stride, so there are (H + 2p − k) / stride + 1 of them.",
            ),
            "windows not moved by the stride": (
                "takes its windows one step apart, where the stride is larger",
                "The window of result (i, j) begins at (i · stride, j · stride).",
            ),
            "columns not transposed": (
                "joins the axes of its windows in another order than they have",
                "Before the windows become rows of a matrix, their place (i, j) goes to the front and their entries to "
                "the end: a transposition is missing before the reshape.",
            ),
            "padding ignored": ("has the result without padding", "{x} gets a margin of zeros first."),
            "padding of another mode": (
                "is padded otherwise than was asked for",
                "'valid' has no padding, 'same' as much as keeps the size, 'full' one less than the window.",
            ),
            "kernel flipped along one axis": (
                "flips the kernel along one axis",
                "Either it is taken as it is, or both axes are turned around.",
            ),
            "height and width swapped": (
                "swaps height and width",
                "The first axis of the kernel goes with the rows of {x}, the second with its columns.",
            ),
            "one channel only": ("takes one channel alone", "The products are summed over all channels."),
            "last window left out": (
                "lacks its last row and column",
                "The number of windows along an axis is (H + 2p − k) / stride + 1; the + 1 is missing.",
            ),
        },
    )
    | described(
        OF_X,
        CROPS
        | {
            "kernel not flipped in dx": (
                "uses the kernel turned by 180°, where it belongs as it is, or the other way round",
                "A pixel meets the entries of the kernel in reverse order. Sent back window by window, the kernel is "
                "taken as it is; as a convolution of the padded {dy}, it is turned by 180°.",
            ),
            "height and width swapped in dx": (
                "has height and width of the kernel swapped",
                "The first axis of the kernel goes with the rows.",
            ),
            "padded otherwise in dx": (
                "is padded and cut by another amount than in forward",
                "{dy}[i, j] goes back to the window that forward took: pad by the same formula in both passes.",
            ),
            "stride ignored in dx": (
                "puts the windows one step apart, where the stride is larger",
                "What {dy}[i, j] sends back belongs at (i · stride, j · stride), where its window was.",
            ),
            "last window wins": (
                "is overwritten where windows overlap",
                "A pixel in several windows gets the sum of what they send back: += for =.",
            ),
            "last filter only": ("comes from the last filter alone", "All filters send a gradient back: += for =."),
            "last sample only": ("is 0 but for the last sample", "Every sample has its gradient."),
        },
    )
    | described(
        OF_W,
        {
            "kernel flipped in dw": (
                "is turned by 180°",
                "Entry (k, l) of the kernel meets pixel (i + k, j + l), in forward and so in backward.",
            ),
            "height and width swapped in dw": ("has its height and width swapped", "The first axis is that of rows."),
            "averaged over the batch": (
                "is divided by {N}, the number of samples",
                "A layer sums over the samples. If the loss is a mean, {dy} carries the factor 1/N already.",
            ),
            "padded otherwise in dw": (
                "pads {x} by another amount than forward does",
                "{dy}[i, j] belongs to the window that forward took: pad by the same formula in both passes.",
            ),
            "stride ignored in dw": (
                "takes its windows one step apart, where the stride is larger",
                "The window of {dy}[i, j] begins at (i · stride, j · stride).",
            ),
            "last sum only": (
                "comes from the last sample or window alone",
                "Samples and windows add up: += for =.",
            ),
        },
    )
    | described(
        OF_B,
        {
            "bias not summed over the pixels": (
                "is not summed over rows and columns",
                "The bias of a filter is added to each pixel, so all of them add to its gradient.",
            ),
            "bias not summed over the samples": (
                "is not summed over the samples",
                "The same bias serves every sample, so all of them add to its gradient.",
            ),
            "mean over everything": ("is a mean", "The bias is added to each pixel; its gradient is their sum."),
        },
    )
)
OF_SEQUENCES = {
    name: text
    for name, text in CONVOLUTION.items()
    if "height and width" not in name and name != "kernel flipped along one axis"
}
