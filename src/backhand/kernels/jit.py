"""Compiling kernels: once for a processor and a version of this package; from then on, code is read from disk.

A parallel kernel loops with `prange` over shards of its work: as many as there are threads, or one where there is not
much to do. Their number depends on nothing but threads and shapes, so that results are the same to the bit from run to
run.
"""

import errno
import hashlib
import logging
import os
import pickle
import time
import warnings
from collections.abc import Callable
from functools import cache, wraps
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import numba
import numpy as np
from numba import njit
from numba.core.compiler import CompileResult
from numba.core.errors import NumbaError
from numba.core.serialize import dumps
from numba.core.sigutils import normalize_signature

import backhand
from backhand.errors import BackhandError, KernelError
from backhand.files.atomic import write_atomic
from backhand.files.locations import cache_dir
from backhand.kernels import THREADS, listeners
from backhand.machine import cores

log = logging.getLogger(__name__)

# Threads of GNU's OpenMP that wait for others keep their core busy for milliseconds. Where another program needs the
# core too, steps then take twenty times as long. So threads wait actively for microseconds only, and then sleep.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")
# LLVM may reorder sums, so that they fill vectors; NaN and infinity keep their meaning.
FAST = {"reassoc", "contract", "nsz"}
DIGEST = hashlib.sha256().digest_size
# Values that a pass over memory reads or writes before it is worth waking other threads, which takes some 20 µs.
WORTH_WAKING = 2**17
PRODUCTS = 16  # multiply-adds that take about as long as reading or writing a value


