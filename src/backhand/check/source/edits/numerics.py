"""Changes of functions: roots, logarithms, exponentials, random draws, allocation, and where eps stands."""

import ast
import re
from collections.abc import Iterator

from backhand.check.source.edits.code import Code, Level
from backhand.check.source.edits.names import path
from backhand.check.source.edits.scope import Change, Scope

OTHER_FUNCTIONS: dict[str, tuple[tuple[str, int], ...]] = {
    "randn": (("rand", 0),),
    "randn_like": (("rand_like", 0),),
    "normal": (("uniform", 1),),
    "standard_normal": (("random", 0),),
    "rand": (("randn", 3),),
    "maximum": (("minimum", 2),),
    "minimum": (("maximum", 2),),
    "ceil": (("floor", 1),),
    "floor": (("ceil", 2),),
    "zeros": (("ones", 3),),
    "ones": (("zeros", 3),),
    "zeros_like": (("ones_like", 3),),
    "ones_like": (("zeros_like", 3),),
    "empty": (("zeros", 1),),
    "empty_like": (("zeros_like", 1),),
    "abs": (("square", 3),),
    "absolute": (("square", 3),),
    "square": (("abs", 3),),
    "sign": (("abs", 4),),
    "log2": (("log", 1),),
    "log10": (("log", 1),),
    "exp": (("log", 4),),
    "sqrt": (("square", 3),),
    "hstack": (("vstack", 2),),
    "vstack": (("hstack", 2),),
    "dot": (("multiply", 4),),
    "multiply": (("dot", 3),),
    "tanh": (("sinh", 4),),
    "fmax": (("fmin", 3),),
}
OFTEN_DROPPED = {"sqrt", "exp", "square", "squeeze", "log", "tanh", "sigmoid", "softmax", "relu"}
EPS = re.compile(r"(\w*eps\w*|\w*epsilon\w*)")
VARIANCE = re.compile(r"(?!d)\w*(var|sigma2|sigma_2|sigma_sq|s2)\w*|vt?|v_hat")


