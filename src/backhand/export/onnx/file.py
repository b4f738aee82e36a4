"""A whole ONNX file: raw samples in, scores and probabilities out, and in its metadata where it comes from."""

from typing import Any

import numpy as np

import backhand
from backhand.export.facts import facts
from backhand.export.folding import folded
from backhand.export.onnx.graph import Graph, Value
from backhand.export.onnx.layers import add_layers
from backhand.export.onnx.verify import verify
from backhand.export.pipeline import Exported, Pipeline
from backhand.extras import EXPORT

OPSET, IR_VERSION = 17, 8  # of 2022: every runtime since then reads them
SAMPLES, SCORES, PROBABILITIES = "samples", "scores", "probabilities"


def onnx_file(exported: Exported, *, fold_batchnorm: bool = False) -> bytes:
    """The content of an ONNX file that computes what the predictor or the model does, verified with ONNX Runtime.

    The input `samples` takes raw samples (N, *sample_shape) as the predictor does; a bare model takes float32 samples
    that are scaled already. The outputs are `scores` (N, outputs) and, of a classifier, `probabilities` (N, K).
    fold_batchnorm: whether batch normalisation becomes part of the convolution or linear layer before it.
    Raises MissingExtraError without the packages `onnx` and `onnxruntime`, ModelError naming a layer that ONNX has no
    counterpart for, and BackhandError where ONNX Runtime differs beyond rounding.
    """
    EXPORT.require("an export to ONNX")
    pipeline = Pipeline.of(exported)
    content = _content(pipeline, fold_batchnorm)
    verify(content, pipeline)
    return content


def _content(pipeline: Pipeline, fold_batchnorm: bool) -> bytes:
    import onnx
    from onnx import helper

    graph, model = Graph(), folded(pipeline.model) if fold_batchnorm else pipeline.model
    views = _views(graph, pipeline)
    scores = graph.last(add_layers(graph, model.named(), _standardised(graph, pipeline, views)))
    graph.scope = ""
    outputs = [_mean_over_views(graph, pipeline, scores.name)]
    outputs += [_probabilities(graph, outputs[0])] if pipeline.loss is not None and not pipeline.loss.binary else []
    outputs += [_two_classes(graph, outputs[0])] if pipeline.loss is not None and pipeline.loss.binary else []
    shapes = [pipeline.model.output_shape, (len(pipeline.classes),)]
    made = helper.make_graph(
        graph.nodes,
        pipeline.provenance.name or "backhand",
        [_info(SAMPLES, pipeline.input_dtype, pipeline.sample_shape)],
        [_info(name, np.float32, shape) for name, shape in zip(outputs, shapes, strict=False)],
        graph.constants,
        doc_string=f"{SAMPLES}: {pipeline.input_text}",
    )
    whole = helper.make_model(
        made,
        producer_name="backhand",
        producer_version=backhand.__version__,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    helper.set_model_props(whole, facts(pipeline))
    onnx.checker.check_model(whole, full_check=True)
    return whole.SerializeToString(deterministic=True)


def _info(name: str, dtype: Any, shape: tuple[int, ...]) -> Any:
    """The declaration of an input or an output, whose batch axis has any length."""
    from onnx import helper

    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), ["N", *shape])


def _views(graph: Graph, pipeline: Pipeline) -> str:
    """The views of all samples, one view after the other along the batch axis; the samples where there is one view."""
    graph.scope = "views"
    views = []
    for indices in pipeline.view_indices():
        view = SAMPLES
        for axis, index in enumerate(indices, start=1):
            if (index != np.arange(len(index))).any():
                view = graph.add("Gather", view, graph.constant("index", index.astype(np.int64)), axis=axis)
        views.append(view)
    return graph.add("Concat", *views, axis=0) if views else SAMPLES


def _standardised(graph: Graph, pipeline: Pipeline, samples: str) -> Value:
    """(x - mean) scale, in float32 for images and in float64 for rows, as `Standardizer.transform` computes it."""
    from onnx import TensorProto

    shape, standardizer = pipeline.sample_shape, pipeline.standardizer
    if standardizer is None:
        return Value(samples, shape)
    graph.scope = "standardize"
    precision = np.float32 if len(shape) == 3 else np.float64
    if pipeline.input_dtype != precision:
        samples = graph.add("Cast", samples, to=TensorProto.FLOAT)
    mean = graph.constant("mean", standardizer.mean.astype(precision))
    scale = graph.constant("scale", standardizer.scale.astype(precision))
    scaled = graph.add("Mul", graph.add("Sub", samples, mean), scale)
    return Value(scaled if precision == np.float32 else graph.add("Cast", scaled, to=TensorProto.FLOAT), shape)


def _mean_over_views(graph: Graph, pipeline: Pipeline, scores: str) -> str:
    count = len(pipeline.view_indices())
    if count:
        shape = graph.constant("shape", np.array([count, -1, *pipeline.model.output_shape], np.int64))
        scores = graph.add("ReduceMean", graph.add("Reshape", scores, shape), axes=[0], keepdims=0)
    return graph.add_output(SCORES, "Identity", scores)


def _probabilities(graph: Graph, scores: str) -> str:
    return graph.add_output(PROBABILITIES, "Softmax", scores, axis=1)


def _two_classes(graph: Graph, scores: str) -> str:
    """[1 - p, p] of one score, with p its sigmoid."""
    p = graph.add("Sigmoid", scores)
    other = graph.add("Sub", graph.weight("one", np.ones(())), p)
    return graph.add_output(PROBABILITIES, "Concat", other, p, axis=1)
