"""The folders of data sets and caches. Without a home folder, as under `docker --user`, there is no cache."""

import os
import warnings
from functools import cache
from pathlib import Path

from backhand.errors import BackhandWarning
from backhand.files.paths import as_path

DATA, CACHE = "BACKHAND_DATA", "BACKHAND_CACHE"


def data_dir_of_environment() -> Path | None:
    """The folder of data sets that BACKHAND_DATA names; None where it is not set."""
    return as_path(os.environ.get(DATA) or None)


def data_dir() -> Path | None:
    """The folder of data sets: BACKHAND_DATA, or the user's data folder; None where the user has no home folder."""
    return data_dir_of_environment() or _user_dir("user_data_dir")


def cache_dir() -> Path | None:
    """The folder of decoded pictures and compiled kernels, safe to delete: BACKHAND_CACHE, or the user's cache folder.

    None where the user has no home folder; a BackhandWarning says so, once per process.
    """
    folder = as_path(os.environ.get(CACHE) or None) or _user_dir("user_cache_dir")
    if folder is None:
        _warn_of_no_cache()
    return folder


def _user_dir(kind: str) -> Path | None:
    """One of the user's folders, by the name of its function in `platformdirs`; None without a home folder."""
    import platformdirs

    try:
        folder = Path(getattr(platformdirs, kind)("backhand", appauthor=False))
    except (RuntimeError, KeyError, OSError):  # no HOME, and no entry for this user
        return None
    return folder if folder.is_absolute() else None


@cache
def _warn_of_no_cache() -> None:
    warnings.warn(
        "there is no home folder, so nothing is cached: every run compiles kernels and decodes pictures anew; "
        f"set {CACHE} to a folder for them",
        BackhandWarning,
        stacklevel=3,
    )