def other_functions(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """A neighbouring function of NumPy or torch, or a call left out."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return
    name, text = node.func.attr, scope.text.segment(node)
    head = scope.text.segment(node.func)
    for other, tier in OTHER_FUNCTIONS.get(name, ()):
        yield scope.replace(node, f"{head[: -len(name)]}{other}{text[len(head) :]}", f"{name} to {other}", tier)
    in_module = scope.is_module(node.func.value)
    inner = node.args[0] if in_module and node.args else node.func.value
    if (
        not isinstance(inner, ast.Starred | ast.Tuple)
        and not scope.is_module(inner)
        and name not in ("append", "backward")
    ):
        tier = 2 if name in OFTEN_DROPPED else 3
        yield scope.replace(node, scope.code(inner), "call dropped", tier)
    if name == "sign":  # the gradient of the absolute error for that of the squared one
        yield scope.replace(node, Code("2").binary("*", scope.code(inner)), "sign to twice the error", 2)
    for keyword in node.keywords:
        if keyword.arg in ("out", "dtype", "ddof", "where"):
            kept = [scope.text.segment(each) for each in [*node.args, *(k for k in node.keywords if k is not keyword)]]
            yield scope.replace(node, f"{head}({', '.join(kept)})", f"{keyword.arg} dropped", 1)


def in_place_methods(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """A torch method without its underscore, which leaves its tensor as it was."""
    if isinstance(node, ast.Attribute) and re.fullmatch(r"[a-z]\w*[a-z]_", node.attr):
        yield scope.replace(node, scope.text.segment(node)[:-1], "in place no longer", 1)


def roots_and_eps(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """A root put around a variance, and eps under the root, outside of it, or added."""
    line, code = scope.line(node), scope.code(node)
    if isinstance(node, ast.Call) and path(node.func).endswith((".std", ".var")) and node.args:
        argument = node.args[0]
        if isinstance(argument, ast.BinOp) and _is_eps(argument.right):  # std(var + eps)
            yield scope.replace(node, f"{scope.module()}.sqrt({scope.text.segment(argument)})", "root for std", 0)
    is_root = isinstance(node, ast.Call) and path(node.func).endswith("sqrt") and len(node.args) == 1
    root = f"{scope.module()}.sqrt"
    if isinstance(node, ast.Call) and is_root:
        inner = scope.code(node.args[0])
        for eps in _eps(line, scope) if "eps" not in inner.text else ():
            yield scope.replace(node, f"{scope.text.segment(node.func)}({inner.binary('+', eps).text})", "eps added", 1)
        if isinstance(node.args[0], ast.BinOp) and _is_eps(node.args[0].right):
            variance, eps = scope.code(node.args[0].left), scope.code(node.args[0].right)
            outside = Code(f"{scope.text.segment(node.func)}({variance.text})").binary("+", eps)
            yield scope.replace(node, outside, "eps out of the root", 1)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and _is_eps(node.right):
        left = node.left
        if isinstance(left, ast.Call) and path(left.func).endswith("sqrt") and left.args:
            under = scope.code(left.args[0]).binary("+", scope.code(node.right))
            yield scope.replace(node, f"{scope.text.segment(left.func)}({under.text})", "eps under the root", 0)
        square = scope.code(left).binary("**", Code("2")).binary("+", scope.code(node.right))
        yield scope.replace(node, f"{root}({square.text})", "eps under the root", 3)
        yield scope.replace(node, f"{root}({code.text})", "root added", 1)
    elif not is_root and VARIANCE.fullmatch(path(node).rpartition(".")[2]) and not _stored(node):
        yield scope.replace(node, f"{root}({code.text})", "root added", 2)
        for eps in _eps(line, scope):
            yield scope.replace(node, f"{root}({code.binary('+', eps).text})", "root added", 2)
    yield from _eps_of_divisor(node, scope)


def _eps_of_divisor(node: ast.expr, scope: Scope) -> Iterator[Change]:
    parent = scope.parent(node)
    base = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Pow) and node is parent.left
    divisor = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Div) and node is parent.right
    of_array = scope.variables.kinds.get(path(node), "array") == "array" and not isinstance(node, ast.Constant)
    if not (base or divisor) or not of_array or "eps" in scope.text.segment(node):
        return
    for eps in _eps(scope.line(node), scope):
        yield scope.replace(node, scope.code(node).binary("+", eps), "eps added", 2)


def _stored(node: ast.expr) -> bool:
    return isinstance(node, ast.Name | ast.Attribute) and not isinstance(node.ctx, ast.Load)


def _eps(line: int, scope: Scope) -> list[Code]:
    names = [name for name in scope.variables.of_kind("setting", before=line) if EPS.fullmatch(name.rpartition(".")[2])]
    return [Code(name) for name in names] or [Code("1e-5"), Code("1e-8")]


def _is_eps(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, float) and 0 < node.value < 0.01
    return EPS.fullmatch(path(node).rpartition(".")[2]) is not None


def stable_forms(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """Exponentials that cannot overflow, and logarithms that never see 0."""
    if isinstance(node, ast.BinOp):
        yield from _stable_sigmoid(node, scope)
        yield from _stable_softmax(node, scope)
    if not (isinstance(node, ast.Call) and node.args and scope.is_module(node.func)):
        return
    head, inner, module = scope.text.segment(node.func), scope.code(node.args[0]), scope.module()
    if head.endswith(".exp") and not isinstance(node.args[0], ast.UnaryOp):
        for axis in (1, 0, -1):
            keeping = f"axis={axis}, keepdims=True"
            largest = Code(f"{module}.max({inner.text}, {keeping})")
            if scope.uses_torch:
                largest = inner.dotted(f".amax(dim={axis}, keepdim=True)")
            yield scope.replace(node, f"{head}({inner.binary('-', largest).text})", "largest logit subtracted", 1)
    if head.endswith(".log"):
        bounded = Code(f"{module}.clip({inner.text}, 1e-12, None)")
        clipped = inner.dotted(".clamp(min=1e-12)") if scope.uses_torch else bounded
        yield scope.replace(node, f"{head}({clipped.text})", "logarithm bounded", 1)
        for eps in ("1e-12", "1e-8"):
            yield scope.replace(node, f"{head}({inner.binary('+', Code(eps)).text})", "logarithm bounded", 1)
        yield from _stable_softplus(node, scope)
    if head.endswith(".vectorize") and not node.keywords:
        yield scope.replace(node, f"{head}({inner.text}, otypes=[float])", "type of the result", 1)


def _stable_sigmoid(node: ast.BinOp, scope: Scope) -> Iterator[Change]:
    match = re.fullmatch(r"1\.?0?\s*/\s*\(\s*1\.?0?\s*\+\s*(\w+)\.exp\(\s*-(.+)\)\s*\)", scope.text.segment(node))
    if match:
        half = Code("0.5").binary("*", Code(match[2], Level.SIGN)).text
        stable = Code("0.5").binary("*", Code(f"1 + {match[1]}.tanh({half})", Level.SUM))
        yield scope.replace(node, stable, "exponential that cannot overflow", 1)


def _stable_softmax(node: ast.BinOp, scope: Scope) -> Iterator[Change]:
    """The largest logit subtracted from both exponentials of exp(z) / sum(exp(z))."""
    numerator = node.left
    if not (isinstance(node.op, ast.Div) and isinstance(numerator, ast.Call) and path(numerator.func).endswith("exp")):
        return
    text, exponential = scope.text.segment(node), scope.text.segment(numerator)
    if text.count(exponential) == 2 and len(numerator.args) == 1:
        inner = scope.code(numerator.args[0])
        axis = "dim=-1, keepdim=True" if scope.uses_torch else "axis=-1, keepdims=True"
        largest = inner.dotted(f".{'amax' if scope.uses_torch else 'max'}({axis})")
        shifted = f"{scope.text.segment(numerator.func)}({inner.binary('-', largest).text})"
        changed = Code(text.replace(exponential, shifted), Level.PRODUCT)
        yield scope.replace(node, changed, "largest logit subtracted", 1)


def _stable_softplus(node: ast.Call, scope: Scope) -> Iterator[Change]:
    match = re.fullmatch(r"(\w+)\.log\(1\.?0?\s*\+\s*\w+\.exp\((.+)\)\)", scope.text.segment(node))
    if match and not scope.uses_torch:
        yield scope.replace(node, f"{match[1]}.logaddexp(0, {match[2]})", "exponential that cannot overflow", 1)


def allocations(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """Padding with minus infinity, and arrays of the right type."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
        return
    name, module, first = node.func.attr, scope.module(), scope.text.segment(node.args[0])
    infinity = 'float("-inf")' if scope.uses_torch else f"-{module}.inf"
    if name == "pad":
        value = "value" if scope.uses_torch else "constant_values"
        kept = [scope.text.segment(each) for each in [*node.args[:3], *(k for k in node.keywords if k.arg != value)]]
        changed = f"{scope.text.segment(node.func)}({', '.join([*kept, f'{value}={infinity}'])})"
        yield scope.replace(node, changed, "padding with minus infinity", 1)
    if name in ("zeros", "empty"):
        yield scope.replace(node, f"{module}.full({first}, {infinity})", "minus infinity for zeros", 2)
    if name in ("zeros_like", "empty_like"):
        yield scope.replace(node, f"{module}.full_like({first}, {infinity})", "minus infinity for zeros", 3)
        yield scope.replace(node, f"{module}.zeros({first}.shape)", "type of the result", 2)
    if name in ("rand", "random", "uniform", "randn") and scope.is_module(node.func.value):
        for array in scope.whole_arrays(scope.line(node))[:2]:
            shape = f"*{array}.shape" if name.startswith("rand") and name != "random" else f"{array}.shape"
            yield scope.replace(node, f"{scope.text.segment(node.func)}({shape})", "shape of a draw", 2)


RULES = (other_functions, in_place_methods, roots_and_eps, stable_forms, allocations)
