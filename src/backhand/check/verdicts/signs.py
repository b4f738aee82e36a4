"""Signs of a mistake in the text of a statement: what the line of a cause has in it, whatever its names are.

A sign says of a statement that was run whether it may be the one.
"""

import ast
import re
from collections.abc import Callable

from backhand.check.reading.words import words
from backhand.check.source.edits.flow import targets
from backhand.check.source.edits.names import path
from backhand.check.source.running import Statement

Sign = Callable[[Statement], bool]
RANDOM = re.compile(r"\b(rand\w*|random|binomial|bernoulli|choice|uniform|normal|default_rng)\b")
MODES = {"train", "training", "test", "testing", "eval", "inference", "mode", "stochastic"}
REDUCTIONS = {"sum", "mean", "average", "var", "std", "max", "amax", "min", "amin", "nansum"}
MAXIMA = {"max", "amax", "maximum", "nanmax"}
STATISTICS = {"running", "moving", "ema", "average", "averaged", "global", "run", "mov"}
PRODUCTS = {"dot", "matmul", "mm", "bmm", "einsum", "tensordot"}
PLACING = {
    "reshape",
    "view",
    "transpose",
    "permute",
    "squeeze",
    "ravel",
    "flatten",
    "copy",
    "clone",
    "astype",
    "swapaxes",
}
PLACING |= {"moveaxis", "rollaxis", "expand_dims", "unsqueeze", "contiguous", "float", "double", "asarray", "array"}
EMPTY = {"zeros", "zeros_like", "empty", "empty_like", "dict", "list", "defaultdict", "new_zeros"}
LIBRARIES = ("np", "numpy", "torch", "xp", "cp")
SHARES = ("times", "divided", "averaged", "1/N", "factor", "count", "mean", "twice", "sum", "scale", "half")


def called(statement: Statement) -> set[str]:
    """The last names of the functions that a statement calls: sum for np.sum and for x.sum alike."""
    calls = [each.func for each in statement.walk() if isinstance(each, ast.Call)]
    return {each.attr if isinstance(each, ast.Attribute) else getattr(each, "id", "") for each in calls}


def calls(*names: str) -> Sign:
    """The sign that one of these functions is called."""
    return lambda statement: bool(called(statement) & set(names))


def guards_draws(statement: Statement) -> bool:
    """A condition decides whether random numbers are drawn."""
    node = statement.node
    inner = [each for part in node.body for each in ast.walk(part)] if isinstance(node, ast.If) else []
    return any(isinstance(each, ast.Call) and RANDOM.fullmatch(_text(each.func)) for each in inner)


def draws(statement: Statement) -> bool:
    """A statement that draws random numbers, such as `np.random.rand(...)`."""
    return any(RANDOM.fullmatch(name) for name in called(statement))


def makes_a_mask(statement: Statement) -> bool:
    """A mask gets its value."""
    names = [path(target) for target, _ in targets(statement.node)]
    return any({"mask", "masks", "keep", "kept", "dropped"} & set(words(name)) for name in names)


def asks_for_the_mode(statement: Statement) -> bool:
    """A condition asks whether this is training or a test."""
    tests = [each.test for each in statement.walk() if isinstance(each, ast.IfExp)]
    tests += [statement.node.test] if isinstance(statement.node, ast.If) else []
    return any(MODES & set(words(_text(each))) for test in tests for each in ast.walk(test))


def _text(node: ast.AST) -> str:
    return str(getattr(node, "id", None) or getattr(node, "attr", None) or getattr(node, "value", ""))


def keeps_an_average(statement: Statement) -> bool:
    """A variable gets a sum of its old value and a new one, such as a running mean or a velocity."""
    node = statement.node
    if isinstance(node, ast.AugAssign):
        return names_statistics(statement)
    for target, value in targets(node):
        if value is None:
            continue
        sums = [each for each in ast.walk(value) if isinstance(each, ast.BinOp)]
        if any(isinstance(each.op, ast.Add | ast.Sub) for each in sums):
            given, read = ast.unparse(target), {ast.unparse(each) for each in ast.walk(value) if _is_variable(each)}
            if given in read or (names_statistics(statement) and {path(target)} & {*map(_bare, read)}):
                return True
    return False


def _is_variable(node: ast.AST) -> bool:
    return isinstance(node, ast.Name | ast.Attribute | ast.Subscript)


def _bare(text: str) -> str:
    return text.partition("[")[0]


def names_statistics(statement: Statement) -> bool:
    """What gets a value is called a running or a moving average."""
    return any(STATISTICS & set(words(ast.unparse(target))) for target, _ in targets(statement.node))


