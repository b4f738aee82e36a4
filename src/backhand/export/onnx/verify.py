"""Whether ONNX Runtime computes what Backhand does: nothing is written before that is certain."""

import numpy as np

from backhand.arrays import Array
from backhand.errors import BackhandError
from backhand.export.pipeline import Pipeline

TOLERANCE = 1e-5  # of the largest score
BATCHES = 1, 6  # the axis of the batch must take any length


def verify(content: bytes, pipeline: Pipeline, seed: int = 0) -> float:
    """The largest difference between ONNX Runtime and Backhand on random samples, relative to the largest score.

    Raises BackhandError where it is beyond rounding, or where ONNX Runtime cannot run the graph.
    """
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what goes wrong is in the exception
    rng = np.random.default_rng(seed)
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        name = session.get_inputs()[0].name
        samples = [pipeline.random_samples(count, rng) for count in BATCHES]
        theirs = [session.run(None, {name: x}) for x in samples]
    except (
        state.Fail,
        state.InvalidArgument,
        state.InvalidGraph,
        state.NotImplemented,
        state.RuntimeException,
    ) as error:
        reason = " ".join(str(error).split())
        raise BackhandError(f"ONNX Runtime {onnxruntime.__version__} cannot run the graph: {reason}") from error
    worst = max(_difference(out, pipeline.scores(x), pipeline) for out, x in zip(theirs, samples, strict=True))
    if not worst <= TOLERANCE:
        raise BackhandError(
            f"ONNX Runtime {onnxruntime.__version__} differs from Backhand by {worst:.1e} of the largest score, which "
            f"is beyond rounding ({TOLERANCE:g}); the file would answer otherwise, so nothing was written"
        )
    return worst


def _difference(outputs: list[Array], scores: Array, pipeline: Pipeline) -> float:
    """Of the scores, relative to the largest, or of the answers from those that their scores give."""
    largest = float(np.abs(scores).max(initial=0.0)) or 1.0
    differences = [float(np.abs(outputs[0] - scores).max(initial=0.0)) / largest]
    if pipeline.answer:
        expected = pipeline.answers(outputs[0])
        size = max(1.0, float(np.abs(expected).max(initial=0.0)))
        differences.append(float(np.abs(outputs[1] - expected).max(initial=0.0)) / size)
    return max(differences)
