"""The solution files of the conventions, imported as a student's program would import them."""

import importlib.util
import sys
from pathlib import Path

import backhand

CONVENTIONS = Path(backhand.__file__).parent / "exercises" / "conventions"


def load(convention, file):
    """The module of a file; the siblings that it imports are forgotten, since other conventions have the same names."""
    folder = (CONVENTIONS / convention / file).parent
    roots = [str(CONVENTIONS / convention), str(folder)]
    before = set(sys.modules)
    sys.path[:0] = roots
    try:
        spec = importlib.util.spec_from_file_location(Path(file).stem, CONVENTIONS / convention / file)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
    finally:
        del sys.path[: len(roots)]
        for name in set(sys.modules) - before:
            if str(CONVENTIONS) in str(getattr(sys.modules[name], "__file__", "")):
                del sys.modules[name]
