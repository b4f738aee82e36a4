"""Copying vectors in memory, as they are or transposed: panels of a matrix are put in the order in which tiles read.

A block of W x W values is transposed in registers, in log2 W rounds of shuffles, rather than value by value.
"""

from llvmlite import ir

from backhand.kernels.simd.bfloat16 import halves_of, join, words_of
from backhand.kernels.simd.emitter import BYTE, HALF, HALVES, INT32, MASK, VECTOR, Emitter, Value, W, constant
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
def pair_vectors(e: Emitter, V, goal, low, high, lanes) -> None:
    """Round two rows of V vectors to bfloat16, and store words of both; a row whose address is 0 has zeros only."""
    _pair(e, V, goal, (low, high), lanes, VECTOR)


@inlined
def pair_half_vectors(e: Emitter, V, goal, low, high, lanes) -> None:
    """The same of rows that are in bfloat16 already."""
    _pair(e, V, goal, (low, high), lanes, HALVES)


def _pair(e: Emitter, V: Value, goal: Value, rows: tuple[Value, Value], lanes: Value, kind: ir.Type) -> None:
    nothing, every = constant(0, MASK), constant(1, MASK)
    exist = [e.compare(address, "!=", 0) for address in rows]
    for count in ROWS:
        with e.when(e.compare(V, "==", count)):
            for v, mask in enumerate(e.masks(count, lanes)):
                low, high = (
                    e.load(e.pointer(address, v * W, kind.element), e.select(exists, mask or every, nothing), kind)
                    for address, exists in zip(rows, exist, strict=True)
                )
                words = (join if kind == HALVES else words_of)(e, low, high)
                e.store(words, e.pointer(goal, v * W, INT32))


@inlined
def transpose(e: Emitter, goal, goal_pitch, source, pitch, rows, columns) -> None:
    """goal[c goal_pitch + r] = source[r pitch + c] for r < W and c < columns; 0 for r from `rows` on. At most W x W."""
    for c, column in enumerate(_transposed(e, _block(e, source, pitch, rows, columns))):
        with e.when(e.compare(constant(c), "<", columns)):
            e.store(column, e.pointer(goal, e.multiply(goal_pitch, c)))


@inlined
def transpose_to_pairs(e: Emitter, goal, goal_pitch, source, pitch, rows, columns) -> None:
    """The same in bfloat16: goal[c goal_pitch + r] has the word of columns 2 c and 2 c + 1, or 0 for one too many."""
    transposed = _transposed(e, _block(e, source, pitch, rows, columns))
    for c in range(0, W, 2):
        with e.when(e.compare(constant(c), "<", columns)):
            goal_row = e.pointer(goal, e.multiply(goal_pitch, c // 2), INT32)
            e.store(words_of(e, *transposed[c : c + 2]), goal_row)


@inlined
def round_vector(e: Emitter, goal, source, lanes) -> None:
    """Round a vector, or its first lanes, to bfloat16: values of 4 bytes become values of 2."""
    mask = e.mask(lanes)
    e.store(halves_of(e, e.load(e.pointer(source), mask)), e.pointer(goal, 0, HALF), mask)


@inlined
def pair_halves(e: Emitter, goal, low, high, lanes, high_lanes) -> None:
    """Words of two vectors in bfloat16, of which the first lanes exist; the second may have fewer, and zeros behind."""
    mask = e.mask(lanes)
    first = e.load(e.pointer(low, 0, HALF), mask, HALVES)
    second = e.load(e.pointer(high, 0, HALF), e.mask(high_lanes), HALVES)
    e.store(join(e, first, second), e.pointer(goal, 0, INT32), mask)


def _block(e: Emitter, source: Value, pitch: Value, rows: Value, columns: Value) -> list[Value]:
    """W rows of W values, with zeros for those beyond `rows` and `columns`."""
    mask, none = e.mask(columns), constant(0, MASK)
    block = []
    for r in range(W):
        exists = e.compare(constant(r), "<", rows)
        block.append(e.load(e.pointer(source, e.multiply(pitch, r)), e.select(exists, mask, none)))
    return block


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
