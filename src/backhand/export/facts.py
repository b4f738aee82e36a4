"""What an exported file says of itself."""

import backhand
from backhand.export.pipeline import Pipeline
from backhand.files import jsontext
from backhand.training.losses import ClassificationLoss
from backhand.training.metrics import key_of


def facts(pipeline: Pipeline) -> dict[str, str]:
    """Input, classes or targets, data, training and test result by name, as far as they are known."""
    known, loss = pipeline.provenance, pipeline.loss
    named = {
        "backhand": backhand.__version__,
        "input": pipeline.input_text,
        "classes": jsontext.dumps(list(pipeline.classes)) if pipeline.classes else "",
        "targets": jsontext.dumps(list(pipeline.targets)) if pipeline.targets else "",
        "features": jsontext.dumps(list(pipeline.features)) if pipeline.features else "",
        "probabilities": loss.confidence if isinstance(loss, ClassificationLoss) else "",
        "remarks": " ".join(pipeline.remarks),
        "study": known.name,
        "title": known.title,
    }
    if known.data:
        named |= {"data": known.data.title or known.data.name, "data_source": known.data.source}
        named |= {"data_sha256": known.data.sha256}
    if known.training:
        named |= {"training": known.training.recipe, "trained": known.training.started}
    for figure in known.test.figures if known.test else ():
        named[f"test_{key_of(figure.name)}"] = str(figure)
    return {key: value for key, value in named.items() if value}
