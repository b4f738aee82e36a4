"""Units that cannot run at all, since they use a name or an attribute that is nowhere given a value."""

import ast
import builtins
import difflib
from collections.abc import Iterator
from types import ModuleType

from backhand.check.reading.reader import Unread
from backhand.check.review.records import Finding, UnitReview
from backhand.check.source.program import Program
from backhand.check.verdicts.naming import place_of
from backhand.check.verdicts.scope import missing_name

CLOSE = 0.75  # how much alike a name must be to one that may be meant, from 0 to 1
GAPS = ("syntax", "definition", "statement", "time limit", "missing module", "missing name", "unreadable")


def slip_review(unread: Unread, program: Program) -> UnitReview | None:
    """The review of a unit that was not read because of such a name; None where there may be another reason."""
    error = unread.error
    if not isinstance(error, NameError | AttributeError) or unread.unit.form == "network":
        return None
    name, where = _missing(error, program), program.raised_at(error)
    if not name or where is None:
        return None
    meant = difflib.get_close_matches(name, _known(error), 1, CLOSE)
    finding = Finding(
        "wrong",
        "name without a value",
        "forward",
        f"forward ends with {type(error).__name__}: {error}",
        explanation=f"`{name}` gets no value anywhere in this file.{f' Is `{meant[0]}` meant?' if meant else ''}",
        function=unread.unit.name,
        place=where,
    )
    place = place_of(program, unread.unit.forward)
    return UnitReview(unread.unit.name, "", "It could not be run.", place, 0, findings=(finding,))


def _missing(error: NameError | AttributeError, program: Program) -> str:
    """The name that nothing in the program gives a value; "" where something may, such as what could not be loaded."""
    name = error.name or ""
    trees = [statement for file in program.session.files.values() for statement in file.tree]
    is_whole = not program.session.missing and not any(remark.kind in GAPS for remark in program.remarks)
    if not is_whole or not name:
        return ""
    if isinstance(error, NameError):
        unbound = not hasattr(builtins, name) and not missing_name(error, program)
        return name if unbound and not isinstance(error, UnboundLocalError) else ""
    if isinstance(error.obj, ModuleType):
        return name if error.obj.__name__ in ("numpy", "torch") else ""
    own = any(definition.value is type(error.obj) for definition in program.classes())
    classes = {cls.__name__ for cls in type(error.obj).__mro__}
    return name if own and name not in set(_stored(trees, classes)) else ""


def _stored(trees: list[ast.stmt], classes: set[str]) -> Iterator[str]:
    """Every name that is stored as an attribute of such objects or defined in one of these classes, and all texts."""
    others = [tree for tree in trees if isinstance(tree, ast.ClassDef) and tree.name not in classes]
    for node in (node for tree in others for node in ast.walk(tree)):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and ast.unparse(node.value) != "self":
            yield node.attr
    for node in (node for tree in trees if tree not in others for node in ast.walk(tree)):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr
        elif isinstance(node, ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value  # setattr, or an update of __dict__


def _known(error: BaseException) -> list[str]:
    """The variables of the function in which the error was raised, and the attributes of its object."""
    step, names = error.__traceback__, []
    while step is not None:
        frame = step.tb_frame
        names = [*frame.f_code.co_varnames, *frame.f_code.co_names]
        step = step.tb_next
    owner = error.obj if isinstance(error, AttributeError) else None
    missing = getattr(error, "name", "")
    return [name for name in [*names, *getattr(owner, "__dict__", {})] if name != missing]
