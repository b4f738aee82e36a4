"""The defaults of a regression, which differ from those of a study with classes."""

from typing import Any

from backhand.data.registry import DATASETS

# The gradient of a squared error has no bound, and the default rate of SGD throws a network far out.
REGRESSION = {"loss": "squared_error", "optimizer": {"kind": "adam"}}
SEARCHED = "validation_rmse"  # what the trials of a search are compared by


def defaults_of(tables: Any) -> dict[str, Any]:
    """The tables of a study that these tables, not validated yet, begin with; empty for a study with classes."""
    data = tables.get("data") if isinstance(tables, dict) else None
    if not isinstance(data, dict):
        return {}
    entry = DATASETS.get(str(data.get("name")))
    has_target = data.get("target") is not None or (entry is not None and entry.is_regression)
    if not has_target:
        return {}
    return {"train": REGRESSION} | ({"search": {"monitor": SEARCHED}} if "search" in tables else {})
