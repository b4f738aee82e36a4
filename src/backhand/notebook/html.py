"""Pieces of HTML for the output of a cell. What comes from people is escaped; what is `Html` is taken as it is."""

import base64
from collections.abc import Iterable, Sequence
from html import escape

STYLE = """<style>
div.backhand { color: inherit; font-family: system-ui, sans-serif; font-size: 13px; line-height: 1.4; max-width: 60em; }
div.backhand p { margin: .4em 0; }
div.backhand p.head { font-size: 15px; font-weight: 600; margin: .2em 0 .1em; }
div.backhand p.faint { opacity: .7; margin-top: 0; }
div.backhand table { border-collapse: collapse; margin: .5em 0; color: inherit; background: none; font-size: inherit; }
div.backhand table tr, div.backhand table tbody tr:nth-child(n) { background: none; }
div.backhand table th, div.backhand table td { border: 0; border-bottom: 1px solid rgba(128, 128, 128, .3);
  padding: .2em .7em; text-align: left !important; vertical-align: middle;
  color: inherit; background: none; max-width: 30em; white-space: normal; }
div.backhand table thead th { border-bottom: 2px solid rgba(128, 128, 128, .75); font-weight: 600; }
div.backhand table tbody th { font-weight: 500; }
div.backhand table .r { text-align: right !important; font-variant-numeric: tabular-nums; white-space: nowrap; }
div.backhand table tr.total > * { border-top: 2px solid rgba(128, 128, 128, .75); font-weight: 600; }
div.backhand .row { display: flex; flex-wrap: wrap; gap: .4em 1.2em; align-items: flex-start; margin: .5em 0; }
div.backhand .tile { border-left: 3px solid rgba(128, 128, 128, .5); padding-left: .7em; max-width: 16em; }
div.backhand .tile b { display: block; font-size: 17px; font-variant-numeric: tabular-nums; }
div.backhand .tile small { opacity: .7; }
div.backhand img { max-width: 100%; height: auto; background: white; display: block; }
div.backhand img.pixels { image-rendering: pixelated; background: none; }
div.backhand svg { color: inherit; max-width: 100%; height: auto; }
</style>"""


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def view(*parts: str) -> str:
    """Pieces one below the other, with the style that they need, as `_repr_html_` returns it."""
    return f'<div class="backhand">{STYLE}{"".join(map(text, parts))}</div>'


def text(words: object) -> Html:
    """Words that are escaped, unless they are HTML already."""
    return words if isinstance(words, Html) else Html(escape(str(words)))


def heading(title: str, remark: str = "") -> Html:
    """A line that names what is shown, and a fainter one with facts about it."""
    below = f'<p class="faint">{text(remark)}</p>' if remark else ""
    return Html(f'<p class="head">{text(title)}</p>{below}')


def paragraph(words: str) -> Html:
    """A paragraph."""
    return Html(f"<p>{text(words)}</p>")


def points(items: Iterable[tuple[str, str]]) -> Html:
    """Sentences, each with a short heading."""
    return Html("".join(f"<p><b>{text(term)}.</b> {text(words)}</p>" for term, words in items))


def row(*parts: str) -> Html:
    """Pieces side by side, as far as there is room."""
    return Html(f'<div class="row">{"".join(f"<div>{text(part)}</div>" for part in parts)}</div>')


def tiles(items: Iterable[tuple[str, str, str]]) -> Html:
    """Main figures side by side: for each its name, its value and a remark."""
    cells = (
        f'<div class="tile">{text(name)}<b>{text(value)}</b><small>{text(remark)}</small></div>'
        for name, value, remark in items
    )
    return Html(f'<div class="row">{"".join(cells)}</div>')


def table(head: Sequence[str], rows: Iterable[Sequence[object]], align: str, *, totals: int = 0) -> Html:
    """A table. align: a letter per column, l for left and r for right. totals: the rows at the end that sum up."""
    lines = list(rows)
    names = "".join(
        f'<th scope="col"{_side(letter)}>{text(cell)}</th>' for cell, letter in zip(head, align, strict=True)
    )
    body = "".join(_line(cells, align, index >= len(lines) - totals) for index, cells in enumerate(lines))
    return Html(f"<table><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table>")


def picture(png: bytes, alt: str, width: int, *, pixels: bool = False) -> Html:
    """A PNG so many pixels wide. pixels: whether it is enlarged by whole pixels, as small images should be."""
    source = base64.b64encode(png).decode("ascii")
    kind = ' class="pixels"' if pixels else ""
    return Html(f'<img{kind} src="data:image/png;base64,{source}" alt="{escape(alt)}" width="{width}">')


def _line(cells: Sequence[object], align: str, is_total: bool) -> str:
    first, *others = (text(cell) for cell in cells)
    inside = "".join(f"<td{_side(letter)}>{cell}</td>" for cell, letter in zip(others, align[1:], strict=True))
    return f'<tr{" class=total" if is_total else ""}><th scope="row"{_side(align[0])}>{first}</th>{inside}</tr>'


def _side(letter: str) -> str:
    return ' class="r"' if letter == "r" else ""
