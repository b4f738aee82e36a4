"""The changes of a function that would mend the usual mistakes, the most usual first."""

import ast
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import chain
from types import FunctionType

from backhand.check.source.edits import (
    arithmetic,
    constants,
    copies,
    factors,
    indices,
    layouts,
    numerics,
    reductions,
    renames,
    terms,
)
from backhand.check.source.edits.edit import Edit
from backhand.check.source.edits.flow import slice_depths
from backhand.check.source.edits.scope import Change, Scope
from backhand.check.source.edits.statements import STATEMENT_RULES
from backhand.check.source.edits.text import read

Rule = Callable[[ast.expr, Scope], Iterator[Change]]
MODULES = (reductions, factors, arithmetic, layouts, renames, indices, constants, numerics, terms, copies)
EXPRESSION_RULES: tuple[Rule, ...] = tuple(rule for module in MODULES for rule in module.RULES)
TARGET_RULES: tuple[Rule, ...] = (
    renames.reordered,
    indices.strided_windows,
    indices.crops,
    indices.rows_of_labels,
)  # those that also change what is assigned to
PER_LINE = 50
PER_NODE = 4  # a long line may have more
OF_SHORT_FUNCTIONS = 800  # where lines are few, these are shared among them
PER_FUNCTION = 2500
WAIT_IN_LINE = 0.1  # of a tier, for each earlier change of the same kind in the same line
WAIT_IN_PLACE = 0.3  # and for each that begins in the same place


def edits(function: FunctionType, focus: Collection[str] = ()) -> Iterator[Edit]:
    """Every plausible single change of a function's body, without duplicates, the most usual first.

    With `focus`, the names of results that are wrong, the changes of the lines that these depend on come first. There
    are none where the source cannot be read or is not what runs.
    """
    text = read(function)
    if text is None:
        return
    found = _without_duplicates(Scope(function, text))
    yield from rank(found, focus) if focus else found


def _without_duplicates(scope: Scope) -> Iterator[Edit]:
    lengths = Counter(scope.line(node) for node in scope.expressions)
    least = max(PER_LINE, OF_SHORT_FUNCTIONS // max(1, len(lengths)))
    per_line: Counter[int] = Counter()
    seen = {scope.text.data}
    for change in _in_order(scope):
        line = scope.text.line_at(change.start)
        if per_line[line] >= max(least, PER_NODE * lengths[line]) or len(seen) > PER_FUNCTION:
            continue
        changed = scope.text.data[: change.start] + change.text.encode() + scope.text.data[change.stop :]
        if changed not in seen and _keeps_free_variables(changed, change, scope):
            seen.add(changed)
            per_line[line] += 1
            yield _edit(change, changed, line, scope)


def _in_order(scope: Scope) -> list[Change]:
    """All changes by their tiers; where one line has many of a kind, the later ones of these wait for other kinds."""
    of_expressions = (
        rule(node, scope)
        for rule in EXPRESSION_RULES
        for node in scope.expressions
        if not isinstance(node, ast.Starred)
        if rule in TARGET_RULES or isinstance(getattr(node, "ctx", None), ast.Load | None)
    )
    of_statements = (rule(scope) for rule in STATEMENT_RULES)
    changes = sorted(chain.from_iterable(chain(of_statements, of_expressions)), key=lambda change: change.tier)
    earlier: Counter[tuple[int, str]] = Counter()
    waits = []
    for change in changes:
        of_line, of_place = (scope.text.line_at(change.start), change.operator), (-change.start, change.operator)
        waits.append(change.tier + WAIT_IN_LINE * earlier[of_line] + WAIT_IN_PLACE * earlier[of_place])
        earlier.update((of_line, of_place))
    order = sorted(range(len(changes)), key=waits.__getitem__)
    return [changes[i] for i in order]


def _keeps_free_variables(changed: bytes, change: Change, scope: Scope) -> bool:
    """Whether the changed code reads the same variables of enclosing functions, without which it cannot be put in."""
    free = scope.text.code.co_freevars
    if not free:
        return True
    before, after = (set(re.findall(r"\w+", text)) for text in (change.before(scope.text.data), change.text))
    words = {"super" if name == "__class__" else name for name in free} | set(free)
    return not (before - after) & words or scope.text.compile(changed).co_freevars == free


def _edit(change: Change, changed: bytes, line: int, scope: Scope) -> Edit:
    stop = change.start + len(change.text.encode())
    return Edit(
        scope.function,
        line,
        scope.text.lines(change.start, change.stop, scope.text.data),
        scope.text.lines(change.start, stop, changed),
        change.operator,
        scope.names(change.node),
        change.tier,
        changed,
        scope.text,
    )


def rank(candidates: Iterable[Edit], focus: Collection[str]) -> list[Edit]:
    """The edits in another order: first those of the lines that these names depend on, the nearest lines earlier."""
    ordered = list(candidates)
    if not ordered:
        return ordered
    depths = slice_depths(ordered[0].text, focus)
    return sorted(ordered, key=lambda edit: (edit.line not in depths, edit.tier + min(depths.get(edit.line, 0), 3)))
