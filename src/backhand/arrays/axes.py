"""The order of the axes of images: (N, H, W, C), channels last. Arrays of other libraries may have another one."""

from backhand.arrays import Shape
from backhand.errors import DataError

FEW = 4  # channels at most of a picture from anywhere: grey, RGB, and either with transparency
SIDE = 8  # pixels at least of a picture that shows something; what is smaller may be a patch of many channels
CHANNELS_FIRST, CHANNELS_BETWEEN, BATCH_LAST = (0, 2, 3, 1), (0, 1, 3, 2), (3, 0, 1, 2)
TURNS = {
    CHANNELS_FIRST: "channels come last",
    CHANNELS_BETWEEN: "channels come last",
    BATCH_LAST: "the batch comes first",
}


def refuse_channels_first(shape: Shape, where: str) -> None:
    """Raise DataError, with the transposition to write, where images (N, A, B, C) cannot be channels last.

    That is where A or B is at most 4, and so must be the channels, and the two other sides are at least 8.
    """
    few = [axis for axis in (1, 2) if len(shape) == 4 and shape[axis] <= FEW]
    if len(few) == 1 and min(shape[3 - few[0]], shape[3]) >= SIDE:
        order = CHANNELS_FIRST if few == [1] else CHANNELS_BETWEEN
        raise DataError(
            f"{where} has the shape {shape}, which would be {_read(shape)}; channels come last, as in "
            f"{turned(shape, order)}: write {transposition(order)}"
        )


def doubt(shape: Shape) -> str:
    """How images of this shape, (N, H, W) or (N, H, W, C), are read, where it could be meant otherwise; else ""."""
    if len(shape) == 3:
        doubtful = min(shape[1:]) <= FEW
        remedy = "if one axis is the channels, give (N, height, width, channels)"
    else:
        doubtful = min(shape[1:3]) <= FEW or shape[3] not in (1, 3)
        remedy = f"if channels come first, write {transposition(CHANNELS_FIRST)}"
    return f"{shape} is read as {_read(shape)}; {remedy}" if doubtful else ""


def hint(shape: Shape, sample: Shape) -> str:
    """What to write where an array of this shape holds samples of the shape wanted, but in other axes; else ""."""
    if shape == tuple(sample):
        return "; for one sample write x[None]"
    if len(sample) == 3 and (*shape[1:], 1) == tuple(sample):
        return "; grey images have one channel: write x[..., None]"
    for order, why in TURNS.items():
        if len(shape) == 4 and turned(shape, order)[1:] == tuple(sample):
            return f"; {why}: write {transposition(order)}"
    return ""


def turned(shape: Shape, order: tuple[int, ...]) -> Shape:
    """The shape of an array that is transposed so."""
    return tuple(shape[axis] for axis in order)


def transposition(order: tuple[int, ...]) -> str:
    """The line of Python for it."""
    return f"x.transpose({', '.join(map(str, order))})"


def _read(shape: Shape) -> str:
    """The images in words: height, width and channels."""
    channels = "grey" if len(shape) == 3 else "1 channel" if shape[3] == 1 else f"{shape[3]} channels"
    return f"images {shape[1]} pixels high and {shape[2]} wide, {channels}"
