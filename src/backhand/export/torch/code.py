"""The Python of a module: its classes, the function that makes it, the one that loads it, and those that answer."""

import re
from textwrap import fill, indent

from backhand.export.facts import facts
from backhand.export.pipeline import Pipeline
from backhand.export.torch.classes import CLASSES
from backhand.export.torch.modules import Modules, modules_of, sequence
from backhand.model.sequential import Sequential
from backhand.training.losses import ClassificationLoss, RegressionLoss
from backhand.weights.torch_names import STANDARDIZE

WIDTH = 110

FILE = '''"""{title}

    model = load()
    {call}

    x: {input}
{facts}"""

from collections import OrderedDict
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn
{names}{classes}

def sequence(**modules):
    """Modules one after the other, by their names."""
    return nn.Sequential(OrderedDict(modules))


def make():
    """The module, with weights that are not trained."""
    return {module}


def load(path=Path(__file__).with_name({weights!r})):
    """The module with its weights, for inference."""
    model = make()
    model.load_state_dict(load_file(path))
    return model.eval()
'''

SCORES = '''

def scores(model, x):
    """Raw samples (N, ...) -> scores (N, {outputs}){views}."""
    with torch.inference_mode():
        return {scores}
'''

VIEWS = '''

def views(x):
    """The views of each image over which its scores are averaged."""
    H, W = x.shape[1:3]
    for image in {images}:
        yield image
'''
SHIFTED = """        moved = nn.functional.pad(image.permute(0, 3, 1, 2).float(), [{shift}] * 4, mode="reflect")
        moved = moved.permute(0, 2, 3, 1)
        yield moved[:, :H, :W]
        yield moved[:, -H:, -W:]
"""

PREDICTIONS = '''

def predict(model, x):
    """Raw samples (N, ...) -> predicted targets (N, {targets}), in float64: center + scale * scores."""
    center, scale = (torch.tensor(values, dtype=torch.float64) for values in ({center}, {scale}))
    return center + scale * scores(model, x).double()
'''
LEFT_OUT = "input", "classes", "targets", "features", "title"  # which stand elsewhere in the file

PROBABILITIES = '''

def predict_proba(model, x):
    """Raw samples (N, ...) -> probabilities (N, {classes}): {confidence}."""
    {probabilities}
'''


def code(pipeline: Pipeline, model: Sequential, weights: str) -> str:
    """The text of the Python file. model: the pipeline's, or its folded copy.   weights: the name of their file."""
    made = sequence(_modules(pipeline, model)).replace("\n", "\n    ")
    used = [text for name, text in CLASSES.items() if re.search(rf"(?<![\w.]){name}\(", made)]
    standardize = _standardize(pipeline)
    head = FILE.format(
        title=_quotable(pipeline.provenance.title or pipeline.provenance.name or "A network") + ", for PyTorch.",
        call=f"{_answer(pipeline)}(model, x)",
        input=_quotable(pipeline.input_text),
        facts=_facts(pipeline),
        names=_names(pipeline),
        classes="".join(f"\n{text.format(**standardize)}" for text in used),
        module=made,
        weights=weights,
    )
    return head + _answers(pipeline)


def _modules(pipeline: Pipeline, model: Sequential) -> Modules:
    """The standardisation, or else what puts the channels of images first; the layers; images with channels last."""
    images, standardizes = len(pipeline.sample_shape) == 3, pipeline.standardizer is not None
    modules = [(STANDARDIZE, "Standardize()")] if standardizes else [("channels_first", "ChannelsFirst()")] * images
    modules += modules_of(model.layers)
    return modules + [("channels_last", "ChannelsLast()")] * (len(model.output_shape) == 3)


def _standardize(pipeline: Pipeline) -> dict[str, str]:
    """What the class `Standardize` says of these samples."""
    if pipeline.standardizer is None:
        return {}
    images = len(pipeline.sample_shape) == 3
    scaled = f"((x.{'float' if images else 'double'}() - self.mean) * self.scale)"
    return {
        "input": _quotable(pipeline.input_text),
        "order": " (N, C, H, W)" if images else "",
        "shape": str(pipeline.standardizer.mean.shape),
        "precision": pipeline.precision.name,
        "standardised": f"{scaled}.permute(0, 3, 1, 2)" if images else f"{scaled}.float()",
    }


def _answers(pipeline: Pipeline) -> str:
    """The functions that turn raw samples into scores and probabilities."""
    several, code = bool(pipeline.view_indices()), ""
    if several:
        code += VIEWS.format(images="(x, x.flip(2))" if pipeline.views.flips else "(x,)")
        code += SHIFTED.format(shift=pipeline.views.shift) if pipeline.views.shift else ""
    code += SCORES.format(
        outputs=", ".join(map(str, pipeline.model.output_shape)),
        views=", the mean over the views" if several else "",
        scores="torch.stack([model(view) for view in views(torch.as_tensor(x))]).mean(0)"
        if several
        else "model(torch.as_tensor(x))",
    )
    if isinstance(pipeline.loss, ClassificationLoss):
        binary = "p = scores(model, x).sigmoid()\n    return torch.cat([1 - p, p], 1)"
        code += PROBABILITIES.format(
            classes=len(pipeline.classes),
            confidence=pipeline.loss.confidence,
            probabilities=binary if pipeline.loss.binary else "return scores(model, x).softmax(1)",
        )
    if isinstance(pipeline.loss, RegressionLoss):
        units = {"center": [*pipeline.loss.center] or [0.0], "scale": [*pipeline.loss.scale] or [1.0]}
        code += PREDICTIONS.format(targets=len(pipeline.targets), **units)
    return code


def _answer(pipeline: Pipeline) -> str:
    """The name of the function that answers."""
    return {"probabilities": "predict_proba", "predictions": "predict"}.get(pipeline.answer, "scores")


def _names(pipeline: Pipeline) -> str:
    """The constants with the names of classes, targets and features."""
    named = {"CLASSES": pipeline.classes, "TARGETS": pipeline.targets, "FEATURES": pipeline.features}
    lines = "".join(f"{constant} = {_lines(names)}\n" for constant, names in named.items() if names)
    return f"\n{lines}" if lines else ""


def _facts(pipeline: Pipeline) -> str:
    """The lines of the docstring on where the module comes from."""
    named = {key: value for key, value in facts(pipeline).items() if key not in LEFT_OUT}
    lines = (f"{key.replace('_', ' ')}: {_quotable(value)}" for key, value in named.items())
    return "".join(indent(fill(line, WIDTH, subsequent_indent="    "), "    ") + "\n" for line in lines)


def _lines(names: tuple[str, ...]) -> str:
    """The names as a tuple of Python, on one line where they fit."""
    text = repr(names)
    return text if len(text) < WIDTH else "(\n" + "".join(f"    {name!r},\n" for name in names) + ")"


def _quotable(text: str) -> str:
    """The text as it can stand in a docstring."""
    return " ".join(text.split()).replace("\\", "\\\\").replace('"', "'")
