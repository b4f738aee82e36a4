"""What a page says of a name: its signature, its docstring, and the methods that people call."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import griffe

import backhand
from prose import first_sentence, inline, markdown

DERIVATIONS = Path(__file__).parents[1] / "derivations"
WIDTH = 100  # of a signature on one line
BETWEEN_PARAMETERS = re.compile(r", (?=\*{0,2}\w+(?::|=)|[*/],)")
HELD = {"class-attribute", "instance-attribute"}  # declared in the class, held by each object
COMMENT = re.compile(r"  # (.*)")


@dataclass(frozen=True)
class Member:
    """A method, a property, or a function of an operation's module."""

    name: str
    signature: str
    text: str


@dataclass(frozen=True)
class Entry:
    """A class, a function, or an operation's module; all but the signatures is Markdown."""

    name: str
    heading: str
    summary: str
    text: str
    facts: tuple[str, ...]  # where it is defined and derived, what it is based on
    signature: str = ""
    fields: tuple[str, ...] = ()  # what its objects hold, as far as the signature does not say it
    members: tuple[Member, ...] = ()
    overridden: tuple[tuple[str, str], ...] = ()  # methods of a documented base that have little to say here


class Reader:
    """Turns what Griffe found into entries. links: documented name -> page and heading."""

    def __init__(self, package: griffe.Module, links: Mapping[str, str]) -> None:
        self.package, self.links = package, links
        self.met: set[str] = set()  # the package's names in the signatures that were written

    def find(self, path: str) -> Any:
        """The class, function or module at a dotted path that begins with `backhand`, wherever it is defined."""
        found = self.package[path.removeprefix(f"{self.package.name}.")]
        if found.is_module and found.name in found.members:
            found = found[found.name]  # its package imports `cnn` from `cnn.py`, where Griffe keeps the module
        return found.final_target if found.is_alias else found

    def entry(self, name: str, heading: str, path: str) -> Entry:
        """The class or function at this path, under the name by which it is exported."""
        found = self.find(path)
        entry = Entry(name, heading, self.summary(found), self._text(found), self._facts(found))
        return replace(entry, signature=self._signature(found, name), **self._of_class(name, found))

    def op(self, name: str) -> Entry:
        """An operation: its module's docstring, and its two passes."""
        module = self.find(f"backhand.ops.{name}")
        passes = tuple(self._member(name, module[each]) for each in ("forward", "backward"))
        return Entry(name, name, self.summary(module), self._text(module), self._facts(module), members=passes)

    def summary(self, found: Any) -> str:
        """The first sentence of its docstring."""
        return first_sentence(_doc(found), self.links)

    def about(self, module: str) -> str:
        """The docstring of a module."""
        return self._text(self.find(module))

    def bases(self, path: str) -> list[str]:
        """The dotted paths of all bases of the class at this path; of a function, none."""
        found = self.find(path)
        return [base.canonical_path for base in found.mro()] if found.is_class else []

    def returned(self, path: str) -> Iterator[tuple[str, str]]:
        """Name and path of each class of the package that the function at this path returns."""
        found = self.find(path)
        for each in types_in(found.returns) if found.is_function else ():
            target = self.find(each)
            if target.is_class:
                yield target.name, target.canonical_path

    def types(self) -> list[tuple[str, str, str]]:
        """Name, meaning and module of each type that signatures name and no page documents."""
        found = (self.find(path) for path in self.met if not path.startswith("backhand.ops."))
        return sorted({(each.name, self._meaning(each), _home(each)) for each in found if each.name not in self.links})

    def _meaning(self, found: Any) -> str:
        if found.is_class:
            return self.summary(found)
        said = comment(found)
        return f"`{found.value}`" + (f": {inline(said, self.links)}" if said else "")

    def _signature(self, found: Any, name: str) -> str:
        annotations = [each.annotation for each in _parameters(found)]
        self.met.update(path for each in [*annotations, getattr(found, "annotation", None)] for path in types_in(each))
        return signature(found, name)

    def _of_class(self, name: str, found: Any) -> dict[str, Any]:
        """What an entry says of a class besides; of a function, nothing."""
        if not found.is_class:
            return {}
        documented = [base for base in found.mro() if base.name in self.links]
        above = {each.canonical_path for base in documented for each in (base, *base.mro())}
        inherited = {key for base in documented for key in base.all_members}
        lineage = [*(base for base in reversed(found.mro()) if base.canonical_path not in above), found]
        shown = {key: each for kind in lineage for key, each in kind.members.items() if _is_shown(each)}
        own = [each for key, each in shown.items() if key not in inherited]
        brief = [(key, _doc(each)) for key, each in shown.items() if key in inherited and "\n\n" not in _doc(each)]
        full = [each for key, each in shown.items() if _doc(each) and (key not in inherited or "\n\n" in _doc(each))]
        return {
            "facts": (*self._facts(found), *(self._kind_of(base) for base in documented[:1])),
            "fields": tuple(self._fields(found, own)),
            "members": tuple(self._member(name, each) for each in full),
            "overridden": tuple((key, inline(" ".join(text.split()), self.links)) for key, text in brief if text),
        }

    def _kind_of(self, base: griffe.Class) -> str:
        return f"a kind of {inline(f'`{base.name}`', self.links)}"

    def _fields(self, found: griffe.Class, own: list[Any]) -> Iterator[str]:
        """Annotated attributes that the constructor does not take, or that a comment explains."""
        parameters = {each.name for each in _parameters(found)}
        declared = HELD if parameters else {"instance-attribute"}  # pydantic makes all of them parameters
        for each in own:
            if not each.is_attribute or each.annotation is None or "property" in each.labels:
                continue
            said = comment(each)
            if said if each.name in parameters else each.labels >= declared:
                self.met.update(types_in(each.annotation))
                yield f"`{each.name}: {each.annotation}`" + (f": {inline(said, self.links)}" if said else "")

    def _member(self, owner: str, found: Any) -> Member:
        return Member(f"{owner}.{found.name}", self._signature(found, found.name), self._text(found))

    def _text(self, found: Any) -> str:
        """The docstring as Markdown; what may begin an item of a list are parameters and fields."""
        names = {each.name for each in _parameters(found)}
        if found.is_class:
            names |= {key for key, each in found.all_members.items() if each.is_attribute}
        return markdown(_doc(found), names, self.links)

    def _facts(self, found: Any) -> tuple[str, ...]:
        """Where it is defined; of a layer or a loss, its operation and the page that derives its gradient."""
        op = found.members.get("op_name") if found.is_class else None
        op_name = str(getattr(op, "value", None) or "").strip("'\"")
        facts = [f"module `{_home(found)}`"]
        if op_name:
            facts += [f"operation [`{op_name}`](ops.md#{op_name})"]
        if (DERIVATIONS / f"{op_name}.md").exists():
            facts += [f"[derivation](../derivations/{op_name}.md)"]
        return tuple(facts)


