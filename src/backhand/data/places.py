"""Where data sets and decoded images live."""

import os
from pathlib import Path


def data_dir() -> Path:
    """The folder of data sets: BACKHAND_DATA, or the user's data folder."""
    if given := os.environ.get("BACKHAND_DATA"):
        return Path(given)
    from platformdirs import user_data_path

    return user_data_path("backhand", appauthor=False)


def cache_dir() -> Path:
    """The folder of decoded images, safe to delete: BACKHAND_CACHE, or the user's cache folder."""
    if given := os.environ.get("BACKHAND_CACHE"):
        return Path(given)
    from platformdirs import user_cache_path

    return user_cache_path("backhand", appauthor=False)
