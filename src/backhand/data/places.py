"""Where data sets and decoded images live."""

import os
from pathlib import Path

from backhand.paths import as_path


def chosen() -> Path | None:
    """The folder of data sets that BACKHAND_DATA names, if it does."""
    given = os.environ.get("BACKHAND_DATA")
    return as_path(given) if given else None


def data_dir() -> Path:
    """The folder of data sets: BACKHAND_DATA, or the user's data folder."""
    if given := chosen():
        return given
    from platformdirs import user_data_path

    return user_data_path("backhand", appauthor=False)


def cache_dir() -> Path:
    """The folder of decoded images, safe to delete: BACKHAND_CACHE, or the user's cache folder."""
    if given := os.environ.get("BACKHAND_CACHE"):
        return as_path(given)
    from platformdirs import user_cache_path

    return user_cache_path("backhand", appauthor=False)
