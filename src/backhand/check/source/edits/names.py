"""The variables of a function, sorted by what they hold: arrays, sizes, indices of loops, or settings."""

import ast
import dis
import re
from collections import Counter
from collections.abc import Sequence
from types import FunctionType

SETTING = re.compile(
    r"_?(p|p_|q|eps\w*|epsilon|reg\w*|lam\w*|lmbda|l1\w*|l2\w*|weight_decay|decay|momentum|mu_m|alpha|beta[12]?_?|rho|lr"
    r"|learning_rate|eta|rate|ratio|\w*ratio|\w*_rate|keep\w*|prob|drop\w*|slope|negative_slope|delta_m|margin|t|step)"
)
FLAG = re.compile(r"mode|train\w*|is_train\w*|test\w*|seed|\w*_flg|\w*_flag|axis|dim|padding_mode|config|\w*_param")
SIZE = re.compile(
    r"N|M|D|C|F|HH|WW|Hp|Wp|m|n|n_[A-Za-z]\w*|num_\w+|\w*batch_?size|\w*stride\w*|pad|pad_?[hwHW]|[hw]_?pad|padding\w*|[ps][hw]|s"
    r"|\w*height|\w*width|\w*_size|[HhWw]_?(out|new|prime|in|prev)\w*|out_?[hwHW]|[HW][o_]|f|k[hw]|[fk]_?[hw]|kernel_size|pool_\w+|\w+_channels|n[hw]"
)
INDEX = re.compile(r"[ijkl]|[hwrc]_?(start|end|s|e)|vert_\w+|horiz_\w+|h[12]|w[12]|row|col|idx\w*")


def path(node: ast.AST) -> str:
    """The dotted name of a name or an attribute, or that of what an index goes into; "" for anything else."""
    while isinstance(node, ast.Subscript | ast.Starred):
        node = node.value
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = path(node.value)
        return f"{base}.{node.attr}" if base else ""
    return ""


def attributes_of_class(function: FunctionType) -> frozenset[str]:
    """The attributes of self that the function's class and its bases store, found through the function's module."""
    *owners, _ = function.__code__.co_qualname.split(".")
    if not owners or "<locals>" in owners:
        return frozenset()
    owner: object = function.__globals__.get(owners[0])
    for inner in owners[1:]:
        owner = getattr(owner, inner, None)
    classes = owner.__mro__[:-1] if isinstance(owner, type) else ()
    methods = [each for cls in classes for each in vars(cls).values() if isinstance(each, FunctionType)]
    return frozenset(
        f"self.{instruction.argval}"
        for method in methods
        for instruction in dis.get_instructions(method)
        if instruction.opname == "STORE_ATTR"
    )


