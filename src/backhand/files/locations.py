"""Where data sets and caches live. There need be no home folder, as under `docker --user`: then there is no cache."""

import os
import warnings
from functools import cache
from pathlib import Path

from backhand.errors import BackhandWarning
from backhand.files.paths import as_path

DATA, CACHE = "BACKHAND_DATA", "BACKHAND_CACHE"


def chosen() -> Path | None:
    """The folder of data sets that BACKHAND_DATA names, if it does."""
    return as_path(os.environ.get(DATA) or None)


def data_dir() -> Path | None:
    """The folder of data sets: BACKHAND_DATA, or the user's data folder; None where the user has no home."""
    return chosen() or _users_own("user_data_dir")


def cache_dir() -> Path | None:
    """The folder of decoded pictures and compiled kernels, safe to delete: BACKHAND_CACHE, or the user's cache folder.

    None where the user has no home; a warning says so, once.
    """
    found = as_path(os.environ.get(CACHE) or None) or _users_own("user_cache_dir")
    if found is None:
        _warn()
    return found


def _users_own(kind: str) -> Path | None:
    import platformdirs

    try:
        found = Path(getattr(platformdirs, kind)("backhand", appauthor=False))
    except (RuntimeError, KeyError, OSError):  # no HOME, and no entry for this user
        return None
    return found if found.is_absolute() else None


@cache
def _warn() -> None:
    warnings.warn(
        "there is no home folder, so nothing is cached: kernels are compiled and pictures decoded in every run; "
        f"name a folder for them with {CACHE}",
        BackhandWarning,
        stacklevel=3,
    )