@cache
def folder() -> Path | None:
    """The folder for compiled kernels: one for each version of Numba and of the sources, and each processor.

    It is in the user's cache folder, or in $BACKHAND_CACHE. Code in it is run, as the package itself is, so only its
    owner may access it. None where there is no such folder, and none can be created.
    """
    root = cache_dir()
    if root is None:
        return None
    sources = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        sources.update(path.read_bytes())
    name = f"{backhand.__version__}-numba{numba.__version__}-{_processor()}-{sources.hexdigest()[:16]}"
    kernels = root / "kernels" / name
    try:
        kernels.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(kernels, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        warnings.warn(f"kernels are compiled in every run: cannot write {kernels} ({error.strerror})", stacklevel=2)
        return None
    return kernels


def _processor() -> str:
    """The processor's name, and a digest of its features, in which processors of one name may differ."""
    features = hashlib.sha256(llvm.get_host_cpu_features().flatten().encode()).hexdigest()
    return f"{llvm.get_host_cpu_name()}-{features[:8]}"


class Cache:
    """What Numba asks for compiled code: it keeps a file for each function and signature, see `stored`.

    Numba's own cache keeps an index, which two processes that compile at once can leave wrong. This one has the methods
    that Numba calls, and none of Numba's classes behind it.
    """

    def __init__(self, function: Callable[..., Any], compiler: Any) -> None:
        self._function, self._compiler = function, compiler
        self._parallel = bool(compiler.targetoptions.get("parallel"))

    @property
    def cache_path(self) -> str:
        """The folder where compiled code is kept."""
        return str(folder())

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled function, from its file or by compiling it."""
        target_context.refresh()
        function, magic = self._function, target_context.codegen().magic_tuple()
        closure = [cell.cell_contents for cell in function.__closure__ or ()]
        key = function.__module__, function.__qualname__, sig, self._parallel, magic, closure
        code = stored(function.__name__, key, lambda: self._compiler.compile(*normalize_signature(sig))._reduce())
        return CompileResult._rebuild(target_context, *code)

    def save_overload(self, sig: Any, data: Any) -> None:
        """Do nothing: what is compiled has been kept already."""

    def enable(self) -> None:
        """Do nothing: this cache is always on."""

    def disable(self) -> None:
        """Do nothing: this cache cannot be turned off."""

    def flush(self) -> None:
        """Do nothing: the folder's name says what its files were made from, so none is ever out of date."""


def stored(name: str, key: object, compile_code: Callable[[], tuple[Any, ...]]) -> tuple[Any, ...]:
    """Compiled code, from the file for this name and key, or by compiling it and keeping it there.

    What has just been compiled runs as if it had been read from its file, by way of its bytes: otherwise Numba would
    optimise it once more when it links it, and sums might be taken in another order.
    A file begins with its checksum. One that is missing, damaged or not to be written means compiling, nothing worse.
    """
    root = folder()
    path = root and root / f"{name}-{hashlib.sha256(repr(key).encode()).hexdigest()[:24]}"
    code = _read(path)
    if not code:
        for listener in listeners:
            listener(name)
        start = time.perf_counter()
        code = bytes(dumps(compile_code()))
        log.info("kernel %s compiled in %.2f s", name, time.perf_counter() - start)
        _keep(path, code)
    return tuple(pickle.loads(code))


def _read(path: Path | None) -> bytes:
    """What a file holds behind its checksum, or nothing if it is not as it was written."""
    try:
        content = path.read_bytes() if path else b""
    except OSError:
        content = b""
    digest, code = content[:DIGEST], content[DIGEST:]
    return code if hashlib.sha256(code).digest() == digest else b""


def _keep(path: Path | None, code: bytes) -> None:
    """Write compiled code to its file; where that fails, the next process compiles again."""
    try:
        if path is not None:
            write_atomic(path, hashlib.sha256(code).digest() + code)
    except BackhandError as error:
        warnings.warn(f"a compiled kernel was not kept: {error}", stacklevel=2)


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function that runs on all threads, at its first call with arguments of these types.

    Its last argument is the number of its shards, see `shards`, or scratch memory with a row for each of them. For a
    single shard it is compiled without threads: then none is woken, or waited for. Calls raise KernelError where it
    cannot be compiled.
    """
    parallel, alone = _dispatcher(function, fastmath=FAST, parallel=True), _dispatcher(function, fastmath=FAST)

    @wraps(function)
    def run(*arguments: Any) -> Any:
        last = arguments[-1]
        try:
            return (alone if (last if isinstance(last, int) else len(last)) == 1 else parallel)(*arguments)
        except (NumbaError, RuntimeError) as error:
            reason = str(error).strip().partition("\n")[0]
            raise KernelError(
                f"the kernel {function.__name__} cannot be compiled by Numba {numba.__version__} ({reason}); "
                f"pass --backend reference, or set BACKHAND_BACKEND=reference"
            ) from error

    return run


def helper(function: Callable[..., Any]) -> Any:
    """Compile a function that kernels call, at its first call with arguments of these types."""
    return _dispatcher(function, fastmath=FAST)


def _dispatcher(function: Callable[..., Any], **options: Any) -> Any:
    compiled = njit(boundscheck=False, error_model="numpy", **options)(function)
    compiled._cache = Cache(function, compiled._compiler)
    return compiled


@helper
def share(shard, shards, count):
    """The first and the end of the items that one of the shards takes of `count` items."""
    number = np.int64(shard)  # the index of a parallel loop is unsigned, and would turn sums into floats
    return number * count // shards, (number + 1) * count // shards


# The number of cores, and not NUMBA_NUM_THREADS: joblib sets that to less in its workers, where results must have the
# same bits. Shards that have no thread of their own are computed one after the other.
_threads: int = cores()


def threads() -> int:
    """The number of shards that kernels cut much work into; each has a thread, where Numba has as many."""
    return _threads


def shards(work: int) -> int:
    """The number of shards for so much work: one, unless it is worth waking the other threads.

    work: the values that are read or written; where there are multiply-adds, one for each `PRODUCTS` of them.
    """
    return _threads if work > WORTH_WAKING else 1


def set_threads(count: int | str) -> None:
    """Set the number of shards and threads. Raises BackhandError unless it is 1 to the cores this process may use."""
    global _threads
    most = cores()
    if str(count) not in map(str, range(1, most + 1)):
        raise BackhandError(f"threads must be 1 to {most}, the number of cores, not {count}")
    _threads = int(count)
    numba.set_num_threads(min(int(count), numba.config.NUMBA_NUM_THREADS))


if THREADS in os.environ:
    set_threads(os.environ[THREADS])
