"""The solution files of the conventions, imported as a student's program would import them."""

import importlib.util
import sys
from pathlib import Path

import backhand

CONVENTIONS = Path(backhand.__file__).parent / "exercises" / "conventions"


def load(convention, file):
    """The module of a file of a convention's solution."""
    return load_from(CONVENTIONS / convention, file)


def load_from(root, file):
    """The module of a file; the siblings that it imports are forgotten, since other conventions have the same names."""
    before = set(sys.modules)
    roots = [str(root), str((root / file).parent)]
    sys.path[:0] = roots
    try:
        spec = importlib.util.spec_from_file_location(Path(file).stem, root / file)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
    finally:
        del sys.path[: len(roots)]
        for name in set(sys.modules) - before:
            if str(root) in str(getattr(sys.modules[name], "__file__", "")):
                del sys.modules[name]
