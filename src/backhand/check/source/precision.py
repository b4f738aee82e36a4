"""float32 in a person's code raised to float64, since a gradient check needs the digits; and all on the processor."""

import ast
import re
import sys

WIDER = {  # names of types, of whatever module
    "float32": "float64",
    "float16": "float64",
    "bfloat16": "float64",
    "FloatTensor": "DoubleTensor",
    "HalfTensor": "DoubleTensor",
}
WIDER_NUMPY = {"single": "float64", "half": "float64", "csingle": "complex128", "complex64": "complex128"}
WIDER_TORCH = {"float": "float64", "half": "float64", "cfloat": "complex128", "complex64": "complex128"}
NUMPY = {"np", "numpy", "jnp", "onp", "xp"}
TORCH = {"torch", "th"}
CODES = {"f", "f4", "<f4", "=f4", "single", "f2", "e", "half"}
AS_IS = {"frombuffer", "fromfile", "fromstring", "memmap", "view", "finfo"}  # there the type says what the bytes mean


class Widening(ast.NodeTransformer):
    """Rewrites single precision to double, and CUDA to the processor.

    changed: whether there was single precision.   on_graphics: whether code asked for CUDA.
    """

    def __init__(self) -> None:
        self.changed = self.on_graphics = False

    def _wider(self, name: str, owner: str = "") -> str | None:
        """The wider type's name, for an attribute of the module `owner`."""
        table = WIDER_NUMPY if owner in NUMPY else WIDER_TORCH if owner in TORCH else {}
        return WIDER.get(name) or table.get(name)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """Widen types such as np.float32 and torch.float."""
        self.generic_visit(node)
        wider = self._wider(node.attr, ast.unparse(node.value))
        if wider and isinstance(node.ctx, ast.Load):
            self.changed = True
            node.attr = wider
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        """Widen a type that is written as a string."""
        if isinstance(node.value, str) and re.fullmatch(r"cuda(:\d+)?", node.value):
            node.value, self.on_graphics = "cpu", True  # a check runs on the processor
        if isinstance(node.value, str) and node.value in {"float32", "float16", "torch.float32"}:
            self.changed = True
            node.value = node.value.replace("32", "64").replace("16", "64")
        return node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST:
        """Import the wider type under the name of the narrow one."""
        root = (node.module or "").partition(".")[0]
        for alias in node.names if root in {"numpy", "torch", "jax", "numba"} else ():
            if wider := self._wider(alias.name, root):
                self.changed = True
                alias.asname, alias.name = alias.asname or alias.name, wider
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Widen short codes of types in the arguments, and the methods float() and half() of tensors."""
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if name in AS_IS:
            node.func = self.visit(node.func)
            return node
        typed = [each for each in node.keywords if each.arg == "dtype"]
        given = [*(each.value for each in typed), *(node.args[:1] if name == "astype" else [])]
        for each in given:
            if isinstance(each, ast.Constant) and each.value in CODES:
                self.changed = True
                each.value = "float64"
        if name == "cuda" and isinstance(node.func, ast.Attribute):
            node.func.attr, node.args, self.on_graphics = "cpu", [], True
        if name in {"float", "half", "bfloat16"} and not node.args and not node.keywords:
            self.changed = True
            node.func = ast.copy_location(ast.Attribute(node.func.value, "double", ast.Load()), node.func)  # type: ignore[attr-defined]
        self.generic_visit(node)
        return node


def widen_library(name: str) -> bool:
    """Let a library that was just imported compute in float64 from now on; whether it would not have done so."""
    module = sys.modules.get(name)
    if name == "torch" and module is not None:
        module.set_default_dtype(module.float64)
        return True
    if name == "jax" and module is not None:
        module.config.update("jax_enable_x64", True)
        return True
    if name == "numba" and module is not None:
        module.config.DISABLE_JIT = True  # plain Python computes the same, and takes methods of any object
    return False
