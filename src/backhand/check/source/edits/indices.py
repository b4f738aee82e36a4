"""Changes of indices: strides of windows, crops of padding, slices for numbers, shapes, labels and ranges."""

import ast
import re
from collections.abc import Iterator, Sequence

from backhand.check.source.edits.code import Code
from backhand.check.source.edits.names import path
from backhand.check.source.edits.renames import SIDES
from backhand.check.source.edits.scope import Change, Scope

STRIDE = re.compile(r"\w*stride\w*|s|S|s[hw]|s_[hw]|st|step")
PADDING = re.compile(r"\w*pad(ding)?\w*|p|P|p[hw]|p_[hw]")
HEIGHT = re.compile(r"\w*[hH]\w*")


def strided_windows(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """Windows i:i + k along all axes that begin at i * stride, or the reverse."""
    if not isinstance(node, ast.Subscript):
        return
    elements = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    windows = [(i, each) for i, each in enumerate(elements) if isinstance(each, ast.Slice) and each.upper]
    begins = {i: each.lower for i, each in windows if each.lower is not None}
    texts = [scope.text.segment(each) for each in elements]
    products = {i: begin for i, begin in begins.items() if _is_product(begin)}
    for side in ("left", "right") if products else ():
        kept = {i: scope.text.segment(getattr(begin, side)) for i, begin in products.items()}
        bare = {i: texts[i].replace(scope.text.segment(products[i]), part) for i, part in kept.items()}
        yield _with_slices(node, texts, bare, "stride dropped", 1, scope)
    names = {i: begin.id for i, begin in begins.items() if isinstance(begin, ast.Name)}
    strides = _settings(STRIDE, scope, node)
    starts = [{i: f"{name} * {stride}" for i, name in names.items()} for stride in strides]
    for start in [_products_of(names, scope), *starts] if names else ():
        moved = {i: re.sub(rf"(?<![\w.]){names[i]}(?!\w)", begin, texts[i]) for i, begin in start.items()}
        yield _with_slices(node, texts, moved, "stride added", 1, scope)


def _is_product(node: ast.expr | None) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult)


def _products_of(names: dict[int, str], scope: Scope) -> dict[int, str]:
    """The names of where windows start, such as top = i * stride, in the place of the indices of the windows."""
    products = {
        node.id: path(statement.targets[0])
        for statement in scope.statements
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.BinOp) and _is_product(statement.value)
        for node in ast.walk(statement.value)
        if isinstance(node, ast.Name) and scope.variables.kinds.get(node.id) == "index"
    }
    return {i: products[name] for i, name in names.items() if name in products}


