"""Changes of sums, means and other reductions: which one, over which axes, and whether axes are kept."""

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from backhand.check.source.edits.code import Code
from backhand.check.source.edits.scope import Change, Scope

OTHERS = {
    "mean": ("sum",),
    "sum": ("mean",),
    "average": ("sum",),
    "nanmean": ("nansum",),
    "std": ("var",),
    "var": ("std",),
    "max": ("min",),
    "min": ("max",),
    "amax": ("amin",),
    "amin": ("amax",),
    "argmax": ("argmin",),
    "argmin": ("argmax",),
    "prod": ("sum",),
    "logsumexp": (),
    "norm": (),
    "any": (),
    "all": (),
}
AXES = ("0", "1", "", "-1", "(0, 2, 3)", "(0, 1, 2)", "(0, 1)", "(1, 2)", "(2, 3)", "(1, 2, 3)", "2", "3", "(0, 2)")
NAMES_OF_AXIS = ("axis", "dim")
NAMES_OF_KEEPING = ("keepdims", "keepdim")


class Reduction(NamedTuple):
    """A call that reduces an array; `start` is its text up to the arguments after the array."""

    name: str
    function: ast.Attribute
    array: ast.expr
    start: str
    axis: ast.expr | None
    keeping: ast.keyword | None
    others: tuple[str, ...]
    name_of_axis: str
    name_of_keeping: str

    def with_axis(self, axis: str, *, keeping: bool | None = None) -> str:
        """The call with other axes ("": none are given), which are kept as before or as said."""
        given = [f"{self.name_of_axis}={axis}"] if axis else []
        keeps = ast.unparse(self.keeping.value) if self.keeping else ""
        if keeping is not None:
            keeps = "True" if keeping else ""
        kept = [f"{self.name_of_keeping}={keeps}"] if keeps else []
        arguments = ", ".join([*given, *kept, *self.others])
        separator = ", " if arguments and not self.start.endswith("(") else ""
        return f"{self.start}{separator}{arguments})"