class Variables:
    """The variables of a function by kind, in the order in which they are bound, and how often each is read."""

    def __init__(
        self, definition: ast.AST, statements: Sequence[ast.stmt], attributes: frozenset[str], free: Sequence[str]
    ) -> None:
        self.bound: dict[str, int] = {}  # the line from which each has a value
        self.kinds: dict[str, str] = {}
        self.reads: Counter[str] = Counter()
        self.parameters: list[str] = []
        self.lists: set[str] = set()  # what is first bound to a list
        self.given: set[str] = set()  # parameters, attributes, and what is unpacked from one of them
        self.computed_from: dict[str, str] = {}  # by the name of f(a): a
        self._bind_parameters(definition, 0)
        for name in free:
            if name != "__class__":
                self._bind(name, 0, "")
        for container in _containers(definition):
            self.kinds[container] = "container"
        for statement in statements:
            self._bind_targets(statement)
        self._bind_attributes(definition, attributes)

    def _bind_parameters(self, definition: ast.AST, line: int) -> None:
        arguments = getattr(definition, "args", None)
        if isinstance(arguments, ast.arguments):
            for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
                if argument.arg not in ("self", "cls", "ctx"):
                    self.parameters.append(argument.arg)
                    self._bind(argument.arg, line, "")
                    self.given.add(argument.arg)

    def _bind_attributes(self, definition: ast.AST, attributes: frozenset[str]) -> None:
        """Count what is read; bind the attributes of self that are read here or stored by the class, but not called."""
        for node in ast.walk(definition):
            if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
                self.reads[path(node)] += 1
        called = {path(node.func) for node in ast.walk(definition) if isinstance(node, ast.Call)}
        read = [name for name in self.reads if re.fullmatch(r"self\.\w+", name)]
        for name in [*read, *sorted(attributes.difference(read))]:
            if name not in called:
                self._bind(name, 0, "")
                self.given.add(name)
        for name in called:
            self.bound.pop(name, None)

    def _bind_targets(self, statement: ast.stmt) -> None:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                self._bind_target(target, statement.value, statement.lineno)
        elif isinstance(statement, ast.AugAssign | ast.AnnAssign) and statement.value is not None:
            self._bind_target(statement.target, statement.value, statement.lineno)
        elif isinstance(statement, ast.FunctionDef):
            self._bind_parameters(statement, statement.lineno)
        elif isinstance(statement, ast.For):
            counted = isinstance(statement.iter, ast.Call) and path(statement.iter.func) in ("range", "enumerate")
            for node in ast.walk(statement.target):
                if isinstance(node, ast.Name):
                    self._bind(node.id, statement.lineno, "index" if counted else "")

    def _bind_target(self, target: ast.expr, value: ast.expr, line: int) -> None:
        if isinstance(target, ast.Tuple | ast.List):
            values = value.elts if isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts) else None
            for i, element in enumerate(target.elts):
                self._bind_target(element, values[i] if values else value, line)
        elif not isinstance(target, ast.Subscript):
            name = path(target)
            if name and name != "_":
                if isinstance(value, ast.Name | ast.Attribute | ast.Subscript) and path(value).partition(".")[0] in (
                    *self.parameters,
                    "self",
                    "ctx",
                ):
                    self.given.add(name)
                if isinstance(value, ast.List | ast.ListComp) and name not in self.bound:
                    self.lists.add(name)
                if isinstance(value, ast.Call) and len(value.args) == 1 and path(value.args[0]):
                    self.computed_from.setdefault(name, path(value.args[0]))
                self._bind(name, line, self._kind_of_value(name, value))

    def _kind_of_value(self, name: str, value: ast.expr) -> str:
        if _is_size(value):
            return "size"
        key = key_of(value)
        if key:
            return kind_of_name(key)
        operands = [node for node in ast.walk(value) if isinstance(node, ast.Name | ast.Attribute | ast.Constant)]
        plain = isinstance(value, ast.BinOp | ast.Call | ast.Name) and all(
            isinstance(node, ast.Constant) or self.kinds.get(path(node)) in ("size", "index") or path(node) == "int"
            for node in operands
        )
        if plain and operands:
            return "index" if INDEX.fullmatch(name) else "size"
        return "array" if isinstance(value, ast.Call | ast.BinOp) else ""

    def _bind(self, name: str, line: int, kind: str) -> None:
        self.bound.setdefault(name, line)
        bare = name.rpartition(".")[2]
        unclear = "." in name and len(bare) == 1 and bare not in "pN"  # self.s is an array more often than a stride
        self.kinds.setdefault(name, kind or ("array" if unclear else kind_of_name(bare)))

    def of_kind(self, *kinds: str, before: int | None = None) -> list[str]:
        """The variables of these kinds, those alone that have a value in the line `before` if it is given."""
        return [
            name for name, line in self.bound.items() if self.kinds[name] in kinds and (before is None or line < before)
        ]

    def tier_if_unused(self, name: str) -> int:
        """How unusual a change to a variable that is never read is: backward often ignores the bias of its cache."""
        if re.fullmatch(r"b\w?|bias\w*|beta\d?", name):
            return 3
        return 0 if name in self.parameters else 1

    def is_unused(self, name: str) -> bool:
        """Whether a variable that this function binds is never read."""
        return not self.reads[name] and not name.startswith("self.")


def key_of(value: ast.expr) -> str:
    """The text under which a value stands in a dictionary: "p" of parameters["p"] and of parameters.get("p", 0.5)."""
    arguments = [value.slice] if isinstance(value, ast.Subscript) else value.args if isinstance(value, ast.Call) else []
    called = not isinstance(value, ast.Call) or path(value.func).endswith((".get", ".pop", ".setdefault"))
    first = arguments[0] if arguments and called else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""


def _containers(definition: ast.AST) -> set[str]:
    """The names of tuples that are unpacked and of dictionaries that are read by a text."""
    unpacked = {
        path(node.value)
        for node in ast.walk(definition)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple) and isinstance(node.value, ast.Name)
    }
    read = (node for node in ast.walk(definition) if isinstance(node, ast.Subscript | ast.Call) and key_of(node))
    bases = (node.value if isinstance(node, ast.Subscript) else node.func for node in read)
    return unpacked | {
        path(base.value if isinstance(base, ast.Attribute) and base.attr == "get" else base) for base in bases
    }


def kind_of_name(name: str) -> str:
    """What a variable holds, as far as its name alone tells."""
    if FLAG.fullmatch(name):
        return "flag"
    if SETTING.fullmatch(name):
        return "setting"
    if INDEX.fullmatch(name):
        return "index"
    return "size" if SIZE.fullmatch(name) else "array"


def _is_size(value: ast.expr) -> bool:
    """Whether a value is a shape, a length, or taken from a shape."""
    if isinstance(value, ast.Call):
        return path(value.func) in ("len", "int") or path(value.func).endswith(".size")
    node = value.value if isinstance(value, ast.Subscript) else value
    return isinstance(node, ast.Attribute) and node.attr in ("shape", "size", "ndim")
