"""Whether ONNX Runtime computes what Backhand does: nothing is written before that is certain."""

from collections.abc import Sequence

import numpy as np

from backhand.arrays import Array
from backhand.errors import BackhandError
from backhand.export.pipeline import Pipeline

TOLERANCE = 1e-5  # of the largest score
BATCHES = 1, 6  # the axis of the batch must take any length


def verify(content: bytes, pipeline: Pipeline, seed: int = 0) -> float:
    """The largest difference between ONNX Runtime and Backhand on random samples, relative to the largest score.

    Raises BackhandError where it is beyond rounding, where Backhand's own scores are not finite, or where ONNX Runtime
    cannot run the graph.
    """
    import onnxruntime

    rng = np.random.default_rng(seed)
    samples = [pipeline.random_samples(count, rng) for count in BATCHES]
    ours = [pipeline.scores(x) for x in samples]
    if not all(np.isfinite(scores).all() for scores in ours):
        raise BackhandError(
            "the scores of random samples are not finite, so that nothing can be compared; train the model again, in "
            "smaller steps"
        )
    theirs = _outputs(content, samples)
    worst = float(np.max([_difference(*pair, pipeline) for pair in zip(theirs, ours, strict=True)]))
    if not worst <= TOLERANCE:
        raise BackhandError(
            f"ONNX Runtime {onnxruntime.__version__} differs from Backhand by {worst:.1e} of the largest score, which "
            f"is beyond rounding ({TOLERANCE:g}); the file would answer otherwise, so nothing was written"
        )
    return worst


def _outputs(content: bytes, samples: Sequence[Array]) -> list[list[Array]]:
    """All outputs of the graph for each batch of samples, by ONNX Runtime."""
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what goes wrong is in the exception
    failures = tuple(kind for kind in vars(state).values() if isinstance(kind, type) and issubclass(kind, Exception))
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        name = session.get_inputs()[0].name
        return [session.run(None, {name: x}) for x in samples]
    except failures as error:
        reason = " ".join(str(error).split())
        raise BackhandError(f"ONNX Runtime {onnxruntime.__version__} cannot run the graph: {reason}") from error


def _difference(outputs: list[Array], scores: Array, pipeline: Pipeline) -> float:
    """Of the scores, relative to the largest, or of the answers from those that their scores give; NaN stays NaN."""
    largest = float(np.abs(scores).max(initial=0.0)) or 1.0
    differences = [np.abs(outputs[0] - scores).max(initial=0.0) / largest]
    if pipeline.answer:
        expected = pipeline.answers(outputs[0])
        size = max(1.0, float(np.abs(expected).max(initial=0.0)))
        differences.append(np.abs(outputs[1] - expected).max(initial=0.0) / size)
    return float(np.max(differences))
