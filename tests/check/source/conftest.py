"""Loading takes over its process; the tests give it back as it was."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from backhand.check.source import gone, load
from backhand.check.source.program import Program

GIVEN = [(np, gone.MISSING), *gone.MOVED.items()]


@pytest.fixture(autouse=True)
def process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The working directory, arguments, path, environment, modules and patched names, as they were before the test."""
    folder, environment, modules = Path.cwd(), dict(os.environ), set(sys.modules)
    names = [(module, name) for module, given in GIVEN for name in given if not gone.has_name(module, name)]
    monkeypatch.setattr(sys, "argv", sys.argv)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "layers", raising=False)  # that of a test in another room
    yield
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for name in set(sys.modules) - modules:
        if getattr(sys.modules[name], "__spec__", None) is None:  # a file of the test, not a library
            del sys.modules[name]
    for module, name in names:
        vars(module).pop(name, None)
    if torch := sys.modules.get("torch"):
        torch.set_default_dtype(torch.float32)
        torch.set_grad_enabled(True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An empty folder at the top of a repository, so that nothing above it is searched."""
    folder = tmp_path / "project"
    (folder / ".git").mkdir(parents=True)
    return folder


@pytest.fixture
def load_text(project: Path) -> Callable[..., Program]:
    """Load a file with this text; further files beside it by `others`, whose keys are their paths."""

    def write_and_load(text: str, others: dict[str, str] | None = None, name: str = "layers.py", **options) -> Program:
        for path, content in {**(others or {}), name: text}.items():
            file = project / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, "utf-8")
        return load(project / name, **options)

    return write_and_load
