"""The front matter of a model card: YAML that the Hugging Face Hub reads.

Source: https://huggingface.co/docs/hub/model-cards. The values are written as JSON, which is YAML.
"""

from collections.abc import Sequence
from typing import Any

from backhand.export.pipeline import Pipeline
from backhand.files import jsontext
from backhand.predictors.provenance import Provenance
from backhand.training.metrics import key_of

TAGS = {"onnx": "onnx", "torch": "pytorch", "model": "safetensors"}
HUB = {"r2": "r_squared"}  # the metrics that have another name there
LICENCE = "# license: mit  # choose one, and remove the first #: https://huggingface.co/docs/hub/repositories-licenses"


def front_matter(pipeline: Pipeline, forms: Sequence[str]) -> str:
    """The front matter with its fences. The licence is left to the person who publishes the model."""
    values: dict[str, Any] = {"library_name": "backhand"}
    if task := _task(pipeline):
        values["pipeline_tag"] = task
    values["tags"] = ["backhand", *(TAGS[form] for form in forms)]
    if pipeline.provenance.test is not None:
        types = [_type(figure.name) for figure in pipeline.provenance.test.figures if figure.name != "loss"]
        values["metrics"] = ["accuracy"] if pipeline.classes else list(dict.fromkeys(types))
        values["model-index"] = [_result(pipeline, pipeline.provenance)]
    lines = (f"{key}: {jsontext.dumps(value)}" for key, value in values.items())
    return "\n".join(("---", *lines, LICENCE, "---"))


def _task(pipeline: Pipeline) -> str:
    """The task as the Hub names it; "" where it has no name for it."""
    images = len(pipeline.sample_shape) == 3
    if pipeline.classes:
        return "image-classification" if images else "tabular-classification"
    return "tabular-regression" if pipeline.targets and not images else ""


def _type(name: str) -> str:
    """The metric as the Hub names it, without the target whose figure it is: "R² of price" -> "r_squared"."""
    key = key_of(name.partition(" of ")[0])
    return HUB.get(key, key)


def _result(pipeline: Pipeline, known: Provenance) -> dict[str, Any]:
    """The test result as the Hub shows it beside the model."""
    data, test = known.data, known.test
    name = (data.title or data.name) if data else known.name
    figures = [
        {
            "type": _type(figure.name),
            "name": f"Test {figure.name}",
            "value": figure.value,
        }
        for figure in (test.figures if test else ())
    ]
    dataset = {"name": name, "type": data.name if data else known.name, "split": "test"}
    return {
        "name": known.name,
        "results": [{"task": {"type": _task(pipeline) or "other"}, "dataset": dataset, "metrics": figures}],
    }