def takes_a_root(statement: Statement) -> bool:
    """A square root is taken, by a function or as a power."""
    halves = [each for each in powers(statement) if re.search(r"0?\.5|/ ?2|1\.5", ast.unparse(each))]
    return bool(halves) or bool(called(statement) & {"sqrt", "rsqrt", "sqrt_"})


def powers(statement: Statement) -> list[ast.expr]:
    """The exponents in a statement."""
    found = [each.right for each in statement.walk() if isinstance(each, ast.BinOp) and isinstance(each.op, ast.Pow)]
    called_ones = [each for each in statement.walk() if isinstance(each, ast.Call) and each.args]
    return [*found, *(each.args[-1] for each in called_ones if path(each.func).endswith(("power", "pow")))]


def reduces(statement: Statement) -> bool:
    """A sum, a mean, a variance or a maximum is taken."""
    return bool(called(statement) & REDUCTIONS)


def reduces_everything(statement: Statement) -> bool:
    """One is taken without an axis."""
    for each in statement.walk():
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute) and each.func.attr in REDUCTIONS:
            of_library = path(each.func.value) in LIBRARIES
            if len(each.args) <= of_library and not any(word.arg in ("axis", "dim") for word in each.keywords):
                return True
    return False


def deviates(statement: Statement) -> bool:
    """A standard deviation is taken."""
    return bool(called(statement) & {"std", "nanstd"})


def multiplies(statement: Statement) -> bool:
    """A statement that multiplies matrices, by `@` or by a function such as `np.dot`."""
    products = [each for each in statement.walk() if isinstance(each, ast.BinOp) and isinstance(each.op, ast.MatMult)]
    return bool(products) or bool(called(statement) & PRODUCTS)


def divides(statement: Statement) -> bool:
    """A statement that divides, by `/`, `//` or `/=`."""
    operators = [each.op for each in statement.walk() if isinstance(each, ast.BinOp)]
    operators += [statement.node.op] if isinstance(statement.node, ast.AugAssign) else []
    return any(isinstance(each, ast.Div | ast.FloorDiv) for each in operators)


def makes_a_float(statement: Statement) -> bool:
    """Something is divided by `/`, which gives no whole number."""
    return any(isinstance(each, ast.BinOp) and isinstance(each.op, ast.Div) for each in statement.walk())


def scales_by_a_number(statement: Statement) -> bool:
    """Something is multiplied with a number, or divided by one, that is written out."""
    products = [
        each for each in statement.walk() if isinstance(each, ast.BinOp) and isinstance(each.op, ast.Mult | ast.Div)
    ]
    factors = [part for each in products for part in (each.left, each.right)]
    return any(isinstance(part, ast.Constant) and not isinstance(part.value, str) for part in factors)


def compares(statement: Statement) -> bool:
    """A mask comes from a comparison."""
    compared = any(isinstance(each, ast.Compare | ast.IfExp) for each in statement.walk())
    return compared and not isinstance(statement.node, ast.If | ast.While)


def picks_labels(statement: Statement) -> bool:
    """One entry of each row is taken or changed, as [np.arange(N), y] does."""
    indices = [part for each in statement.walk() if isinstance(each, ast.Subscript) for part in ast.walk(each.slice)]
    return any(isinstance(part, ast.Call) and path(part.func).endswith("range") for part in indices)


def chooses(statement: Statement) -> bool:
    """Values are chosen by a condition, element by element."""
    return compares(statement) or bool(called(statement) & {"where", "select", "piecewise", "masked_fill"})


def makes_an_array(statement: Statement) -> bool:
    """An array is made that is filled later."""
    return bool(called(statement) & {"zeros_like", "empty_like", "ones_like", "copy", "empty", "zeros", "clone"})


def begins_empty(value: ast.AST | None) -> bool:
    """Whether an expression is a container or an array that is yet to be filled."""
    if isinstance(value, ast.ListComp):
        return begins_empty(value.elt)
    if isinstance(value, ast.Dict | ast.List):
        return not ast.unparse(value).strip("[]{}")
    return isinstance(value, ast.Call) and path(value.func).rpartition(".")[2] in EMPTY


def only_places(value: ast.AST | None) -> bool:
    """Whether an expression has the values of another, only placed otherwise: reshaped, transposed, cut, copied."""
    while value is not None:
        if isinstance(value, ast.Name):
            return True
        if isinstance(value, ast.Subscript | ast.Attribute):
            value = value.value
        elif isinstance(value, ast.Call) and path(value.func).rpartition(".")[2] in PLACING:
            owner = value.func.value if isinstance(value.func, ast.Attribute) else None
            value = owner if owner is not None and path(owner) not in LIBRARIES else next(iter(value.args), None)
        else:
            return False
    return False
