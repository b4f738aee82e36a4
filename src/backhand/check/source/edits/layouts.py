"""Changes of the order of axes and of shapes: transposes, reshapes, flips, and subscripts of einsum."""

import ast
import re
from collections.abc import Iterator
from itertools import combinations, permutations

from backhand.check.source.edits.names import path
from backhand.check.source.edits.scope import Change, Scope

USUAL_ORDERS = {(0, 2, 3, 1), (0, 3, 1, 2), (1, 2, 3, 0), (3, 0, 1, 2), (1, 0, 2, 3), (1, 0), (0, 2, 1), (1, 0, 2)}
KERNEL = re.compile(r"(w|W|weights?|kernels?|filters?|f|k|K)\d?")
PRODUCT_CALLS = ("dot", "matmul", "mm", "bmm", "outer", "tensordot", "einsum", "convolve2d", "correlate2d", "convolve")
TRANSPOSITIONS = ("transpose", "permute", "swapaxes", "moveaxis", "rollaxis")


def transposed(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """A transpose dropped, or added to an operand of a matrix product or to a result."""
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield scope.replace(node, scope.code(node.value), "transpose dropped", 1)
        return
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("t", *TRANSPOSITIONS):
        inner = node.args[0] if scope.is_module(node.func.value) and node.args else node.func.value
        yield scope.replace(node, scope.code(inner), "transpose dropped", 1 if node.func.attr == "t" else 3)
    if isinstance(node, ast.Constant | ast.Tuple | ast.Compare | ast.Dict) or scope.is_module(node):
        return
    parent = scope.parent(node)
    in_product = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.MatMult)
    dotted = isinstance(parent, ast.Attribute) and parent.attr in PRODUCT_CALLS and parent.value is node
    argument = isinstance(parent, ast.Call) and node in parent.args and path(parent.func).endswith(PRODUCT_CALLS)
    if in_product or dotted or argument:
        yield scope.replace(node, scope.code(node).dotted(".T"), "transpose added", 1)
    elif scope.is_gradient(node):
        tier = 1 if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult) else 3
        yield scope.replace(node, scope.code(node).dotted(".T"), "transpose added", tier)