def public_names() -> dict[str, str]:
    """The names that the package exports, each with the dotted path of what it is."""
    return {name: f"{module}.{attribute}" for name, (module, attribute) in backhand._WHERE.items()}


def signature(found: Any, name: str) -> str:
    """On one line where it is short; else a line for each parameter."""
    if found.is_attribute:
        return f"{name}: {found.annotation}"
    call = _constructor(found) if found.is_class else found
    if call is None:
        return f"class {name}"
    text = call.signature(name=name, return_type=not found.is_class)
    for each in call.parameters:
        if constant := _constant(found, each.default):
            text = text.replace(f" = {each.default}", f" = {constant}")
    if len(text) <= WIDTH:
        return text
    start, _, rest = text.partition("(")
    parameters, _, end = rest.rpartition(")")
    lines = (f"    {each}," for each in BETWEEN_PARAMETERS.split(parameters))
    return "\n".join([f"{start}(", *lines, f"){end}"])


def types_in(annotation: Any) -> Iterator[str]:
    """The dotted paths of the package's names in an annotation."""
    for each in annotation.iterate() if isinstance(annotation, griffe.Expr) else ():
        if isinstance(each, griffe.ExprName) and each.canonical_path.startswith("backhand."):
            yield each.canonical_path


def comment(found: Any) -> str:
    """The comment behind an attribute's definition, or on the line before it."""
    lines = found.lines_collection[found.filepath]
    behind = COMMENT.search(lines[found.endlineno - 1])
    if behind:
        return behind[1]
    before = lines[found.lineno - 2].strip()
    return before.removeprefix("# ") if before.startswith("# ") else ""


def _constructor(found: griffe.Class) -> Any:
    """The `__init__` of a class, perhaps inherited or made by `dataclass`; None where the package defines none."""
    init = found.all_members.get("__init__")
    return init.final_target if init is not None and init.is_alias else init


def _parameters(found: Any) -> list[griffe.Parameter]:
    call = _constructor(found) if found.is_class else found
    return list(call.parameters) if call is not None and call.is_function else []


def _constant(found: Any, default: Any) -> str:
    """The number or text that a default names, such as `LIMIT`; else nothing."""
    if not isinstance(default, griffe.ExprName) or not default.canonical_path.startswith("backhand."):
        return ""
    value = found.package[default.canonical_path.removeprefix("backhand.")].value
    return str(value) if isinstance(value, str) else ""


def _home(found: Any) -> str:
    return found.canonical_path if found.is_module else found.canonical_path.rpartition(".")[0]


def _doc(found: Any) -> str:
    return found.docstring.value if found.docstring else ""


def _is_shown(found: Any) -> bool:
    """Whether people call or read it; of the special methods, `__call__` alone."""
    return not found.is_alias and (not found.name.startswith("_") or found.name == "__call__")
