"""How kernels reach generated code: a routine is compiled once and called by its address; a snippet is written inline.

Numba needs the number, the names and the types of the arguments. They are declared once, as the fields of a NamedTuple
or as the parameters of the function that writes the code; all of them are 64-bit integers, addresses among them.
"""

from collections.abc import Callable, Sequence
from inspect import Parameter, Signature, signature
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target
from numba.extending import intrinsic

from backhand.kernels import jit
from backhand.kernels.simd.emitter import INT, Emitter, Value

Write = Callable[[Emitter, Any], None]  # what writes the code of a routine: see `compiled`
_libraries: list[Any] = []  # code lives as long as the library that it is in


def compiled(name: str, arguments: Any, write: Write) -> int:
    """The address of a routine with these arguments, a NamedTuple, whose code `write` writes.

    The name says which routine it is, and for which constants: it is the key under which the code is kept on disk.
    """
    codegen = cpu_target.target_context.codegen()
    code = jit.stored(name, (name, codegen.magic_tuple()), lambda: _generate(name, arguments, write))
    library = codegen.unserialize_library(code)
    _libraries.append(library)
    return int(library.get_pointer_to_function(name))


@global_compiler_lock
def _generate(name: str, arguments: Any, write: Write) -> tuple[Any, ...]:
    """The machine code of a routine, in Numba's form."""
    library = cpu_target.target_context.codegen().create_library(name)
    library.enable_object_caching()
    module = library.create_ir_module(name)
    function = ir.Function(module, _routine_type(arguments), name)
    builder = ir.IRBuilder(function.append_basic_block())
    write(Emitter(builder), arguments(*function.args))
    builder.ret_void()
    library.add_ir_module(module)
    library.finalize()
    return tuple(library.serialize_using_object_code())


def _routine_type(arguments: Any) -> ir.FunctionType:
    """The type of a routine to LLVM: it takes integers, and returns nothing."""
    return ir.FunctionType(ir.VoidType(), [INT] * len(arguments._fields))


def caller(arguments: Any) -> Any:
    """What kernels call a routine with: the address, and then the fields of `arguments`, best by their names."""
    kind = _routine_type(arguments)

    def write(emitter: Emitter, address: Value, *values: Value) -> None:
        builder = emitter.builder
        builder.call(builder.inttoptr(address, kind.as_pointer()), values)

    return _snippet(write, ["address", *arguments._fields])


def inlined(write: Callable[..., None]) -> Any:
    """Make of a function that writes code one that kernels call: the code is written where they do.

    The first parameter is the emitter, the others are the arguments.
    """
    return _snippet(write, [*signature(write).parameters][1:])


def _snippet(write: Callable[..., None], names: Sequence[str]) -> Any:
    """What Numba calls an intrinsic, with arguments of these names, by which kernels may pass them."""

    def define(*_: Any, **__: Any) -> Any:
        def generate(context: Any, builder: ir.IRBuilder, _: Any, values: Sequence[Value]) -> Value:
            write(Emitter(builder), *values)
            return context.get_dummy_value()

        return types.void(*[types.intp] * len(names)), generate

    define.__name__, define.__doc__ = write.__name__, write.__doc__
    parameters = [Parameter(name, Parameter.POSITIONAL_OR_KEYWORD) for name in ("typing_context", *names)]
    define.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    return intrinsic(define)