def crops(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """A border of padding cropped by sizes, since [p:-p] is empty where p is 0; or a border that is not cropped."""
    if isinstance(node, ast.Subscript):
        yield from _crops_by_sizes(node, scope)
    elif isinstance(node, ast.Name | ast.Attribute) and "pad" in path(node).lower() and node in scope.roots:
        for pad in _settings(PADDING, scope, node):
            yield from _missing_crops(node, pad, scope)


def _crops_by_sizes(node: ast.Subscript, scope: Scope) -> Iterator[Change]:
    elements = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    yield from _moved_crops(node, elements, scope)
    cropped = [i for i, each in enumerate(elements) if isinstance(each, ast.Slice) and _is_crop(each)]
    if not cropped:
        return
    texts = [scope.text.segment(each) for each in elements]
    lowers = {i: texts[i].partition(":")[0].strip() for i in cropped}
    paddings = _settings(PADDING, scope, node)
    whole = scope.text.segment(node.value)
    line = scope.line(node)
    fixed = all(bound.isdigit() for bound in lowers.values())  # [1:-1], which suits one padding alone
    for lower in [*paddings, ""] if fixed else ["", *paddings]:
        bounds = {i: lower or lowers[i] for i in cropped}
        tier = (0 if lower else 1) if fixed else (2 if lower else 1)
        both = {i: f"{p}:-{p}" for i, p in bounds.items()}
        yield _with_slices(node, texts, both, "crop", tier, scope)
        to_the_end = {i: f"{p}:{whole}.shape[{i}] - {p}" for i, p in bounds.items()}
        yield _with_slices(node, texts, to_the_end, "crop", tier, scope)
        for sizes in _pairs_of_sizes(line, len(cropped), scope):
            ends = dict(zip(cropped, sizes, strict=True))
            yield _with_slices(node, texts, {i: f"{p}:{p} + {ends[i]}" for i, p in bounds.items()}, "crop", tier, scope)
        for name in scope.whole_arrays(line)[:3]:
            slices = {i: f"{p}:{p} + {name}.shape[{i}]" for i, p in bounds.items()}
            yield _with_slices(node, texts, slices, "crop", tier + 1, scope)


def _moved_crops(node: ast.Subscript, elements: Sequence[ast.expr], scope: Scope) -> Iterator[Change]:
    """Crops begin:begin + size that begin at a fixed number, or at none, where they should begin at the padding."""
    texts = [scope.text.segment(each) for each in elements]
    begins = {i: text.partition(":")[0].strip() for i, text in enumerate(texts) if isinstance(elements[i], ast.Slice)}
    fixed = {i: begin for i, begin in begins.items() if ":-" not in texts[i] and (begin.isdigit() or not begin)}
    fixed = {i: begin for i, begin in fixed.items() if texts[i] != ":"}
    for pad in _settings(PADDING, scope, node) if fixed and "pad" in path(node).lower() else ():
        ends = {i: texts[i].partition(":")[2].strip() for i in fixed}
        moved = {i: re.sub(rf"(?<!\w){begin}(?!\w)", pad, ends[i]) for i, begin in fixed.items() if begin}
        slices = {i: f"{pad}:{moved.get(i, f'{pad} + {ends[i]}')}" for i in fixed}
        yield _with_slices(node, texts, slices, "crop", 1, scope)


def _with_slices(
    node: ast.Subscript, texts: list[str], slices: dict[int, str], operator: str, tier: int, scope: Scope
) -> Change:
    changed = ", ".join(slices.get(i, text) for i, text in enumerate(texts))
    return scope.rewrite(node.slice, changed, operator, tier)


def _is_crop(node: ast.Slice) -> bool:
    return node.lower is not None and isinstance(node.upper, ast.UnaryOp)


def _pairs_of_sizes(line: int, number: int, scope: Scope) -> Iterator[tuple[str, ...]]:
    """The sizes that the cropped axes may have: height and width in this order."""
    sizes = scope.variables.of_kind("size", before=line)
    if number == 1:
        yield from ((size,) for size in sizes)
    for i, first in enumerate(sizes) if number == 2 else ():
        for second in sizes[i + 1 :]:
            if SIDES.sub("#", first) == SIDES.sub("#", second):
                yield first, second


def _missing_crops(node: ast.Name | ast.Attribute, pad: str, scope: Scope) -> Iterator[Change]:
    text, line = scope.text.segment(node), scope.line(node)
    for before, (first, second) in (("[:, :, ", (2, 3)), ("[:, ", (1, 2))):
        ends = [(f"{text}.shape[{first}] - {pad}", f"{text}.shape[{second}] - {pad}")]
        ends += [(f"{pad} + {h}", f"{pad} + {w}") for h, w in _pairs_of_sizes(line, 2, scope)]
        for rank, (end, other_end) in enumerate(ends):
            crop = f"{text}{before}{pad}:{end}, {pad}:{other_end}]"
            yield scope.replace(node, crop, "crop added", 1 if rank == 0 else 2)


def _settings(pattern: re.Pattern[str], scope: Scope, node: ast.expr) -> list[str]:
    names = scope.variables.of_kind("size", "setting", before=scope.line(node))
    return [name for name in names if pattern.fullmatch(name.rpartition(".")[2])]


def slices_for_numbers(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """A slice j:j + k where only its end is written, an end moved by one, and a label moved by one."""
    parent = scope.parent(node)
    if isinstance(parent, ast.Tuple):
        parent = scope.parent(parent)
    if not isinstance(parent, ast.Subscript) or node is parent.value or isinstance(node, ast.Tuple):
        return
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        for start in (scope.code(node.left), scope.code(node.right)):
            yield scope.rewrite(node, f"{start.text}:{scope.code(node).text}", "slice for an index", 1)
    if isinstance(node, ast.Slice):
        yield from _other_ends(node, scope)
    elif isinstance(node, ast.Name | ast.BinOp | ast.UnaryOp | ast.Attribute | ast.Call):
        tier = 1 if scope.variables.kinds.get(path(node)) == "array" else 3
        for symbol in ("-", "+"):
            changed = scope.code(node).binary(symbol, Code("1"))
            yield scope.rewrite(node, changed.text, "index moved by one", tier + (symbol == "+"))


def _other_ends(node: ast.Slice, scope: Scope) -> Iterator[Change]:
    if node.upper is not None and node.step is None:
        for symbol in ("+", "-"):
            changed = scope.code(node.upper).binary(symbol, Code("1"))
            yield scope.replace(node.upper, changed, "end moved by one", 3)
    if node.lower is not None and node.step is None:
        for symbol in ("+", "-"):
            changed = scope.code(node.lower).binary(symbol, Code("1"))
            yield scope.replace(node.lower, changed, "begin moved by one", 4)


def rows_of_labels(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """One entry per row, p[np.arange(N), y], where p[:, y] takes whole columns."""
    if not (isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple) and len(node.slice.elts) == 2):
        return
    rows, labels = node.slice.elts
    if isinstance(rows, ast.Slice) and rows.lower is rows.upper is None and not isinstance(labels, ast.Slice):
        name = scope.text.segment(labels)
        yield scope.rewrite(rows, f"{scope.module()}.arange(len({name}))", "rows of labels", 2)


def ranges(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """The end of a range moved by one, or a stride as its step."""
    if not (isinstance(node, ast.Call) and path(node.func) == "range" and node.args):
        return
    end = node.args[min(1, len(node.args) - 1)]
    for symbol in ("+", "-"):
        yield scope.replace(end, scope.code(end).binary(symbol, Code("1")), "end of a range", 3)
    for stride in _settings(STRIDE, scope, node) if len(node.args) < 3 else ():
        start = scope.text.segment(node.args[0]) if len(node.args) == 2 else "0"
        yield scope.replace(node, f"range({start}, {scope.text.segment(end)}, {stride})", "step of a range", 3)
    if len(node.args) == 1:
        yield scope.replace(node, f"range(1, {scope.text.segment(end)})", "start of a range", 4)


def sizes(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """A size one larger or smaller, or a whole number: (H - HH) // stride + 1."""
    if node in scope.roots and scope.is_size_root(node) and isinstance(node, ast.BinOp | ast.Call | ast.Name):
        code = scope.code(node)
        yield scope.replace(node, code.binary("+", Code("1")), "one added", 1)
        yield scope.replace(node, code.binary("-", Code("1")), "one subtracted", 2)
        yield scope.replace(node, Code(f"int({code.text})"), "whole number", 2)
        for stride in _settings(STRIDE, scope, node):
            yield scope.replace(node, code.binary("*", Code(stride)), "stride added", 1)
            yield scope.replace(node, code.binary("//", Code(stride)), "stride added", 2)
    parent = scope.parent(node)
    is_padding = isinstance(node, ast.Name | ast.Attribute) and PADDING.fullmatch(path(node).rpartition(".")[2])
    if is_padding and isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add | ast.Sub):
        yield scope.replace(node, Code("2").binary("*", scope.code(node)), "factor added", 1)
    if isinstance(node, ast.Name) and isinstance(parent, ast.BinOp) and scope.variables.kinds.get(node.id) == "index":
        for stride in _settings(STRIDE, scope, node):
            yield scope.replace(node, scope.code(node).binary("*", Code(stride)), "stride added", 2)


RULES = (strided_windows, crops, slices_for_numbers, rows_of_labels, ranges, sizes)
