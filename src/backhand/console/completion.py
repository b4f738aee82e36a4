"""What the shell proposes while a person types: studies that ship, and folders of experiments."""

from collections.abc import Iterator
from contextlib import suppress
from importlib.resources import files
from pathlib import Path

from backhand.files.names import ENVIRONMENT
from backhand.plugins import installed

RUNS = "runs"  # where experiments are unless --out names another folder
SUFFIX = ".toml"


def studies(incomplete: str) -> list[str]:
    """The names of the studies and series that ship and of those that plugins add, as far as they begin so."""
    shipped = (file.name.removesuffix(SUFFIX) for file in files("backhand").joinpath("studies").iterdir())
    added = (plugin.name for plugin in installed().get("backhand.studies", ()))
    return sorted(name for name in {*shipped, *added} if name.startswith(incomplete))


def folders(incomplete: str) -> list[str]:
    """The folders of experiments whose path begins so; those here and in `runs` while nothing is typed yet."""
    typed = Path(incomplete) if incomplete.endswith(("/", "\\")) else Path(incomplete).parent
    parents = {typed} if incomplete else {typed, Path(RUNS)}
    return sorted(path for parent in parents for path in _experiments(parent) if path.startswith(incomplete))


def studies_and_folders(incomplete: str) -> list[str]:
    """Both, for what takes either."""
    return [*studies(incomplete), *folders(incomplete)]


def _experiments(parent: Path) -> Iterator[str]:
    with suppress(OSError):  # a folder that is not there, or cannot be read, has none
        yield from (str(path) for path in parent.iterdir() if (path / ENVIRONMENT).is_file())
