"""The answers of a predictor to many samples, as a table that other programs read."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from backhand.arrays import Array
from backhand.predictors.classifier import Classifier
from backhand.predictors.predictor import Predictor
from backhand.predictors.regressor import Regressor


def as_csv(predictor: Predictor, names: Sequence[str], samples: Array) -> str:
    """A line for each sample: its name, then its class and the probability of each, or its predicted targets.

    Raises DataError as `Predictor.checked_scores` does.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if isinstance(predictor, Regressor):
        writer.writerow(["sample", *predictor.targets])
        values = predictor.predict(samples).tolist()
        writer.writerows([name, *row] for name, row in zip(names, values, strict=True))
        return text.getvalue()
    assert isinstance(predictor, Classifier)
    writer.writerow(["sample", "class", *predictor.classes])
    probabilities = predictor.predict_proba(samples)
    chosen = [predictor.classes[k] for k in probabilities.argmax(1).tolist()]
    rows = zip(names, chosen, probabilities.tolist(), strict=True)
    writer.writerows([name, label, *row] for name, label, row in rows)
    return text.getvalue()


def as_records(predictor: Predictor, names: Sequence[str], samples: Array) -> list[dict[str, Any]]:
    """A dictionary for each sample: its name, then its class and the probability of each, or its predicted targets.

    Raises DataError as `Predictor.checked_scores` does.
    """
    if isinstance(predictor, Regressor):
        values = predictor.predict(samples).tolist()
        rows = zip(names, values, strict=True)
        return [{"sample": name, "targets": dict(zip(predictor.targets, row, strict=True))} for name, row in rows]
    assert isinstance(predictor, Classifier)
    probabilities = [
        dict(zip(predictor.classes, row, strict=True)) for row in predictor.predict_proba(samples).tolist()
    ]
    return [
        {"sample": name, "class": max(row, key=row.__getitem__), "probabilities": row}
        for name, row in zip(names, probabilities, strict=True)
    ]
