"""Modules and built-in functions of Python 2 that have another name today."""

import builtins
import functools
import importlib
import itertools
import pickle
from types import ModuleType
from typing import Any

import numpy as np

from backhand.check.source.stubs import Stub

RENAMED = {
    "cPickle": "pickle",
    "Queue": "queue",
    "StringIO": "io",
    "cStringIO": "io",
    "urllib2": "urllib.request",
    "ConfigParser": "configparser",
    "__builtin__": "builtins",
}
# Built-in names of Python 2. A file of today that uses one of them works with it as well.
BUILTINS: dict[str, Any] = {
    "xrange": range,
    "raw_input": input,
    "unicode": str,
    "long": int,
    "basestring": str,
    "unichr": chr,
    "reduce": functools.reduce,
    "cPickle": pickle,
    "reload": lambda module: module,
    "cmp": lambda first, second: (first > second) - (first < second),
}


def _as_list(function: Any) -> Any:
    return lambda *arguments: list(function(*arguments))


# What returned a list in Python 2, for files that only Python 2 reads.
LISTS: dict[str, Any] = {name: _as_list(getattr(builtins, name)) for name in ("map", "filter", "zip", "range")}
# Packages that make one file run under both, and what files import from them.
BRIDGES = ("past.builtins", "six.moves", "future.builtins", "imp")
EXTRA = {"izip": zip, "imap": map, "ifilter": filter, "zip_longest": itertools.zip_longest}


def numpy_as(name: str) -> ModuleType:
    """NumPy under the name of cupy, which has the same functions for graphics processors."""
    module = ModuleType(name)
    module.__dict__.update(vars(np))
    module.__dict__.update(asnumpy=np.asarray, get_array_module=lambda *_: np, cuda=Stub("cuda"))
    return module


def renamed_module(name: str) -> ModuleType | None:
    """Today's module for one of Python 2, or a small one in place of the bridges between the two; None for others."""
    if name in RENAMED:
        return importlib.import_module(RENAMED[name])
    if name in BRIDGES:
        module = ModuleType(name)
        module.__dict__.update({**vars(builtins), **BUILTINS, **EXTRA})
        return module
    return None
