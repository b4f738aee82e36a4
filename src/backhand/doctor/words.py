"""Numbers and names in the sentences of a diagnosis."""

from collections.abc import Sequence


def number(value: float) -> str:
    """A number with three significant digits: 2.303 -> 2.3, 0.00012345 -> 0.000123."""
    return f"{value:.3g}"


def share(value: float) -> str:
    """A share in percent without decimals, or with one below 10%: 0.256 -> 26%, 0.031 -> 3.1%."""
    return f"{100 * value:.1f}%" if 0 < value < 0.0995 else f"{100 * value:.0f}%"


def listed(names: Sequence[str], most: int = 6) -> str:
    """Names as a list in a sentence, the first few of many: a, b and 3 more."""
    if len(names) > most:
        return f"{', '.join(names[: most - 1])} and {len(names) - most + 1} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def counted(value: int, noun: str) -> str:
    """A number with its noun, in the plural unless it is 1."""
    return f"{value:,} {noun}" if value == 1 else f"{value:,} {noun}s"