def reduction(node: ast.AST, scope: Scope) -> Reduction | None:
    """Read a call such as np.sum(x, axis=0), x.sum(0) or torch.sum(x, dim=0)."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in OTHERS):
        return None
    function, arguments = node.func, list(node.args)
    start = f"{scope.text.segment(function)}("
    array: ast.expr = function.value
    if scope.is_module(function.value):
        if not arguments or isinstance(arguments[0], ast.Starred):
            return None
        array = arguments.pop(0)
        start += scope.text.segment(array)
    keywords = {keyword.arg: keyword for keyword in node.keywords}
    axes = [keywords.pop(name) for name in NAMES_OF_AXIS if name in keywords]
    keeping = [keywords.pop(name) for name in NAMES_OF_KEEPING if name in keywords]
    axis = axes[0].value if axes else arguments.pop(0) if arguments else None
    return Reduction(
        function.attr,
        function,
        array,
        start,
        axis,
        keeping[0] if keeping else None,
        tuple(scope.text.segment(each) for each in [*arguments, *keywords.values()]) if not arguments else (),
        axes[0].arg or "axis" if axes else "dim" if scope.uses_torch else "axis",
        keeping[0].arg or "keepdims" if keeping else "keepdim" if scope.uses_torch else "keepdims",
    )


def reductions(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """Another reduction, other axes, axes kept or not, another count of degrees of freedom, or no reduction."""
    call = reduction(node, scope)
    if call is None:
        return
    text = scope.text.segment(node)
    head = scope.text.segment(call.function)
    for other in OTHERS[call.name]:
        renamed = f"{head[: -len(call.name)]}{other}{text[len(head) :]}"
        tier = 0 if {call.name, other} == {"sum", "mean"} else 2
        yield scope.replace(node, renamed, f"{call.name} to {other}", tier)
    yield from _axes(node, call, scope)
    if call.name in ("var", "std"):
        yield from _degrees_of_freedom(node, call, scope)
    if call.name == "mean":
        total = Code(f"{head[:-4]}sum{text[len(head) :]}")
        for count in (f"len({scope.text.segment(call.array)})", f"{scope.code(call.array).at(14)}.shape[0]"):
            yield scope.replace(node, total.binary("/", Code(count)), "mean to sum over a count", 3)
    yield scope.replace(node, scope.code(call.array), f"{call.name} dropped", 3)


def _axes(node: ast.expr, call: Reduction, scope: Scope) -> Iterator[Change]:
    present = ast.unparse(call.axis) if call.axis else ""
    keeps = call.keeping is not None
    toggled = "axes no longer kept" if keeps else "axes kept"
    yield scope.replace(node, call.with_axis(present, keeping=not keeps), toggled, 1 if present else 2)
    if call.keeping is None and not present:
        for axis in ("1", "0", "-1"):
            yield scope.replace(node, call.with_axis(axis, keeping=True), "axis added", 1)
    alike = sorted(AXES, key=lambda axis: "," not in axis) if "," in present else AXES
    for rank, axis in enumerate(axis for axis in alike if axis != present):
        operator = "axis added" if not present else "axis left out" if not axis else "other axis"
        yield scope.replace(node, call.with_axis(axis), operator, 1 if rank < 2 else 2 if rank < 6 else 4)
        if axis and present and rank < 4:
            yield scope.replace(node, call.with_axis(axis, keeping=not keeps), f"{operator}, {toggled}", 3)


def _degrees_of_freedom(node: ast.expr, call: Reduction, scope: Scope) -> Iterator[Change]:
    present = ast.unparse(call.axis) if call.axis else ""
    corrections = ("correction=0", "correction=1") if scope.uses_torch else ("ddof=0", "ddof=1")
    free = [other for other in call.others if not other.startswith(("ddof", "correction", "unbiased"))]
    for correction in corrections:
        changed = call._replace(others=(*free, correction))
        yield scope.replace(node, changed.with_axis(present), "degrees of freedom", 2)
    if free != list(call.others):
        yield scope.replace(node, call._replace(others=tuple(free)).with_axis(present), "degrees of freedom", 2)


def terms_outside(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """A term that belongs outside of a sum, or inside of it: np.sum(x * w + b) and np.sum(x * w) + b."""
    call = reduction(node, scope)
    if call is not None and isinstance(call.array, ast.BinOp) and isinstance(call.array.op, ast.Add):
        text, (start, _) = scope.text.segment(node), scope.text.span(node)
        first, stop = scope.text.span(call.array)
        inner = text.encode()[: first - start].decode() + scope.text.segment(call.array.left)
        outer = Code(inner + text.encode()[stop - start :].decode())
        yield scope.replace(node, outer.binary("+", scope.code(call.array.right)), "term out of the sum", 2)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        call = reduction(node.left, scope)
        if call is not None and call.function.value is not call.array:
            start, stop = scope.text.span(node.left)
            first, end = scope.text.span(call.array)
            moved = scope.code(call.array).binary("+", scope.code(node.right)).text
            data = scope.text.data
            yield scope.replace(
                node, data[start:first].decode() + moved + data[end:stop].decode(), "term into the sum", 3
            )


def missing_reductions(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """A sum or a mean of a whole result, such as db = dout."""
    target = scope.roots.get(node, "")
    bias = re.fullmatch(r"\w*(b|bias|beta|gamma|B)\w?\d?", target.rpartition(".")[2]) is not None
    if not (scope.is_gradient(node) or (bias and scope.is_computed(node))):
        return
    axis = "dim" if scope.uses_torch else "axis"
    keeping = "keepdim" if scope.uses_torch else "keepdims"
    code = scope.code(node)
    tier = 1 if bias else 2 if reduction(node, scope) is None else 4
    for rank, axes in enumerate(("0", "1", "(0, 1, 2)", "(0, 2, 3)", "(0, 1)")):
        yield scope.replace(node, code.dotted(f".sum({axis}={axes})"), "sum added", tier + (rank > 0))
        if rank < 2:
            kept = code.dotted(f".sum({axis}={axes}, {keeping}=True)")
            yield scope.replace(node, kept, "sum added", tier + 1)
    if not scope.uses_torch:
        yield scope.replace(node, Code(f"{scope.module()}.sum({code.text})"), "sum added", tier + 1)


RULES = (reductions, terms_outside, missing_reductions)
