"""Where the derivation pages lie: of this installation, and of the plugins that add ops."""

from importlib import import_module
from importlib.resources import files
from pathlib import Path

import backhand
from backhand.backend import OPS

FOLDER = "derivations"  # in the package, in docs of a checkout, and in the package of a plugin
DOCS = f"docs/{FOLDER}"


def page_file(page: str) -> Path | None:
    """The file of a page of docs/derivations, such as "linear.md"; None where it is not installed."""
    package = Path(backhand.__file__).parent
    candidates = package / FOLDER / page, package.parents[1] / DOCS / page
    return next((file for file in candidates if page and file.is_file()), None)


def derivation(op: str) -> Path | None:
    """The page that derives an op: that of a plugin is derivations/NAME.md in its package. None where there is none.

    Raises PluginError for the op of a plugin that cannot be used.
    """
    if op not in OPS:
        return page_file(f"{op}.md")
    package = import_module(OPS.load(op).__name__.partition(".")[0])
    if not hasattr(package, "__path__"):
        return None  # a single module, beside which no page is installed
    file = files(package).joinpath(FOLDER, f"{op}.md")
    return Path(str(file)) if file.is_file() else None
