"""Residual networks in PyTorch, written from the papers and apart from ours, with the names of torchvision.

`torch_twin.copy_weights` gives them the weights of ours.
"""

from torch import Tensor, nn
from torch.nn.functional import max_pool2d, relu

COUNTS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3)}


class Block(nn.Module):
    """relu(bn(conv(... relu(bn1(conv1(x))))) + downsample(x))."""

    def __init__(self, channels: int, width: int, stride: int, deep: bool) -> None:
        super().__init__()
        self.outputs = 4 * width if deep else width
        self.convs = 3 if deep else 2
        self.conv1 = conv(channels, width, 1 if deep else 3, 1 if deep else stride)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = conv(width, width, 3, stride if deep else 1)
        self.bn2 = nn.BatchNorm2d(width)
        if deep:
            self.conv3 = conv(width, self.outputs, 1)
            self.bn3 = nn.BatchNorm2d(self.outputs)
        if stride > 1 or channels != self.outputs:
            self.downsample = nn.Sequential(conv(channels, self.outputs, 1, stride), nn.BatchNorm2d(self.outputs))

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(relu(self.bn1(self.conv1(x)))))
        if self.convs == 3:
            y = self.bn3(self.conv3(relu(y)))
        return relu(y + (self.downsample(x) if hasattr(self, "downsample") else x))


class PreactivationBlock(nn.Module):
    """conv(relu(bn(... conv1(relu(bn1(x)))))) + x; a convolution in place of the last x sees relu(bn1(x)) as well.

    The very first block has no bn1: what it is given was activated by the stem.
    """

    def __init__(self, channels: int, width: int, stride: int, deep: bool, first: bool) -> None:
        super().__init__()
        self.outputs = 4 * width if deep else width
        self.convs = 3 if deep else 2
        if not first:
            self.bn1 = nn.BatchNorm2d(channels)
        self.conv1 = conv(channels, width, 1 if deep else 3, 1 if deep else stride)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv2 = conv(width, width, 3, stride if deep else 1)
        if deep:
            self.bn3 = nn.BatchNorm2d(width)
            self.conv3 = conv(width, self.outputs, 1)
        if stride > 1 or channels != self.outputs:
            self.downsample = nn.Sequential(conv(channels, self.outputs, 1, stride))

    def forward(self, x: Tensor) -> Tensor:
        active = relu(self.bn1(x)) if hasattr(self, "bn1") else x
        y = self.conv2(relu(self.bn2(self.conv1(active))))
        if self.convs == 3:
            y = self.conv3(relu(self.bn3(y)))
        return y + (self.downsample(active) if hasattr(self, "downsample") else x)


class ResNet(nn.Module):
    """Stem, layer1 to layer4, [a last norm and activation], mean over the image, fc."""

    def __init__(self, depth: int, outputs: int, channels: int, stem: str, preactivation: bool) -> None:
        super().__init__()
        self.stem = stem
        self.conv1 = conv(channels, 64, 7, 2) if stem == "imagenet" else conv(channels, 64, 3)
        self.bn1 = nn.BatchNorm2d(64)
        channels = 64
        for stage, count in enumerate(COUNTS[depth], 1):
            blocks = nn.Sequential()
            for i in range(count):
                sizes = channels, 32 * 2**stage, 2 if stage > 1 and i == 0 else 1, depth >= 50
                first = stage == 1 and i == 0
                blocks.append(PreactivationBlock(*sizes, first) if preactivation else Block(*sizes))
                channels = blocks[-1].outputs
            self.add_module(f"layer{stage}", blocks)
        if preactivation:
            self.bn = nn.BatchNorm2d(channels)
        self.fc = nn.Linear(channels, outputs)

    def forward(self, x: Tensor) -> Tensor:
        x = relu(self.bn1(self.conv1(x)))
        if self.stem != "small":
            x = max_pool2d(x, 3, 2, 1) if self.stem == "imagenet" else max_pool2d(x, 2)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        x = relu(self.bn(x)) if hasattr(self, "bn") else x
        return self.fc(x.mean((2, 3)))


def conv(channels: int, outputs: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(channels, outputs, kernel, stride, kernel // 2, bias=False)


def twin(depth: int, outputs: int, channels: int = 1, *, stem: str = "small", preactivation: bool = False) -> ResNet:
    """The network of `backhand.architectures.resnet` with the same arguments, for images of so many channels."""
    return ResNet(depth, outputs, channels, stem, preactivation)
