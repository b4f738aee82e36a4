"""Docstrings as Markdown.

Indented lines, which are formulas, become code blocks as they stand; so do examples that begin with `>>>`. A line that
begins with the names of parameters and a colon becomes an item of a list. What stands between backticks is linked where
it is a documented name, and so are paths of pages below `docs/` and papers on arXiv.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import groupby

KEPT = re.compile(r"(`[^`]+`|\*[a-z ]+\*)")  # code and emphasis
PAGE = re.compile(r"docs/([\w/-]+\.md)")
PAPER = re.compile(r"arXiv:(\d{4}\.\d{4,5})")
NAMES = re.compile(r"(\w+(?:, \w+)*): ")
OWN_PARAGRAPH = re.compile(r"(Raises|Returns|Source|Derivation)\b")
SENTENCE = re.compile(r".*?(?<!\.)\.(?=\s|$)|.*")


def markdown(docstring: str, parameters: Collection[str], links: Mapping[str, str]) -> str:
    """The whole docstring. parameters: names that may begin a list item; links: documented name -> where it stands."""
    kinds = groupby(docstring.splitlines(), _kind())
    blocks = (_block(kind, list(lines), parameters, links) for kind, lines in kinds)
    return "\n\n".join(block for block in blocks if block)


def first_sentence(docstring: str, links: Mapping[str, str]) -> str:
    """The first sentence on one line, fit for a table or a list."""
    paragraph = " ".join(docstring.partition("\n\n")[0].split())
    match = SENTENCE.match(paragraph)
    assert match is not None, "the pattern matches every text"
    return inline(match[0].removesuffix(":"), links)


def inline(text: str, links: Mapping[str, str]) -> str:
    """Text between blocks: marks of Markdown that are none here are escaped, names and papers are linked."""
    return "".join(_linked(part, links) if KEPT.fullmatch(part) else _plain(part) for part in KEPT.split(text))


def _kind() -> Callable[[str], str]:
    """line -> "code", "example" or "text"; an empty line is of the kind of the one before."""
    before = "text"

    def kind(line: str) -> str:
        nonlocal before
        if line.startswith(">>>"):
            before = "example"
        elif line.startswith("    "):
            before = "code"
        elif before == ("code" if line else "example"):
            before = "text"
        return before

    return kind


def _block(kind: str, lines: list[str], parameters: Collection[str], links: Mapping[str, str]) -> str:
    if kind == "text":
        return _paragraphs(lines, parameters, links)
    body = "\n".join(line.removeprefix("    ") if kind == "code" else line for line in lines).strip("\n")
    return f"```{'python' if kind == 'example' else 'text'}\n{body}\n```"


def _paragraphs(lines: list[str], parameters: Collection[str], links: Mapping[str, str]) -> str:
    written: list[str] = []
    for line in (part for whole in lines for part in _parts(whole, parameters)):
        if names := _begins_item(line, parameters):
            item = ", ".join(f"`{name}`" for name in names[1].split(", "))
            written += [f"- {item}: {inline(line[names.end() :], links)}"]
        elif OWN_PARAGRAPH.match(line):
            written += ["", inline(line, links)]
        elif written and written[-1].startswith(("- `", "  ")) and line:
            written += [f"  {inline(line, links)}"]
        else:
            written += [inline(line, links)]
    return re.sub(r"\n{3,}", "\n\n", _spaced("\n".join(written))).strip("\n")


def _parts(line: str, parameters: Collection[str]) -> Iterator[str]:
    """The line, cut before each sentence that tells of other parameters, and before what has a paragraph of its own."""
    start = 0
    for end in re.finditer(r"(?<=\.) +", line):
        rest = line[end.end() :]
        if _begins_item(rest, parameters) or OWN_PARAGRAPH.match(rest):
            yield line[start : end.start()]
            start = end.end()
    yield line[start:]


def _begins_item(line: str, parameters: Collection[str]) -> re.Match[str] | None:
    names = NAMES.match(line)
    return names if names and set(names[1].split(", ")) <= set(parameters) else None


def _spaced(text: str) -> str:
    """An empty line before a list, which some readers of Markdown need."""
    return re.sub(r"^(?!- |  )(.+)\n(?=- )", r"\1\n\n", text, flags=re.MULTILINE)


def _linked(code: str, links: Mapping[str, str]) -> str:
    name = code.strip("`")
    target = links.get(name) or links.get(name.removeprefix("bh."))
    return f"[{code}]({target})" if target else code


def _plain(text: str) -> str:
    text = re.sub(r"([*$]|<(?=[\w/!])|\](?=\())", r"\\\1", text)
    text = PAGE.sub(r"[\1](../\1)", text)
    return PAPER.sub(r"[arXiv:\1](https://arxiv.org/abs/\1)", text)
