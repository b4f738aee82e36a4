"""Residual networks, in the original and the pre-activation form.

Source: He et al. 2015, arXiv:1512.03385; pre-activation: He et al. 2016, arXiv:1603.05027. In bottleneck blocks the
3x3 convolution has the stride, as in the authors' later code and in torchvision.
"""

from collections.abc import Callable, Iterator

from backhand.errors import closest
from backhand.layers import BatchNorm, Conv2d, GlobalAvgPool2d, Layer, Linear, MaxPool2d, ReLU, Residual, Scale
from backhand.model.sequential import Sequential

WIDTHS = (64, 128, 256, 512)  # of the four stages; each but the first halves the image
BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3)}
BOTTLENECK = 50  # from this depth on, blocks narrow to a quarter of their output and widen again

STEMS: dict[str, Callable[[], list[Layer]]] = {
    "small": lambda: [*_normalised(_conv(64, 3)), ReLU()],
    "small_pool": lambda: [*_normalised(_conv(64, 3)), ReLU(), MaxPool2d()],
    "imagenet": lambda: [*_normalised(_conv(64, 7, 2)), ReLU(), MaxPool2d(3, 2, padding=1)],
}


def resnet(
    outputs: int,
    depth: int = 50,
    *,
    preactivation: bool = False,
    stem: str = "small",
    zero_init: bool = False,
    head_scale: float = 1.0,
) -> Sequential:
    """A residual network: a stem, four stages of residual blocks, the mean over the image, and a linear layer.

    outputs: the number of scores, one per class.
    depth: 18 or 34 (two 3x3 convolutions per block), 50 or 101 (1x1, 3x3, 1x1).
    preactivation: batch-norm and ReLU before each convolution, instead of behind it.
    stem: "small" (3x3), "small_pool" (then 2x2 pooling), or "imagenet" (7x7 and then 3x3 pooling, each with stride 2).
    zero_init: every block begins as its shortcut. The scale of its last batch-norm starts at 0; with `preactivation`,
    where the ReLU behind that would never pass a gradient, the last convolution does.
    head_scale: multiplies the features that the linear layer sees; below 1, that layer learns more slowly than the
    others (see docs/derivations/scale.md).
    Raises ValueError for another depth or stem.
    Source: He et al. 2015, arXiv:1512.03385; with `preactivation` He et al. 2016, arXiv:1603.05027.
    """
    if depth not in BLOCKS:
        raise ValueError(f"the depth of a ResNet must be one of {', '.join(map(str, BLOCKS))}, not {depth}")
    if stem not in STEMS:
        raise ValueError(f'unknown stem "{stem}"{closest(stem, STEMS)}')
    stages = _preactivation(depth, zero_init) if preactivation else _original(depth, zero_init)
    scaled = [Scale(head_scale)] if head_scale != 1 else []
    return Sequential(*STEMS[stem](), *stages, GlobalAvgPool2d(), *scaled, Linear(outputs, 0.01))


def _original(depth: int, zero_init: bool) -> Iterator[Layer]:
    """y = relu(body(x) + shortcut(x)), each convolution followed by its batch-norm."""
    for convs, project, _ in _blocks(depth):
        *most, last = convs
        body = [layer for conv in most for layer in (*_normalised(conv), ReLU())]
        body += [last, BatchNorm(gamma=0.0 if zero_init else 1.0)]
        yield Residual(body, _normalised(project) if project else ())
        yield ReLU()


def _preactivation(depth: int, zero_init: bool) -> Iterator[Layer]:
    """y = body(x) + x, each convolution after its batch-norm and ReLU.

    Where the shortcut is a convolution, both branches see the activated x; the stem's own activation serves the first.
    """
    for convs, project, first in _blocks(depth):
        activation = [] if first else [BatchNorm(), ReLU()]
        if zero_init:
            convs[-1].init = "zeros"
        body: list[Layer] = [convs[0]]
        for conv in convs[1:]:
            body += [BatchNorm(), ReLU(), conv]
        if project:
            yield from (*activation, Residual(body, [project]))
        else:
            yield Residual([*activation, *body])
    yield from (BatchNorm(), ReLU())


def _blocks(depth: int) -> Iterator[tuple[list[Conv2d], Conv2d | None, bool]]:
    """Each block's convolutions, the one in its shortcut where the shape changes, and whether it is the very first."""
    channels = 64
    for stage, (width, count) in enumerate(zip(WIDTHS, BLOCKS[depth], strict=True)):
        for i in range(count):
            stride = 2 if stage and not i else 1
            bottleneck = [_conv(width, 1), _conv(width, 3, stride), _conv(4 * width, 1)]
            convs = bottleneck if depth >= BOTTLENECK else [_conv(width, 3, stride), _conv(width, 3)]
            changes = stride > 1 or channels != convs[-1].outputs
            channels = convs[-1].outputs
            yield convs, _conv(channels, 1, stride) if changes else None, not stage and not i


def _conv(outputs: int, kernel: int, stride: int = 1) -> Conv2d:
    return Conv2d(outputs, kernel, stride, padding=kernel // 2, bias=False)


def _normalised(conv: Conv2d) -> list[Layer]:
    return [conv, BatchNorm()]
