"""Searches that an earlier version began, where their results differ from those of now."""

import warnings
from pathlib import Path

from backhand.errors import BackhandWarning
from backhand.experiments.search.record import SearchRecord


def warn_of_ignored_keys(folder: Path, record: SearchRecord) -> None:
    """Warn where the trials of an earlier version ignored keys that come before their table in the space.

    `"train.optimizer.lr"` before `"train.optimizer"` is an example: the table then replaced the rate of the trial.
    """
    keys = list(record.search.space)
    ignored = [key for number, key in enumerate(keys) if any(key.startswith(f"{table}.") for table in keys[number:])]
    if ignored and record.trials and "version" not in record.model_fields_set:
        warnings.warn(
            f"{folder} was begun by a version whose trials ignored {' and '.join(ignored)}, which the space has before "
            f"the whole table. Trials from now on use the values of these keys, so that old and new trials cannot be "
            f"compared; start a new search",
            BackhandWarning,
            stacklevel=2,
        )
