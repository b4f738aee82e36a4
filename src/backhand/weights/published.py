"""Weights that torchvision has published, by name: residual networks that were trained on ImageNet.

A name is `torchvision:` with the model, and stands wherever the path of a file of weights may stand. The file is
downloaded once, to the subfolder `weights` of the folder of data sets.
"""

from pathlib import Path

from backhand.data.download import fetch_file
from backhand.data.provenance import PublishedFile
from backhand.errors import CheckpointError, DataError, closest
from backhand.files import locations

PREFIX = "torchvision:"
SERVER = "https://download.pytorch.org/models"
# torchvision publishes the first digits of a file's SHA-256, as the end of its name. v2: its later recipe of training.
FILES = {
    "torchvision:resnet18": "resnet18-f37072fd.pth",
    "torchvision:resnet34": "resnet34-b627a593.pth",
    "torchvision:resnet50": "resnet50-0676ba61.pth",
    "torchvision:resnet50-v2": "resnet50-11ad3fa6.pth",
    "torchvision:resnet101": "resnet101-63fe2227.pth",
    "torchvision:resnet101-v2": "resnet101-cd907fc2.pth",
}


def is_name(path: object) -> bool:
    """Whether a path is a name of published weights, known or not."""
    return str(path).startswith(PREFIX)


def check_name(name: str) -> None:
    """Raise ValueError for a name that there is not, with the closest one."""
    if name not in FILES:
        raise ValueError(f'unknown weights "{name}"{closest(name, FILES)}; there are {", ".join(FILES)}')


def fetch(name: str) -> Path:
    """The file of the weights of this name, which is downloaded and verified unless it is there already.

    Raises CheckpointError for an unknown name, and where the file cannot be had.
    """
    try:
        check_name(name)
        file, folder = FILES[name], locations.data_dir()
        if folder is None:
            raise DataError(f"there is no home folder to download {file} to; set {locations.DATA} to a folder")
        digits = Path(file).stem.rpartition("-")[2]
        return fetch_file(PublishedFile(file, (f"{SERVER}/{file}",), digits), folder / "weights")
    except (ValueError, DataError) as error:
        raise CheckpointError(str(error)) from error
