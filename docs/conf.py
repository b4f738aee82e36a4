"""The documentation as a site: `make docs` builds it with Sphinx, and every warning is an error."""

import re
from typing import Any

from docutils.nodes import SkipNode
from latex2mathml.converter import convert

import backhand

project, author, release = "Backhand", "The Backhand authors", backhand.__version__
copyright = author  # noqa: A001  # Sphinx's own name
SOURCE = "https://github.com/backhand-dev/backhand/blob/main"

extensions = ["myst_nb", "sphinxcontrib.mermaid", "sphinx_copybutton"]
exclude_patterns = ["reference/templates"]
myst_enable_extensions = ["dollarmath", "attrs_block"]
myst_fence_as_directive = ["mermaid"]
myst_heading_anchors = 4
copybutton_prompt_text = "$ "
suppress_warnings = ["misc.highlighting_failure"]

nb_execution_mode = "force"  # the notebooks are kept without outputs, and must run
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_merge_streams = True

html_math_renderer = "mathml"
html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["formulas.css"]
html_title = f"Backhand {release}"
html_theme_options = {"source_repository": SOURCE.partition("/blob")[0], "source_branch": "main"}

OUTSIDE = re.compile(r"\]\((?:\.\./)+((?:README|CONTRIBUTING|CHANGELOG|RESULTS|examples|src|benchmarks)[^)\s]*)\)")


def _link_to_the_source(_app: Any, _docname: str, source: list[str]) -> None:
    """Pages link to files beside `docs` by relative paths, which work in a checkout; on the site they lead there."""
    source[0] = OUTSIDE.sub(rf"]({SOURCE}/\1)", source[0])


def _formula(writer: Any, node: Any) -> None:
    """A formula in a line, as MathML, which browsers typeset by themselves: the site needs no other server."""
    writer.body.append(convert(node.astext()))
    raise SkipNode


def _display(writer: Any, node: Any) -> None:
    """A formula that stands by itself."""
    writer.body.append(f'<div class="formula">{convert(node.astext(), display="block")}</div>')
    raise SkipNode


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.add_html_math_renderer("mathml", inline_renderers=(_formula, None), block_renderers=(_display, None))
    app.connect("source-read", _link_to_the_source)
