"""Curves as SVG: a few lines over whole numbers, such as losses over epochs, drawn without Matplotlib."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from math import ceil, floor, isfinite, log10

from backhand.notebook.html import Html

WIDTH, HEIGHT = 380, 210
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 42, 34  # pixels around the lines, for numbers and names
COLOURS = ("#2f8fd8", "#e0702a", "#12a37c", "#c565a0")  # readable on white and on black
DASHES = ("", "7 3", "2 2", "8 2 2 2")
WIDE = 30.0  # values beyond this ratio are drawn on a logarithmic scale, where that is allowed
FEW = 16  # the most points of which each has a marker
LEAST, MOST = 1e-300, 1e300  # a range of values below or above these cannot be divided into round ones


def chart(
    title: str,
    lines: Mapping[str, Sequence[float]],
    *,
    x: Sequence[float] | None = None,
    x_label: str = "epoch",
    may_be_logarithmic: bool = False,
) -> Html:
    """Lines over the points x (1, 2, ... where none are given), with their names above, as an SVG.

    A value that is not finite, or beyond 1e300, leaves a gap. may_be_logarithmic: whether a wide range of positive
    values is drawn on a logarithmic scale.
    """
    points = list(x) if x is not None else list(range(1, max(map(len, lines.values()), default=0) + 1))
    values = [value for line in lines.values() for value in line if _is_drawn(value)]
    if not points or not values:
        return Html(f"<p>{escape(title)}: no finite value</p>")
    scale = _Scale(values, may_be_logarithmic and 0 < WIDE * min(values) < max(values))
    place = _Place(points, scale)
    parts = [f'<text x="{LEFT}" y="14" font-weight="600">{escape(title)}{" (log)" * scale.logarithmic}</text>']
    names = _names(list(lines)) if len(lines) > 1 else ()
    parts += [*_grid(scale, place), *_ticks(points, place, x_label), *names]
    for number, line in enumerate(lines.values()):
        parts += _curve(line, points, place, number)
    label = escape(f"{title} against {x_label}: " + "; ".join(_words(name, line) for name, line in lines.items()))
    return Html(
        f'<svg width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}" '
        f'font-family="system-ui, sans-serif" font-size="11" fill="currentColor">{"".join(parts)}</svg>'
    )


class _Scale:
    """From values to shares of the height, 0 at the lowest and 1 at the highest."""

    def __init__(self, values: Sequence[float], logarithmic: bool) -> None:
        self.logarithmic = logarithmic
        low, high = (self._log(value) for value in (min(values), max(values)))
        if high - low < LEAST:
            reach = 0.1 * abs(low) if abs(low) > LEAST else 1
            low, high = low - reach, high + reach
        margin = 0.05 * (high - low)
        self.low, self.high = low - margin, high + margin

    def _log(self, value: float) -> float:
        return log10(value) if self.logarithmic else value

    def share(self, value: float) -> float:
        return (self._log(value) - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """Round values between the lowest and the highest."""
        if self.logarithmic:
            exponents = range(ceil(self.low), floor(self.high) + 1)
            if len(exponents) > 1:
                return [10.0**e for e in exponents[:: max(len(exponents) // 4, 1)]]
            return [10**self.low * 1.05, 10**self.high * 0.95]
        return round_values(self.low, self.high, 5)


class _Place:
    """From points and values to pixels."""

    def __init__(self, points: Sequence[float], scale: _Scale) -> None:
        self.first, self.span, self.scale = min(points), max(points) - min(points), scale

    def x(self, point: float) -> float:
        share = 0.5 if not self.span else 0.02 + 0.96 * (point - self.first) / self.span
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - self.scale.share(value) * (HEIGHT - TOP - BOTTOM)


def round_values(low: float, high: float, most: int) -> list[float]:
    """At most so many round numbers from low to high: multiples of 1, 2 or 5 times a power of ten."""
    least = (high - low) / most
    power = 10.0 ** floor(log10(least))
    step = next(step * power for step in (1, 2, 5, 10) if step * power >= least * (1 - 1e-9))
    return [k * step for k in range(ceil(low / step), floor(high / step) + 1)]


def _grid(scale: _Scale, place: _Place) -> Iterator[str]:
    for value in scale.ticks():
        y = place.y(value)
        yield (
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="currentColor" opacity=".18"/>'
            f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:.4g}</text>'
        )


def _ticks(points: Sequence[float], place: _Place, label: str) -> Iterator[str]:
    foot = HEIGHT - BOTTOM
    yield f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{foot}" y2="{foot}" stroke="currentColor" opacity=".6"/>'
    known = round_values(min(points), max(points), 6) if max(points) > min(points) else [points[0]]
    for point in (point for point in known if point == int(point)):
        yield f'<text x="{place.x(point):.1f}" y="{foot + 14}" text-anchor="middle">{point:g}</text>'
    yield f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 5}" text-anchor="middle">{escape(label)}</text>'


def _names(names: Sequence[str]) -> Iterator[str]:
    """The name of each line beside a piece of it, above the grid."""
    x = float(LEFT)
    for number, name in enumerate(names):
        yield f'<line x1="{x}" x2="{x + 24}" y1="28" y2="28" {_stroke(number)}/>'
        yield f'<text x="{x + 29}" y="32">{escape(name)}</text>'
        x += 46 + 6.2 * len(name)


def _curve(line: Sequence[float], points: Sequence[float], place: _Place, number: int) -> Iterator[str]:
    pieces: list[list[str]] = [[]]
    for point, value in zip(points, line, strict=False):
        if _is_drawn(value):
            pieces[-1].append(f"{place.x(point):.1f},{place.y(value):.1f}")
        elif pieces[-1]:
            pieces.append([])
    for piece in filter(None, pieces):
        yield f'<polyline points="{" ".join(piece)}" fill="none" {_stroke(number)}/>'
        for pair in piece if len(points) <= FEW or len(piece) == 1 else ():
            x, y = pair.split(",")
            yield f'<circle cx="{x}" cy="{y}" r="2.4" fill="{COLOURS[number % len(COLOURS)]}"/>'


def _is_drawn(value: float) -> bool:
    return isfinite(value) and abs(value) <= MOST


def _stroke(number: int) -> str:
    dash = DASHES[number % len(DASHES)]
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'stroke="{COLOURS[number % len(COLOURS)]}" stroke-width="2"{dashes}'


def _words(name: str, line: Sequence[float]) -> str:
    finite = [value for value in line if isfinite(value)]
    return f"{name} from {finite[0]:.4g} to {finite[-1]:.4g}" if finite else f"{name} without a finite value"
