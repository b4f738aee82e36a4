"""The likeliest line of a mistake in a rule of updates for which no change was found."""

import ast
from collections.abc import Iterator, Mapping, Sequence

from backhand.check.source.edits.flow import targets
from backhand.check.source.running import Statement
from backhand.check.verdicts.signs import divides, keeps_an_average, powers, takes_a_root

_AVERAGES = (
    "sign of the momentum|velocity not kept|velocity not reduced|decay swapped|squares not kept|squares not reduced"
    "|1 - decay left out|1 - beta left out|gradient not squared|betas swapped|gradients added up"
)
_ROOTS = "root left out|eps left out|eps inside the root|correction left out"
_COUNTS = "step not counted|step counted from 0|step counted from 2|steps that are not finite"
_CORRECTIONS = {"first correction left out": False, "second correction left out": True}  # whether under the root


def update_statement(run: Sequence[Statement], cause: str) -> Statement | None:
    """The likeliest statement of those that were run; None where no one stands out."""
    steps = [each for each in run if _moves(each)]
    roots = [each for each in run if takes_a_root(each)]
    if cause in _AVERAGES.split("|"):
        return next((each for each in run if keeps_an_average(each)), None)
    if cause in _CORRECTIONS:
        return next(_corrections(run, roots, under_the_root=_CORRECTIONS[cause]), None)
    if cause in _COUNTS.split("|"):
        return next(_counting(run), None) or next(iter([*reversed(roots), *filter(divides, run)]), None)
    if cause in _ROOTS.split("|") and roots:
        return roots[-1]
    return steps[-1] if steps else None


def _moves(statement: Statement) -> bool:
    """Whether something is added to a value or subtracted from it."""
    node = statement.node
    value = node if isinstance(node, ast.AugAssign) else getattr(node, "value", None)
    return isinstance(value, ast.AugAssign | ast.BinOp) and isinstance(value.op, ast.Add | ast.Sub)


def _counting(run: Sequence[Statement]) -> Iterator[Statement]:
    """The statements that count the steps, and then those that raise a number to their count."""
    raising = {id(each): each for each in run if any(map(_variables, powers(each)))}
    counts = {name for each in raising.values() for power in powers(each) for name in _variables(power)}
    yield from (each for each in run if counts & {ast.unparse(target) for target, _ in targets(each.node)})
    yield from raising.values()


def _variables(node: ast.AST) -> set[str]:
    return {ast.unparse(each) for each in ast.walk(node) if isinstance(each, ast.Name | ast.Attribute | ast.Subscript)}


def _corrections(run: Sequence[Statement], roots: Sequence[Statement], *, under_the_root: bool) -> Iterator[Statement]:
    """The statements that should correct an average: what is under the root is that of the squares."""
    kept = [each for each in run if keeps_an_average(each)]
    averages = {ast.unparse(target) for each in kept for target, _ in targets(each.node)}
    given: Mapping[str, Statement] = {
        ast.unparse(target): each
        for each in run
        if each not in kept
        for target, value in targets(each.node)
        if value is not None and averages & _variables(value)
    }
    for root in reversed(roots):
        under = {name for each in root.walk() if _is_root(each) for name in _variables(each)}
        names = under if under_the_root else {name for each in root.expressions for name in _variables(each)} - under
        yield from (given[name] for name in sorted(names) if name in given and given[name] is not root)
        yield root


def _is_root(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).endswith("sqrt")
