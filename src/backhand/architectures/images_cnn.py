"""A convolutional network for photographs of any size."""

from backhand.architectures.cnn import Block, cnn
from backhand.layers import Dropout, GlobalAvgPool2d, Linear
from backhand.model.sequential import Sequential

NARROWEST = 16  # channels
TWICE = 4  # stages, counted from the last, that have two convolutions


def images_cnn(outputs: int, side: int = 32, width: int = 128, *, dropout: float = 0.0) -> Sequential:
    """A network for photographs: stages of 3x3 convolutions, batch-norm and ReLU, the mean over the image, linear.

    Each stage ends with 2x2 max-pooling.

    outputs: the number of scores, one per class.
    side: the shorter side of the images, in pixels. There are as many stages as leave 3 to 5 pixels of it.
    width: the channels of the last stage; each stage before has half of the next one's, but 16 at least. The last four
    stages have two convolutions, those before them, where the image is large, one.
    dropout: the probability of dropping before the linear layer.
    Source: Simonyan and Zisserman 2015, arXiv:1409.1556, with batch normalisation and global pooling.
    Raises ValueError for a side below 6 pixels or a width below 1.
    """
    if side < 6 or width < 1:
        raise ValueError(f"images_cnn needs sides of 6 pixels or more and a width above 0, not {side} and {width}")
    count = (side // 3).bit_length() - 1
    widths = [max(width >> behind, min(NARROWEST, width)) for behind in reversed(range(count))]
    blocks = [Block(width, convs=1 + (count - i <= TWICE)) for i, width in enumerate(widths)]
    *body, _, _ = cnn(outputs, blocks, batchnorm=True).layers
    return Sequential(*body, GlobalAvgPool2d(), *[Dropout(dropout)] * (dropout > 0), Linear(outputs, 0.01))
