"""The two ends of a graph: from raw samples to what the network takes, and from its scores to answers."""

import numpy as np
from numpy.typing import DTypeLike

from backhand.arrays import Shape
from backhand.export.onnx.graph import Graph, Value
from backhand.export.pipeline import Pipeline
from backhand.training.losses import ClassificationLoss, RegressionLoss

Output = tuple[str, DTypeLike, Shape]  # its name, its dtype, and its shape without the axis of the batch


def views(graph: Graph, pipeline: Pipeline, samples: str) -> str:
    """The views of all samples, one view after the other along the batch axis; the samples where there is one view."""
    graph.scope = "views"
    shown = []
    for indices in pipeline.view_indices():
        view = samples
        for axis, index in enumerate(indices, start=1):
            if (index != np.arange(len(index))).any():
                view = graph.add("Gather", view, graph.constant("index", index.astype(np.int64)), axis=axis)
        shown.append(view)
    return graph.add("Concat", *shown, axis=0) if shown else samples


def standardised(graph: Graph, pipeline: Pipeline, samples: str) -> Value:
    """(x - mean) scale, in the precision in which `Standardizer.transform` computes it."""
    from onnx import TensorProto

    shape, standardizer = pipeline.sample_shape, pipeline.standardizer
    if standardizer is None:
        return Value(samples, shape)
    graph.scope = "standardize"
    precision = pipeline.precision
    if pipeline.input_dtype != precision:
        samples = graph.add("Cast", samples, to=TensorProto.FLOAT if precision == np.float32 else TensorProto.DOUBLE)
    mean = graph.constant("mean", standardizer.mean.astype(precision))
    scale = graph.constant("scale", standardizer.scale.astype(precision))
    scaled = graph.add("Mul", graph.add("Sub", samples, mean), scale)
    return Value(scaled if precision == np.float32 else graph.add("Cast", scaled, to=TensorProto.FLOAT), shape)


def outputs(graph: Graph, pipeline: Pipeline, scores: str) -> list[Output]:
    """Add the outputs `scores` and, of a predictor, its answers, and return what they are."""
    graph.scope = "answers"
    count = len(pipeline.view_indices())
    if count:
        shape = graph.constant("shape", np.array([count, -1, *pipeline.model.output_shape], np.int64))
        scores = graph.add("ReduceMean", graph.add("Reshape", scores, shape), axes=[0], keepdims=0)
    made: list[Output] = [(graph.add_output("scores", "Identity", scores), np.float32, pipeline.model.output_shape)]
    if isinstance(pipeline.loss, ClassificationLoss):
        answers = _two_classes(graph) if pipeline.loss.binary else _softmax(graph)
        made.append((answers, np.float32, (len(pipeline.classes),)))
    if isinstance(pipeline.loss, RegressionLoss):
        made.append((_predictions(graph, pipeline.loss), np.float64, (len(pipeline.targets),)))
    return made


def _predictions(graph: Graph, loss: RegressionLoss) -> str:
    """center + scale s, in float64: in the units of the targets, float32 may have too few digits."""
    from onnx import TensorProto

    predictions = graph.add("Cast", "scores", to=TensorProto.DOUBLE)
    if len(loss.scale):
        predictions = graph.add("Mul", predictions, graph.constant("scale", np.array(loss.scale, np.float64)))
        predictions = graph.add("Add", predictions, graph.constant("center", np.array(loss.center, np.float64)))
    return graph.add_output("predictions", "Identity", predictions)


def _softmax(graph: Graph) -> str:
    return graph.add_output("probabilities", "Softmax", "scores", axis=1)


def _two_classes(graph: Graph) -> str:
    """[1 - p, p] of one score, with p its sigmoid."""
    p = graph.add("Sigmoid", "scores")
    other = graph.add("Sub", graph.weight("one", np.ones(())), p)
    return graph.add_output("probabilities", "Concat", other, p, axis=1)
