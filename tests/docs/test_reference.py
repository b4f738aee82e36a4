"""The reference is what the docstrings say now, and lacks no public name. `test_guides.py` follows its links."""

import shutil

import pytest

import backhand
import generate
from backhand.backend import op_names
from prose import first_sentence, markdown
from tests.docs.markdown_pages import ROOT

FOLDER = ROOT / "docs" / "reference"


def test_the_pages_are_current(capsys: pytest.CaptureFixture[str]) -> None:
    generate.main(["--check"])
    assert capsys.readouterr().out == "all pages are current\n"


def test_a_page_that_is_not_current_is_named_with_the_remedy(tmp_path, monkeypatch) -> None:
    folder = shutil.copytree(FOLDER, tmp_path / "reference")
    monkeypatch.setattr(generate, "FOLDER", folder)
    page = folder / "layers.md"
    page.write_text(page.read_text("utf-8").replace("Conv2d", "Conv3d"), "utf-8")
    (folder / "old.md").touch()
    with pytest.raises(SystemExit, match=r"not current: layers\.md, old\.md; run `make reference`"):
        generate.main(["--check"])
    generate.main([])
    generate.main(["--check"])
    assert sorted(path.name for path in folder.glob("*.md")) == sorted(path.name for path in FOLDER.glob("*.md"))


def test_every_public_name_has_an_entry_and_a_line_in_the_index() -> None:
    pages = [path.read_text("utf-8") for path in FOLDER.glob("*.md")]
    index = (FOLDER / "README.md").read_text("utf-8")
    for name in [*backhand._WHERE, *op_names()]:
        assert any(f"\n## {name}\n" in page for page in pages), name
        assert f"| [`{name}`](" in index, name


def test_no_page_tells_where_it_was_written() -> None:
    for path in FOLDER.glob("*.md"):
        assert str(ROOT) not in path.read_text("utf-8")


DOCSTRING = """Convolution: `Linear` on windows, of f_L(... f_1(x)). More follows.

    y = w * x        dx = ...

    dw = ...

stride, padding: see `bh.load`. bias: none (*) before batch-norm, as
in arXiv:1502.03167. Raises ValueError where they do not fit.
`other` is *no* argument. Derivation: docs/derivations/conv2d.md
"""

PAGE = r"""Convolution: [`Linear`](layers.md#linear) on windows, of f_L(... f_1(x)). More follows.

```text
y = w * x        dx = ...

dw = ...
```

- `stride`, `padding`: see [`bh.load`](data.md#load).
- `bias`: none (\*) before batch-norm, as
  in [arXiv:1502.03167](https://arxiv.org/abs/1502.03167).

Raises ValueError where they do not fit.
`other` is *no* argument.

Derivation: [derivations/conv2d.md](../derivations/conv2d.md)"""

LINKS = {"Linear": "layers.md#linear", "bh.load": "data.md#load"}


def test_a_docstring_becomes_markdown() -> None:
    assert markdown(DOCSTRING, {"stride", "padding", "bias"}, LINKS) == PAGE


def test_a_first_sentence_ends_at_its_full_stop() -> None:
    assert first_sentence(DOCSTRING, {}) == "Convolution: `Linear` on windows, of f_L(... f_1(x))."


def test_an_example_is_python() -> None:
    assert markdown("Like this.\n\n>>> 1 + 1\n2\n\nThat is all.", (), {}) == (
        "Like this.\n\n```python\n>>> 1 + 1\n2\n```\n\nThat is all."
    )
