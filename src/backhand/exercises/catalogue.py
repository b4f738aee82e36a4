"""The conventions: what they are called, whose they are, and the files of their solutions."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from backhand.errors import BackhandError, closest
from backhand.exercises.source import Source


@dataclass(frozen=True)
class Convention:
    """How the layers of a course are written: `form` says how they are called, `axes` how their arrays lie.

    mean_in_layer: whether the mean over the samples is taken by a layer and not by the loss.
    checked_together: whether the files say nothing alone, as a forward pass without its backward pass.
    """

    name: str
    course: str
    form: str
    axes: str
    arrays: str = "NumPy"
    mean_in_layer: bool = False
    checked_together: bool = False

    def sources(self) -> list[Source]:
        """The files of the solution, in order of their paths."""
        folder = files("backhand").joinpath("exercises", "conventions", self.name)
        return [Source.parse(path, file.read_text("utf-8")) for path, file in sorted(_walk(folder))]

    def layers(self) -> list[str]:
        """The names of all layers of this convention, in the order of its files."""
        return list(dict.fromkeys(section.layer for source in self.sources() for section in source.sections))


IMAGES = "images (N, C, H, W), filters (out, in, rows, columns)"
CHANNELS_LAST = "images (N, rows, columns, channels), filters (rows, columns, in, out)"

CONVENTIONS = (
    Convention(
        "cs231n",
        "Stanford CS231n, UCLA C147, TUM I2DL",
        "functions with a cache",
        f"Samples are rows; weights are (in, out), {IMAGES}. p of dropout is the probability to keep a value.",
    ),
    Convention(
        "co395-functions",
        "Imperial CO395, 2018",
        "functions without a cache",
        "Samples are rows; weights are (in, out). p of dropout is the probability to drop a value.",
    ),
    Convention(
        "co395-classes",
        "Imperial CO395, from 2019 on",
        "classes",
        "Samples are rows; weights are (in, out), biases (1, out).",
    ),
    Convention(
        "deeplearning-ai",
        "deeplearning.ai on Coursera",
        "functions with a cache",
        f"Samples are columns; weights are (out, in), biases (out, 1), {CHANNELS_LAST}.",
        mean_in_layer=True,
    ),
    Convention(
        "holberton",
        "Holberton School",
        "one function per file, without a cache",
        f"Biases are (1, 1, 1, out), {CHANNELS_LAST}. A pair of passes stands in two files.",
        checked_together=True,
    ),
    Convention(
        "dlfs",
        "Deep Learning from Scratch (O'Reilly Japan)",
        "classes that are given their parameters",
        f"Samples are rows; weights are (in, out), {IMAGES}. dropout_ratio is the probability to drop a value, and the "
        "test pass is scaled.",
    ),
    Convention(
        "mytorch",
        "CMU 11-785",
        "classes, a file for each kind",
        f"Samples are rows; weights are (out, in), biases (out, 1), {IMAGES}.",
    ),
    Convention(
        "eecs498",
        "Michigan EECS 498 and 598",
        "classes of static methods with a cache",
        f"Samples are rows; weights are (in, out), {IMAGES}. p of dropout is the probability to drop a value.",
        "PyTorch",
    ),
    Convention(
        "autograd-function",
        "UvA Deep Learning and others",
        "torch.autograd.Function",
        f"Samples are rows; weights are (out, in), {IMAGES}. p of dropout is the probability to drop a value.",
        "PyTorch",
    ),
    Convention(
        "edinburgh",
        "Edinburgh Machine Learning Practical",
        "classes without state: fprop, bprop, grads_wrt_params",
        f"Samples are rows; weights are (out, in), {IMAGES}. incl_prob of dropout is the probability to keep a value, "
        "and the test pass is scaled.",
    ),
    Convention(
        "torch7",
        "MIPT, HSE, YSDA",
        "classes with updateOutput, updateGradInput, accGradParameters",
        "Samples are rows; weights are (out, in). Gradients of parameters are added up. "
        "p of dropout is the probability to drop a value.",
    ),
    Convention(
        "two-layer-loss",
        "Stanford CS231n (neural_net.py), MPI, Sapienza",
        "a network with loss(X, y, reg)",
        "Samples are rows; weights are (in, out).",
    ),
    Convention(
        "dlcourse-ai",
        "dlcourse.ai (Novosibirsk)",
        "classes with Param",
        f"Samples are rows; weights are (in, out), biases (1, out), {CHANNELS_LAST}. "
        "Gradients of parameters are added up.",
    ),
    Convention(
        "uva",
        "UvA Deep Learning",
        "classes with dictionaries params and grads",
        "Samples are rows; weights are (out, in), biases (1, out). The cross-entropy takes probabilities.",
    ),
    Convention(
        "jax-custom-vjp",
        "JAX itself",
        "functions with custom_vjp",
        f"Samples are rows; weights are (in, out), {CHANNELS_LAST}.",
        "JAX",
    ),
    Convention(
        "nielsen",
        "the book Neural Networks and Deep Learning",
        "a network with backprop(x, y)",
        "One sample at a time, a column; weights are (out, in), biases (out, 1).",
    ),
    Convention(
        "gatech",
        "Georgia Tech CS 7643",
        "classes, one per file, whose backward returns nothing",
        f"Samples are rows; weights are (in, out), {IMAGES}.",
    ),
    Convention(
        "fudan",
        "Fudan DATA130011",
        "classes with dictionaries params and grads",
        f"Samples are rows; weights are (in, out), biases (1, out), {IMAGES}.",
    ),
    Convention(
        "technion",
        "Technion CS236781",
        "classes with params() in pairs",
        "Samples are rows; weights are (out, in). Gradients of parameters are added up. "
        "p of dropout is the probability to drop a value.",
        "PyTorch",
    ),
    Convention(
        "berkeley",
        "Berkeley CS 189",
        "classes with the activation inside",
        f"Samples are rows; weights are (in, out), biases (1, out), {CHANNELS_LAST}.",
    ),
)


def find_convention(name: str) -> Convention:
    """The convention of this name. Raises BackhandError for an unknown one."""
    conventions = {convention.name: convention for convention in CONVENTIONS}
    if name not in conventions:
        raise BackhandError(f'unknown convention "{name}"{closest(name, conventions)}')
    return conventions[name]


def _walk(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, Traversable]]:
    """The Python files below a folder, with their paths in it."""
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".py"):
            yield prefix + entry.name, entry
