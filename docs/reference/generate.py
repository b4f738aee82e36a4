"""Writes the pages of this folder from the signatures and docstrings of the public names.

    make reference          or          python docs/reference/generate.py

With `--check` it writes nothing, names the pages that are not current, and fails if there are any. Griffe reads the
source without running it. What a page looks like is in `templates/`, what it says of a name is decided in `entries.py`,
and how a docstring becomes Markdown in `prose.py`.
"""

import re
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from typing import NamedTuple

import griffe
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from entries import Reader, public_names

FOLDER = Path(__file__).parent
SOURCE = FOLDER.parents[1] / "src"


class Page(NamedTuple):
    """A page's title, and the modules whose public names it documents, packages with all that they hold.

    Of several that fit, the longest counts. The docstring of the first one begins the page.
    """

    title: str
    modules: tuple[str, ...]


PAGES = {
    "model": Page("Models", ("backhand.model",)),
    "layers": Page("Layers", ("backhand.layers",)),
    "architectures": Page("Architectures", ("backhand.architectures",)),
    "losses": Page("Losses and the penalty", ("backhand.training.losses", "backhand.training.penalty")),
    "optimizers": Page("Optimisers", ("backhand.training.optimizers",)),
    "schedules": Page("Schedules", ("backhand.training.schedules",)),
    "solver": Page("Solver and callbacks", ("backhand.training",)),
    "loggers": Page("Loggers", ("backhand.loggers",)),
    "data": Page("Data", ("backhand.data",)),
    "attribution": Page("Attribution", ("backhand.attribution",)),
    "check": Page("Gradient checks", ("backhand.check.gradients", "backhand.check")),
    "weights": Page("Weights", ("backhand.weights",)),
    "estimators": Page("Estimators", ("backhand.estimators",)),
    "predictors": Page("Predictors", ("backhand.predictors",)),
    "export": Page("Exports", ("backhand.export",)),
    "experiments": Page("Studies and runs", ("backhand.experiments", "backhand.study")),
    "backend": Page("Backends and precision", ("backhand.backend", "backhand.precision")),
    "errors": Page("Errors", ("backhand.errors",)),
    "ops": Page("Operations", ("backhand.ops",)),
}


def page_of(path: str) -> str:
    """The page that documents what is at this dotted path. Exits, naming it, where there is none."""
    beginnings = [(module, key) for key, page in PAGES.items() for module in page.modules]
    fitting = [(len(module), key) for module, key in beginnings if f"{path}.".startswith(f"{module}.")]
    if not fitting:
        sys.exit(f"no page is for {path}; add its module to PAGES in {Path(__file__).name}")
    return max(fitting)[1]


class Name(NamedTuple):
    """A public name, the heading that it has on its page, and the dotted path of what it is."""

    name: str
    heading: str
    path: str


def documented(finder: Reader) -> dict[str, list[Name]]:
    """The names of each page: those exported, the bases of others first, and then the classes that functions return."""
    exported = public_names()
    bases = Counter(base for path in exported.values() for base in finder.bases(path))
    names: dict[str, list[Name]] = {key: [] for key in PAGES}
    for name in sorted(exported, key=lambda name: bases[finder.find(exported[name]).canonical_path] < 3):
        names[page_of(exported[name])].append(Name(name, name, exported[name]))
    known = {finder.find(path).canonical_path for path in exported.values()}
    for path in exported.values():
        page = names[page_of(path)]
        for name, returned in finder.returned(path):
            if returned not in known:
                known.add(returned)
                twin = any(name.lower() == each.name.lower() for each in page)  # whose heading has the same address
                page.append(Name(name, f"{name} (class)" if twin else name, returned))
    return names


def addresses(names: dict[str, list[Name]]) -> dict[str, str]:
    """Where each name is documented. A bare word, such as `load`, is more often a method or an argument: `bh.load`."""
    return {
        f"bh.{each.name}" if re.fullmatch("[a-z]+", each.name) else each.name: f"{key}.md#{slug(each.heading)}"
        for key, page in names.items()
        for each in page
    }


def slug(heading: str) -> str:
    """The address of a heading, as code hosts make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@cache
def source() -> griffe.Module:
    """The package as it is written, parsed and not imported."""
    return griffe.load("backhand", search_paths=[SOURCE], allow_inspection=False)


def texts() -> dict[str, str]:
    """The text of every page, by file name."""
    package = source()
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"slug": slug, "cell": lambda text: text.replace("|", r"\|")}
    names = documented(Reader(package, {}))
    reader = Reader(package, addresses(names))
    entries = {key: [reader.entry(*each) for each in page] for key, page in names.items()}
    entries["ops"] = [reader.op(name) for name in sorted(package["ops"].modules)]
    page, index = environment.get_template("page.md.j2"), environment.get_template("README.md.j2")
    pages = {
        f"{key}.md": page.render(title=PAGES[key].title, about=reader.about(PAGES[key].modules[0]), entries=of_page)
        for key, of_page in entries.items()
    }
    return pages | {"README.md": index.render(pages=PAGES, entries=entries, types=reader.types())}


def main(arguments: list[str]) -> None:
    """Write the pages, or with `--check` compare them."""
    pages = texts()
    present = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.md")}
    stale = [name for name, text in pages.items() if present.get(name) != text]
    stray = sorted(present.keys() - pages.keys())
    if "--check" in arguments:
        if stale or stray:
            sys.exit(f"not current: {', '.join([*stale, *stray])}; run `make reference`")
        print("all pages are current")
        return
    for name in stray:
        (FOLDER / name).unlink()
    for name in stale:
        (FOLDER / name).write_text(pages[name], "utf-8", newline="\n")
    print(f"{len(stale)} of {len(pages)} pages in {FOLDER.name} were written anew")


if __name__ == "__main__":
    main(sys.argv[1:])
