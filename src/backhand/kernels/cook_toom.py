"""The matrices of Winograd's minimal filtering: m outputs of a filter of r taps in m + r - 1 multiplications.

    y = Aᵀ [(G g) ⊙ (Bᵀ d)]         d: m + r - 1 inputs, g: the r taps, y[i] = Σ_k d[i + k] g[k]

In two dimensions Y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A, with (m + r - 1)² multiplications instead of m² r². The matrices
follow from polynomials of degree m + r - 2 that are known at as many points and at infinity (Cook and Toom). The choice
of the points matters for rounding: with ½ and -2 after 0 and ±1, errors are a third of those with 2 and -2 (Barabasz et
al. 2020, arXiv:1803.10986), and float32 loses about one digit.
Source: Lavin and Gray 2016, CVPR, arXiv:1509.09308. Derivation: docs/derivations/winograd.md
"""

from fractions import Fraction
from functools import cache

Matrix = tuple[tuple[float, ...], ...]
POINTS = tuple(Fraction(p) for p in ("0", "1", "-1", "1/2", "-2", "2", "-1/2"))
# Which matrix: of the forward pass Bᵀ, G, Aᵀ, and of the backward pass their transposes.
INPUT, FILTER, OUTPUT, INPUT_GRADIENT, FILTER_GRADIENT, UPSTREAM = range(6)
Rows = list[list[Fraction]]


@cache
def matrix(kind: int, m: int, r: int) -> Matrix:
    """One of the six matrices, for m outputs and r taps, row by row."""
    points = POINTS[: m + r - 2]
    rows = (_input(points), _filter(points, r), _output(points, m))[kind % 3]
    if kind >= INPUT_GRADIENT:
        rows = [list(column) for column in zip(*rows, strict=True)]
    return tuple(tuple(map(float, row)) for row in rows)


def _input(points: tuple[Fraction, ...]) -> Rows:
    """Bᵀ: the coefficients of the polynomials that vanish at all points but one, and at all of them."""
    others = [[q for q in points if q != p] for p in points]
    return [_product(roots, len(points) + 1) for roots in [*others, list(points)]]


def _filter(points: tuple[Fraction, ...], r: int) -> Rows:
    """G: the taps' polynomial at each point, over the point's own polynomial there; and at infinity, the last tap."""
    rows = []
    for p in points:
        scale = Fraction(1)
        for q in points:
            scale *= p - q if q != p else 1
        rows.append([p**k / scale for k in range(r)])
    return [*rows, [Fraction(int(k == r - 1)) for k in range(r)]]


def _output(points: tuple[Fraction, ...], m: int) -> Rows:
    """Aᵀ: the powers of the points; infinity contributes to the last output only."""
    return [[*(p**i for p in points), Fraction(int(i == m - 1))] for i in range(m)]


def _product(roots: list[Fraction], size: int) -> list[Fraction]:
    """The coefficients of Π (x - root), the lowest power first, and zeros up to this size."""
    zero, coefficients = Fraction(0), [Fraction(1)]
    for root in roots:
        coefficients = [a - root * b for a, b in zip([zero, *coefficients], [*coefficients, zero], strict=True)]
    return coefficients + [zero] * (size - len(coefficients))
