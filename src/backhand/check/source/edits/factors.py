"""Changes of factors and divisors: dropped, or added from the names in scope."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from types import FunctionType

from backhand.check.source.edits.code import Code, Level
from backhand.check.source.edits.layouts import PRODUCT_CALLS
from backhand.check.source.edits.names import key_of, path
from backhand.check.source.edits.reductions import reduction
from backhand.check.source.edits.renames import COUNT
from backhand.check.source.edits.scope import Change, Scope

UPSTREAM = re.compile(r"d[A-Za-z_]\w*|grad\w*|delta\w*|upstream|error|gz|gy|\w*_grad|g")
LOCAL = re.compile(r"\w*mask\w*|gamma|g|slope|\w*deriv\w*|\w*prime|ds|w")
EPS = re.compile(r"\w*eps\w*")
BETA = re.compile(r"\w*beta_?[12]?|b[12]|rho|decay\w*|mu|momentum")
ALLOCATIONS = (
    "zeros",
    "ones",
    "empty",
    "zeros_like",
    "ones_like",
    "empty_like",
    "rand",
    "randn",
    "pad",
    "arange",
    "range",
)
RAREST = 3  # the last tier of what is added
ACTIVATED = re.compile(r"(?!d)(\w*hidden\w*|\w*layer\w*|[hazAZH]\w{0,2}|\w*relu\w*|out\w*|\w*act\w*|fc\w*)")
PRODUCT = re.compile(r"@|\b(dot|matmul|mm|einsum)\(")
PRODUCTS = (ast.Mult, ast.Div, ast.FloorDiv, ast.MatMult)


def dropped_factors(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """A product or a quotient without one of its two operands."""
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, PRODUCTS)):
        return
    left, right = scope.code(node.left), scope.code(node.right)
    division = isinstance(node.op, ast.Div | ast.FloorDiv)
    tier = 1 if not isinstance(node.op, ast.MatMult) else 4
    yield scope.replace(node, left, "divisor dropped" if division else "factor dropped", tier)
    trivial = isinstance(node.left, ast.Constant)
    if not division:
        yield scope.replace(node, right, "factor dropped", tier)
    elif not trivial:
        yield scope.replace(node, Code("1").binary("/", right), "factor dropped", 4)


def added_factors(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """A result, a term of it, or what is summed, times or divided by a name, a size or a number."""
    place = _place(node, scope)
    if place is None or isinstance(node, ast.Constant | ast.List | ast.Compare | ast.Lambda) or key_of(node):
        return
    code, line = scope.code(node), scope.line(node)
    for name, tier in _arrays(node, place, scope):
        yield scope.replace(node, code.binary("*", Code(name)), "factor added", tier)
    for symbol, value, tier in _scalars(node, place, line, scope):
        operator = "factor added" if symbol == "*" else "divisor added"
        if tier <= RAREST:
            yield scope.replace(node, code.binary(symbol, value), operator, tier)
    if (place < 2 and not isinstance(node, ast.Name | ast.Attribute)) or place == 0:
        yield scope.replace(node, Code("2").binary("*", code), "number as a factor", 1 + place)
        yield scope.replace(node, Code("0.5").binary("*", code), "number as a factor", 1 + place)
    if place == 0:
        yield scope.replace(node, code.negated(), "sign", 1)
        yield scope.replace(node, code.complement(), "one minus added", 3)


def scaled_masks(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """A drawn mask divided by the share that it keeps."""
    if node not in scope.roots or scope.is_size_root(node):
        return
    kept = isinstance(node, ast.Name | ast.Call) and "mask" in scope.roots[node]
    if kept or isinstance(node, ast.Compare):
        code = scope.code(node)
        for name in scope.variables.of_kind("setting", before=scope.line(node)):
            for share in (Code(name), Code(name).complement()):
                yield scope.replace(node, code.binary("/", share), "divisor added", 0 if kept else 1)


def derivative_factors(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """The upstream itself, or a gradient that came through weights, times the derivative of an activation."""
    is_product = isinstance(node, ast.BinOp | ast.Call) and PRODUCT.search(scope.text.segment(node))
    if not (scope.is_gradient(node) and (is_product or path(node) in scope.variables.parameters)):
        return
    code, line = scope.code(node), scope.line(node)
    functions = [name for name, value in scope.function.__globals__.items() if _is_derivative(name, value)]
    for name in scope.variables.of_kind("array", before=line):
        if name == path(node) or (is_product and not ACTIVATED.fullmatch(name.rpartition(".")[2])):
            continue
        value = Code(name)
        factors = [Code(f"{name} > 0", Level.COMPARISON), value.binary("*", value.complement())]
        factors += [value.binary("**", Code("2")).complement()]
        for factor in factors:
            yield scope.replace(node, code.binary("*", factor), "derivative of the activation added", 2)
        for function in functions:
            called = code.binary("*", Code(f"{function}({name})"))
            yield scope.replace(node, called, "derivative of the activation added", 1)


def _is_derivative(name: str, value: object) -> bool:
    return (
        isinstance(value, FunctionType) and re.fullmatch(r"d?\w*(prime|deriv\w*|grad\w*)|d_?[a-z]+", name) is not None
    )


def _place(node: ast.expr, scope: Scope) -> int | None:
    """How unusual it is that a factor is missing here: 0 for a whole result; None for a place without a factor."""
    if node in scope.roots:
        return 0 if scope.is_computed(node) else None
    parent, kind = scope.parent(node), scope.variables.kinds.get(path(node), "array")
    if (kind != "array" and not (kind == "setting" and isinstance(parent, ast.BinOp))) or EPS.fullmatch(path(node)):
        return None
    if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add | ast.Sub):
        return 1 if not isinstance(node, ast.Name | ast.Attribute) or scope.reduces(parent) else 2
    if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.MatMult):
        return 2
    if isinstance(parent, ast.Attribute) and isinstance(scope.parent(parent), ast.Call):
        call = reduction(scope.parent(parent), scope)
        return None if call is None or call.array is not node else 1
    if not (isinstance(parent, ast.Call) and node in parent.args) or scope.is_module(node):
        return None
    call = reduction(parent, scope)
    if call is not None:
        return 1 if call.array is node else None
    name = path(parent.func).rpartition(".")[2]
    if name == "where":
        return 0 if node is not parent.args[0] else None
    return 2 if name in PRODUCT_CALLS else 3 if node is parent.args[0] and name not in ALLOCATIONS else None


def _arrays(node: ast.expr, place: int, scope: Scope) -> Iterator[tuple[str, int]]:
    """The arrays that may be missing as a factor here."""
    inside = {path(each) for each in ast.walk(node) if isinstance(each, ast.Name | ast.Attribute)}
    for name in scope.variables.of_kind("array", before=scope.line(node)):
        tier = _tier_of_array(name, scope) + place + (name in inside)
        if tier <= RAREST:
            yield name, tier


def _scalars(node: ast.expr, place: int, line: int, scope: Scope) -> Iterator[tuple[str, Code, int]]:
    """The counts and settings that may be missing as a factor or a divisor here."""
    for divisor, tier in _counts(line, scope) if place < 2 or not isinstance(node, ast.Name | ast.Attribute) else ():
        yield "/", divisor, tier + place
        if tier == 0:
            yield "*", divisor, 1 if place == 1 and scope.reduces(scope.parent(node)) else 2
    for name in scope.variables.of_kind("setting", before=line):
        tier = place + (0 if scope.variables.is_unused(name) else 1)
        setting, rest = Code(name), Code(name).complement()
        if not EPS.fullmatch(name.rpartition(".")[2]):
            yield "*", setting, tier
            yield "/", setting, tier
            yield "*", rest, tier + 1
            yield "/", rest, tier


def _counts(line: int, scope: Scope) -> Iterator[tuple[Code, int]]:
    """The numbers of samples or elements that a mean divides by, the most usual first."""
    sizes = scope.variables.of_kind("size", before=line)
    counts = [name for name in sizes if COUNT.fullmatch(name.rpartition(".")[2])]
    for rank, name in enumerate(counts):
        yield Code(name), 0 if rank == 0 or scope.variables.is_unused(name) else 2
    for rank, name in enumerate(scope.whole_arrays(line)[:2]):
        yield Code(f"{name}.shape[0]"), 1 + rank + bool(counts)
        yield Code(f"{name}.shape[1]"), 2 + rank + bool(counts)
        yield Code(f"{name}.size"), 3
    for first, second in pairwise(counts):
        yield Code(f"({first} * {second})", Level.ATOM), 3


def bias_corrections(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """A moment divided by one minus a power of its decay, as Adam does."""
    if node not in scope.roots or scope.is_size_root(node):
        return
    for name in scope.variables.of_kind("setting", before=scope.line(node)):
        for counter in scope.counters if BETA.fullmatch(name.rpartition(".")[2]) else ():
            correction = Code(name).binary("**", Code(counter)).complement()
            yield scope.replace(node, scope.code(node).binary("/", correction), "divisor added", 2)


def other_counts(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """The number of all elements for the number of rows, and the reverse."""
    if isinstance(node, ast.Call) and path(node.func) == "len" and len(node.args) == 1:
        array = node.args[0]
    elif isinstance(node, ast.Attribute) and node.attr == "size":
        array = node.value
    elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute) and path(node).endswith(".shape"):
        array = node.value.value
    else:
        return
    size = ".numel()" if scope.uses_torch else ".size"
    for rest in (size, ".shape[0]", ".shape[1]"):
        yield scope.replace(node, scope.code(array).dotted(rest), "other count", 2)


def _tier_of_array(name: str, scope: Scope) -> int:
    if scope.variables.is_unused(name):
        return scope.variables.tier_if_unused(name)
    bare = name.rpartition(".")[2]
    if name in scope.variables.parameters and UPSTREAM.fullmatch(bare):
        return 1
    if LOCAL.fullmatch(bare):
        return 1
    return 2 if UPSTREAM.fullmatch(bare) or "hat" in bare or name in scope.variables.given else 3


RULES = (dropped_factors, added_factors, derivative_factors, scaled_masks, bias_corrections, other_counts)
