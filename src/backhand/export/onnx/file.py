"""A whole ONNX file: raw samples in, scores and probabilities out, and in its metadata where it comes from."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

import backhand
from backhand.arrays import Shape
from backhand.errors import ModelError
from backhand.export.facts import facts
from backhand.export.folding import folded
from backhand.export.onnx import ends
from backhand.export.onnx.graph import Graph
from backhand.export.onnx.layers import add_layers
from backhand.export.onnx.verify import verify
from backhand.export.pipeline import Exported, Pipeline
from backhand.extras import EXPORT
from backhand.model.sequential import Sequential

OPSET, IR_VERSION = 17, 8  # of 2022: every runtime since then reads them
SAMPLES = "samples"


def onnx_file(exported: Exported, *, fold_batchnorm: bool = False) -> bytes:
    """The content of an ONNX file that computes what the predictor or the model does, verified with ONNX Runtime.

    The input `samples` takes raw samples (N, *sample_shape) as the predictor does; a bare model takes float32 samples
    that are scaled already. The outputs are `scores` (N, outputs) and, of a classifier,
    `probabilities` (N, K), of a regression `predictions` (N, T).
    fold_batchnorm: whether batch normalisation becomes part of the convolution or linear layer before it.
    Raises MissingExtraError without the packages `onnx` and `onnxruntime`, ModelError naming a layer that ONNX has no
    counterpart for or whose graph is not valid, and BackhandError where ONNX Runtime differs beyond rounding.
    """
    EXPORT.require("an export to ONNX")
    pipeline = Pipeline.of(exported)
    content = _content(pipeline, fold_batchnorm)
    verify(content, pipeline)
    return content


def _content(pipeline: Pipeline, fold_batchnorm: bool) -> bytes:
    """The bytes of the model that ONNX defines around a graph."""
    import onnx
    from onnx import helper

    model = helper.make_model(
        _graph(pipeline, folded(pipeline.model) if fold_batchnorm else pipeline.model),
        producer_name="backhand",
        producer_version=backhand.__version__,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    helper.set_model_props(model, facts(pipeline))
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        reason = " ".join(str(error).split())
        raise ModelError(f"the graph is not valid ONNX: {reason}; report it, or export another form") from error
    return model.SerializeToString(deterministic=True)


def _graph(pipeline: Pipeline, model: Sequential) -> Any:
    """The graph from raw samples to answers."""
    from onnx import helper

    graph = Graph()
    value = ends.standardised(graph, pipeline, ends.views(graph, pipeline, SAMPLES))
    value = graph.last(add_layers(graph, model.named(), value))
    outputs = ends.outputs(graph, pipeline, value.name)
    return helper.make_graph(
        graph.nodes,
        pipeline.provenance.name or "backhand",
        [_declared(SAMPLES, pipeline.input_dtype, pipeline.sample_shape)],
        [_declared(*output) for output in outputs],
        graph.constants,
        doc_string=f"{SAMPLES}: {pipeline.input_text}",
    )


def _declared(name: str, dtype: DTypeLike, shape: Shape) -> Any:
    """The declaration of an input or an output, whose batch axis has any length."""
    from onnx import helper

    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), ["N", *shape])
