"""Probabilities of the binomial distribution and of Student's t, in the tails too.

They are right to eight digits for up to a million trials or degrees of freedom; of more, the logarithms of the gamma
function, whose difference is small beside them, leave fewer: six of 100 million, five of 1000 million.
"""

from math import exp, lgamma, log, log1p

TINY = 1e-300  # takes the place of a zero by which the continued fraction would divide
PRECISION = 1e-15


def binomial_at_most(count: int, n: int, share: float) -> float:
    """The probability that at most `count` of n independent trials succeed, each with the probability `share`."""
    if count < 0:
        return 0.0
    return incomplete_beta(1 - share, n - count, count + 1) if count < n else 1.0


def binomial_at_least(count: int, n: int, share: float) -> float:
    """The probability that at least `count` of n independent trials succeed, each with the probability `share`."""
    if count > n:
        return 0.0
    return incomplete_beta(share, count, n - count + 1) if count > 0 else 1.0


def student_beyond(t: float, freedom: float) -> float:
    """The probability that |T| is at least |t|, for Student's T with this many degrees of freedom."""
    return incomplete_beta(freedom / (freedom + t * t), freedom / 2, 0.5)


def student_limit(share: float, freedom: float) -> float:
    """The t that |T| exceeds with the probability `share`, by bisection: `student_beyond` falls as t grows."""
    low, high = 0.0, 1.0
    while student_beyond(high, freedom) > share:
        low, high = high, 2 * high
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if student_beyond(middle, freedom) > share else (low, middle)
    return high


def incomplete_beta(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b), for 0 <= x <= 1 and positive a and b.

    I_x(a, b) = x^a (1 - x)^b / (a B(a, b)) times a continued fraction, which converges fast for x below
    (a + 1) / (a + b + 2); above, I_x(a, b) = 1 - I_(1 - x)(b, a). Source: DLMF 8.17.4 and 8.17.22.
    """
    if not 0 < x < 1:
        return float(x >= 1)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _continued_fraction(x, a, b) / a
    return 1 - front * _continued_fraction(1 - x, b, a) / b


def _continued_fraction(x: float, a: float, b: float) -> float:
    """The continued fraction of I_x(a, b), by the method of Lentz (1976): products c d of numerator and denominator."""
    c, d = 1.0, 1 / _divisor(1 - (a + b) * x / (a + 1))
    value, factor, m = d, 0.0, 0
    while abs(factor - 1) > PRECISION:
        m += 1
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            c, d = _divisor(1 + term / c), 1 / _divisor(1 + term * d)
            factor = c * d
            value *= factor
    return value


def _divisor(value: float) -> float:
    return value or TINY
