"""The exponential function of vectors, and the functions that are built from it.

    e^x = 2^n e^r       n: the whole number nearest to x / ln 2        r = x - n ln 2, at most ln 2 / 2 in size

e^r is a polynomial, and 2^n is made by its exponent. Activations write y and dy/dx at once, since both need the same
exponential; the error function is that of Abramowitz and Stegun, formula 7.1.26, off by 1.5e-7 at most.
Sources: Cody and Waite 1980, Software Manual for the Elementary Functions; Abramowitz and Stegun 1964.
"""

from math import log, pi, sqrt

from backhand.kernels.simd.emitter import VECTOR, WORDS, Emitter, Value, constant
from backhand.kernels.simd.routines import inlined

LOW, HIGH = -87.0, 88.0  # beyond, the result is 1e-38, or as large as float32 has
LN2_HIGH, LN2_LOW = 0.693359375, -2.12194440e-4  # ln 2, of which the first part has few digits: n times it is exact
POLYNOMIAL = 1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 0.5, 1.0, 1.0
ERROR_FUNCTION = 1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592, 0.0
P = 0.3275911  # of the error function: a polynomial of 1 / (1 + P z)


@inlined
def silu_vector(e: Emitter, y, derivative, x, lanes) -> None:
    """y = x s and dy/dx = s + y (1 - s), with s = 1 / (1 + e^-x)."""
    mask = e.mask(lanes)
    values = e.load(e.pointer(x), mask)
    s = e.divide(1.0, e.add(_exponential(e, e.subtract(constant(0, VECTOR), values)), 1.0))
    results = e.multiply(values, s)
    e.store(results, e.pointer(y), mask)
    e.store(e.fused_multiply_add(results, e.subtract(constant(1, VECTOR), s), s), e.pointer(derivative), mask)


@inlined
def gelu_vector(e: Emitter, y, derivative, x, lanes) -> None:
    """y = x Φ(x) and dy/dx = Φ(x) + x φ(x) of the normal distribution."""
    mask = e.mask(lanes)
    values = e.load(e.pointer(x), mask)
    bell = _exponential(e, e.multiply(e.multiply(values, values), -0.5))
    z = e.multiply(e.call_unary("fabs", values), 1 / sqrt(2))
    t = e.divide(1.0, e.fused_multiply_add(z, constant(P, VECTOR), constant(1, VECTOR)))
    half_tail = e.multiply(e.multiply(_polynomial(e, ERROR_FUNCTION, t), bell), 0.5)  # (1 - erf z) / 2
    above = e.subtract(constant(1, VECTOR), half_tail)
    below = e.select(e.builder.fcmp_unordered(">=", values, constant(0, VECTOR)), above, half_tail)
    e.store(e.multiply(values, below), e.pointer(y), mask)
    slope = e.multiply(values, e.multiply(bell, 1 / sqrt(2 * pi)))
    e.store(e.add(below, slope), e.pointer(derivative), mask)


def _exponential(e: Emitter, x: Value) -> Value:
    """e^x, to two units in the last place or so."""
    x = e.select(e.builder.fcmp_unordered("<", x, constant(HIGH, VECTOR)), x, HIGH)  # NaN stays
    x = e.select(e.builder.fcmp_unordered(">", x, constant(LOW, VECTOR)), x, LOW)
    n = e.call_unary("rint", e.multiply(x, 1 / log(2)))
    r = e.fused_multiply_add(n, constant(-LN2_HIGH, VECTOR), x)
    r = e.fused_multiply_add(n, constant(-LN2_LOW, VECTOR), r)
    exponent = e.builder.shl(e.add(e.builder.fptosi(n, WORDS), 127), constant(23, WORDS))
    return e.multiply(_polynomial(e, POLYNOMIAL, r), e.builder.bitcast(exponent, VECTOR))


def _polynomial(e: Emitter, factors: tuple[float, ...], x: Value) -> Value:
    """Horner's scheme; the factor of the highest power comes first."""
    total = constant(factors[0], VECTOR)
    for factor in factors[1:]:
        total = e.fused_multiply_add(total, x, constant(factor, VECTOR))
    return total
