"""Files of weights as PyTorch writes them, and files that nobody should write."""

import pickle
import zipfile
from pathlib import Path

import safetensors.torch
import torch
from torch import nn

from tests.architectures.resnet_twin import ResNet, twin


def trained_twin(depth: int, outputs: int, channels: int = 3, *, stem: str = "imagenet") -> ResNet:
    """A residual network in which every weight and every running statistic is its own, at inference."""
    torch.manual_seed(depth)
    net = twin(depth, outputs, channels, stem=stem)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias)
    return net.eval()


def save(value: object, path: Path) -> Path:
    """By torch.save, or as safetensors where the name says so."""
    if path.suffix == ".safetensors":
        safetensors.torch.save_file(value, path)
    else:
        torch.save(value, path)
    return path


def with_pickle(content: bytes, path: Path, **storages: bytes) -> Path:
    """An archive as torch.save's, around this pickle."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", content)
        archive.writestr("archive/byteorder", "little")
        for key, data in storages.items():
            archive.writestr(f"archive/data/{key.removeprefix('s')}", data)
    return path


class Asks:
    """Pickled, it asks for a call of a function."""

    def __init__(self, function: object, *arguments: object) -> None:
        self.call = function, arguments

    def __reduce__(self) -> tuple:
        return self.call


def asking(function: object, *arguments: object) -> bytes:
    """The pickle of a dict that calls the function when Python reads it."""
    return pickle.dumps({"weight": Asks(function, *arguments)}, protocol=2)


DTYPES = (torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.uint8)


def tensors() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    whole = torch.randn(4, 5, 6)
    return {
        "contiguous": whole,
        "transposed": whole.permute(2, 0, 1),
        "part": whole[1:3, ::2, 4],
        "scalar": torch.tensor(2.5),
        "none": torch.zeros(0, 3),
        "parameter": torch.nn.Parameter(torch.randn(3)),
    } | {str(dtype): (10 * whole.abs()).to(dtype) for dtype in DTYPES}


STORAGE = "(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x04tQ"


def pickled(view: str) -> bytes:
    """The pickle {"w": tensor} of a view (offset, shape, strides) of the storage 0, which holds four numbers."""
    return f"\x80\x02}}X\x01\0\0\0wctorch._utils\n_rebuild_tensor_v2\n({STORAGE}{view}\x89}}tRs.".encode("latin-1")
