"""Small convolutional networks with names."""

from collections.abc import Sequence

from backhand.architectures.cnn import Block, cnn
from backhand.layers import AvgPool2d, Conv2d, Dropout, Flatten, GlobalAvgPool2d, Linear, MaxPool2d, ReLU, Tanh
from backhand.model.sequential import Sequential


def lenet(outputs: int) -> Sequential:
    """LeNet-5: 6 and 16 kernels of 5x5 with mean pooling, then 120 and 84 hidden units, all with tanh.

    The second convolution sees every channel, where the paper's saw some.

    outputs: the number of scores, one per class.
    Source: LeCun et al. 1998, Proc. IEEE 86.
    """
    return Sequential(
        *(Conv2d(6, 5, padding=2, init="glorot"), Tanh(), AvgPool2d()),
        *(Conv2d(16, 5, init="glorot"), Tanh(), AvgPool2d()),
        *(Flatten(), Linear(120, "glorot"), Tanh(), Linear(84, "glorot"), Tanh(), Linear(outputs, "glorot")),
    )


def mnist_model4(outputs: int) -> Sequential:
    """A small network for MNIST: twice 16 kernels of 3x3 and pooling, then 256 hidden units, all with ReLU.

    outputs: the number of scores, one per class.
    """
    return cnn(outputs, (Block(16), Block(16)), (256,))


def fer_cnn(outputs: int, *, dropout: float = 0.5) -> Sequential:
    """A network for faces of 48 x 48: 16 and 32 kernels of 5x5 with pooling, then 1024 hidden units, all with ReLU.

    outputs: the number of scores, one per class.
    dropout: the probability of dropping before and after the hidden layer.
    """
    return Sequential(
        *(Conv2d(16, 5, padding=2), ReLU(), MaxPool2d()),
        *(Conv2d(32, 5, padding=2), ReLU(), MaxPool2d()),
        *(Flatten(), Dropout(dropout), Linear(1024), ReLU(), Dropout(dropout), Linear(outputs, 0.01)),
    )


def vgg_small(
    outputs: int,
    widths: Sequence[int] = (64, 128, 256),
    *,
    convs: int = 2,
    dropout: float = 0.0,
    head: str = "mean",
) -> Sequential:
    """A small VGG: stages of 3x3 convolutions with batch-norm and ReLU, each ended by pooling; then one linear layer.

    outputs: the number of scores, one per class.
    widths: the kernels of each stage.
    convs: convolutions per stage.
    dropout: the probability of dropping before the linear layer.
    head: "mean" gives the linear layer the mean over the image; "flatten" every pixel, and then a tenth of the learning
    rate is as much as it bears.
    Raises ValueError for another head.
    Source: Simonyan and Zisserman 2015, arXiv:1409.1556, with batch normalisation and no hidden layer at the end.
    """
    if head not in ("mean", "flatten"):
        raise ValueError(f'the head of a vgg_small is "mean" or "flatten", not "{head}"')
    *body, flatten, _ = cnn(outputs, [Block(width, convs=convs) for width in widths], batchnorm=True).layers
    tail = [GlobalAvgPool2d() if head == "mean" else flatten, *[Dropout(dropout)] * (dropout > 0)]
    return Sequential(*body, *tail, Linear(outputs, 0.01))
