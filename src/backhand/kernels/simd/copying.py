"""Copying vectors in memory, as they are or transposed: panels of a matrix are put in the order in which tiles read.

A block of W x W values is transposed in registers, in log2 W rounds of shuffles, rather than value by value.
"""

from llvmlite import ir

from backhand.kernels.simd.emitter import BYTE, INT32, MASK, Emitter, Value, W, constant
from backhand.kernels.simd.routines import inlined
from backhand.kernels.simd.tile import ROWS


@inlined
def copy_vectors(e: Emitter, V, goal, source, lanes) -> None:
    """Copy one row of V vectors, as many as a tile may have; of the last, `lanes` lanes, and then zeros."""
    for count in ROWS:
        with e.when(e.compare(V, "==", count)):
            for v, mask in enumerate(e.masks(count, lanes)):
                e.store(e.load(e.pointer(source, v * W), mask), e.pointer(goal, v * W))


@inlined
def transpose(e: Emitter, goal, goal_pitch, source, pitch, rows, columns) -> None:
    """goal[c goal_pitch + r] = source[r pitch + c] for r < W and c < columns; 0 for r from `rows` on. At most W x W."""
    mask, none = e.mask(columns), constant(0, MASK)
    block = []
    for r in range(W):
        exists = e.compare(constant(r), "<", rows)
        block.append(e.load(e.pointer(source, e.multiply(pitch, r)), e.select(exists, mask, none)))
    for c, column in enumerate(_transposed(e, block)):
        with e.when(e.compare(constant(c), "<", columns)):
            e.store(column, e.pointer(goal, e.multiply(goal_pitch, c)))


def _transposed(e: Emitter, block: list[Value]) -> list[Value]:
    """The columns of W rows: squares of 1, 2, 4, ... values beside the diagonal change places, in pairs of rows."""
    step = 1
    while step < W:
        rows = list(block)
        for r in (r for r in range(W) if not r & step):
            upper = [c if not c & step else W + (c ^ step) for c in range(W)]
            lower = [c | step if not c & step else W + c for c in range(W)]
            rows[r] = e.shuffle(block[r], block[r | step], upper)
            rows[r | step] = e.shuffle(block[r], block[r | step], lower)
        block, step = rows, 2 * step
    return block


@inlined
def prefetch(e: Emitter, address) -> None:
    """Ask for the cache line at an address, which may be anywhere."""
    pointer = e.builder.inttoptr(address, BYTE.as_pointer())
    read, often, data = (constant(number, INT32) for number in (0, 3, 1))
    e.call("llvm.prefetch.p0", ir.VoidType(), [pointer, read, often, data])
