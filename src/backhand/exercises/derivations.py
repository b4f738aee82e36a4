"""The pages of docs/derivations, which students read as hints: in a checkout, and in an installed package."""

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import backhand
from backhand.errors import BackhandError

FOLDER = "derivations"  # in the folder of an exercise, and in a wheel
# Layers of courses that have no page of their own are derived as these are.
DERIVED_AS = {
    "cross_entropy": "softmax_cross_entropy",
    "embedding": "linear",
    "groupnorm": "group_norm",
    "layernorm": "layer_norm",
    "linear_relu": "linear",
    "lstm": "sigmoid",
    "max_pool": "max_pool2d",
    "network": "linear",
    "nll": "softmax_cross_entropy",
    "pooling": "max_pool2d",
    "rnn": "tanh",
    "softmax": "softmax_cross_entropy",
    "spatial_batchnorm": "batchnorm",
    "temporal_linear": "linear",
    "temporal_softmax_cross_entropy": "softmax_cross_entropy",
}


def read_pages() -> dict[str, str]:
    """The text of every page, by the name of its file. Raises BackhandError where the package came without them."""
    for folder in _folders():
        if folder.is_dir():
            entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
            return {entry.name: entry.read_text("utf-8") for entry in entries if entry.name.endswith(".md")}
    raise BackhandError("this installation has no derivations; install Backhand from a wheel or from its repository")


def page_of(layer: str) -> str:
    """The name of the page on which a layer is derived."""
    return f"{DERIVED_AS.get(layer, layer)}.md"


def _folders() -> list[Traversable]:
    """Where the pages can be: inside a package that was installed from a wheel, or beside the sources in a checkout."""
    checkout = Path(backhand.__file__).parents[2] / "docs" / FOLDER
    return [files("backhand").joinpath(FOLDER), checkout]