def reordered_axes(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """The numbers of a transposition in another order."""
    numbers = _numbers_of_axes(node)
    order = tuple(int(ast.literal_eval(each)) for each in numbers)
    if len(order) < 2 or sorted(order) != list(range(len(order))):
        return
    inverse = tuple(order.index(axis) for axis in range(len(order)))
    orders: Iterator[tuple[int, ...]] = permutations(range(len(order)))
    if len(order) > 4:
        orders = (_swapped(order, i, j) for i, j in combinations(range(len(order)), 2))
    for other in [inverse, *orders]:
        tier = 1 if other == inverse else 2 if other in USUAL_ORDERS else 3
        start, _ = scope.text.span(numbers[0])
        _, stop = scope.text.span(numbers[-1])
        if other != order:
            yield Change(start, stop, ", ".join(map(str, other)), "order of axes", tier, node)


def _numbers_of_axes(node: ast.expr) -> list[ast.expr]:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return []
    if node.func.attr not in ("transpose", "permute"):
        return []
    arguments = list(node.args)
    axes = arguments[-1] if arguments else None
    elements = axes.elts if isinstance(axes, ast.Tuple | ast.List) else arguments
    return elements if all(isinstance(each, ast.Constant) for each in elements) else []


def _swapped(order: tuple[int, ...], i: int, j: int) -> tuple[int, ...]:
    swapped = list(order)
    swapped[i], swapped[j] = order[j], order[i]
    return tuple(swapped)


def reshaped(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """A result in the shape of another array, an operand made a matrix, or a transposition beside a reshape."""
    line = scope.line(node)
    if scope.is_gradient(node):
        for rank, name in enumerate(scope.whole_arrays(line)[:4]):
            changed = scope.code(node).dotted(f".reshape({name}.shape)")
            yield scope.replace(node, changed, "reshape added", 1 if rank < 2 else 3)
        for rest in (".ravel()", "[0]", ".squeeze()"):
            yield scope.replace(node, scope.code(node).dotted(rest), "shape", 4)
    parent = scope.parent(node)
    in_product = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.MatMult)
    if (in_product or _is_in_product_call(node, parent)) and isinstance(node, ast.Name | ast.Attribute):
        transpose = ".T" if isinstance(node, ast.Attribute) and node.attr == "T" else ""
        code = scope.code(node.value if isinstance(node, ast.Attribute) and transpose else node)
        matrix = code.dotted(f".reshape({code.at(14)}.shape[0], -1){transpose}")
        if not scope.is_module(node):
            yield scope.replace(node, matrix, "reshape added", 2)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("reshape", "view"):
        yield from _around_a_reshape(node, node.func, scope)


def _around_a_reshape(node: ast.Call, function: ast.Attribute, scope: Scope) -> Iterator[Change]:
    method = "permute" if scope.uses_torch else "transpose"
    yield scope.replace(node, scope.code(function.value), "reshape dropped", 3)
    if scope.is_module(function.value):
        return
    for order in ("0, 2, 3, 1", "0, 3, 1, 2", "1, 0, 2, 3"):
        before = scope.code(function.value).dotted(f".{method}({order})")
        yield scope.replace(function.value, before, "transpose added", 3)
        yield scope.replace(node, scope.code(node).dotted(f".{method}({order})"), "transpose added", 3)


def _is_in_product_call(node: ast.expr, parent: ast.AST) -> bool:
    if isinstance(parent, ast.Attribute):
        return parent.attr in PRODUCT_CALLS and parent.value is node
    return isinstance(parent, ast.Call) and node in parent.args and path(parent.func).endswith(PRODUCT_CALLS)


def flipped(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """A kernel turned by 180 degrees, or no longer turned."""
    if isinstance(node, ast.Subscript) and "::-1" in scope.text.segment(node.slice):
        yield scope.replace(node, scope.code(node.value), "flip dropped", 1)
        return
    if isinstance(node, ast.Call) and path(node.func).rpartition(".")[2] in ("flip", "rot90", "flipud", "fliplr"):
        method = isinstance(node.func, ast.Attribute) and not scope.is_module(node.func.value)
        inner = node.func.value if method and isinstance(node.func, ast.Attribute) else node.args[0]
        yield scope.replace(node, scope.code(inner), "flip dropped", 1)
        return
    if not KERNEL.fullmatch(path(node).rpartition(".")[2]) or isinstance(scope.parent(node), ast.Attribute):
        return
    code, tier = scope.code(node), 2 if isinstance(scope.parent(node), ast.BinOp | ast.Call) else 3
    if not isinstance(scope.parent(node), ast.Subscript):
        rests = (".flip(-2, -1)",) if scope.uses_torch else ("[..., ::-1, ::-1]", "[::-1, ::-1]", "[::-1]")
        for rest in rests:
            yield scope.replace(node, code.dotted(rest), "flip added", tier)


def einsum(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """Two letters of an einsum exchanged, in one operand or in the result; or its axes left out of the result."""
    if not (isinstance(node, ast.Call) and path(node.func).rpartition(".")[2] == "einsum" and node.args):
        return
    first = node.args[0]
    if not (isinstance(first, ast.Constant) and isinstance(first.value, str)) or "->" not in first.value:
        return
    operands = re.split(r"(,|->)", first.value)
    for position in range(0, len(operands), 2):
        is_result = position == len(operands) - 1
        letters = operands[position].strip()
        for order in _orders(letters):
            changed = "".join([*operands[:position], order, *operands[position + 1 :]])
            yield scope.replace(first, repr(changed), "letters of einsum", 2 if is_result else 3)


def _orders(letters: str) -> Iterator[str]:
    if len(letters) <= 4:
        yield from ("".join(order) for order in permutations(letters) if "".join(order) != letters)
    else:
        for i, j in combinations(range(len(letters)), 2):
            yield "".join(letters[j if k == i else i if k == j else k] for k in range(len(letters)))


RULES = (transposed, reordered_axes, reshaped, flipped, einsum)
