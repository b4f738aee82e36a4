"""The answers of a predictor to many samples, as a table that other programs read."""

import csv
import io
from collections.abc import Sequence
from typing import Any

Answers = Sequence[dict[str, Any]]  # as `Predictor.answers` gives them


def as_csv(names: Sequence[str], answers: Answers) -> str:
    """A line for each sample: its name, then its class and the probability of each, or its predicted targets."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["sample", *_flat(answers[0], keys=True)])
    writer.writerows([name, *_flat(answer)] for name, answer in zip(names, answers, strict=True))
    return text.getvalue()


def as_records(names: Sequence[str], answers: Answers) -> list[dict[str, Any]]:
    """A dictionary for each sample: its name, then its answer."""
    return [{"sample": name, **answer} for name, answer in zip(names, answers, strict=True)]


def _flat(answer: dict[str, Any], *, keys: bool = False) -> list[Any]:
    """The values of an answer, or their keys, with those of its dictionaries in their place."""
    flat: list[Any] = []
    for key, value in answer.items():
        if isinstance(value, dict):
            flat += value if keys else value.values()
        else:
            flat.append(key if keys else value)
    return flat
