"""The page in a terminal: what stands on it, in which order, and how it wraps."""

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

from backhand.check.review.forms import terminal
from backhand.check.review.forms.terminal import page_console, print_parts, show
from backhand.check.review.records import Picture
from backhand.check.source.remarks import Place
from tests.check.review.examples import FAILED, FULL, NOTHING, RIGHT, TEXT, UNEXPLAINED


@pytest.fixture
def full(tmp_path, monkeypatch):
    """The example's file, beside which it is shown."""
    (tmp_path / "layers.py").write_text(TEXT)
    monkeypatch.chdir(tmp_path)
    return FULL


def lines(review, width=80):
    text = io.StringIO()
    show(Console(file=text, width=width), review)
    return text.getvalue().splitlines()


def test_a_page_from_its_title_to_its_conclusion(full):
    page = lines(full)
    headings = ["What was understood", "Results", "Not understood", "Not written yet", "Remarks"]
    findings = ["1. affine: wrong", "2. the layers together: wrong", "3. conv: wrong elsewhere", "4. softmax: warning"]
    order = [*headings[:2], *findings, "5. affine: harmless", *headings[2:]]
    assert [line for line in page if line in order] == order
    assert page[0] == "layers.py   float32, checked in float64, 2.00 s"
    assert page[-2:] == [
        "4 checked: 2 right, 1 wrong and 1 wrong only elsewhere; 3 mistakes; 1 not",
        "understood; 1 unfinished.",
    ]


def test_a_line_for_each_layer_lines_up(full):
    page = lines(full)
    understood = page[page.index("What was understood") + 1 :][:5]
    assert understood == [
        "  name      kind      how it was read",
        "  affine    Linear    samples: rows; w (3, 5)",
        "  relu      ReLU      –",
        "  conv      Conv2d    channels first",
        "  softmax   unknown   none of the known kinds",
    ]
    results = page[page.index("Results") + 1 :][:5]
    assert results == [
        "  name      result               configurations   at kinks   largest error",
        "  affine    wrong                             2          –          1.0e−9",
        "  relu      right              7, and 1 refused          3         2.1e−10",
        "  conv      wrong elsewhere                   3          –          1.0e−9",
        "  softmax   right, 1 warning                  5          –          1.0e−9",
    ]
    smooth = replace(full, units=full.units[:1])
    assert "  name     result   configurations   largest error" in lines(smooth)


def test_layers_of_several_files_have_a_column_for_it():
    moved = replace(FULL.units[1], place=Place("relu.py", 3))
    page = lines(replace(FULL, target="work", units=(FULL.units[0], moved)))
    assert page[2:6] == [
        "What was understood",
        "  name     file        kind     how it was read",
        "  affine   layers.py   Linear   samples: rows; w (3, 5)",
        "  relu     relu.py     ReLU     –",
    ]
    assert "   `affine_backward`, layers.py, line 7: db is averaged over the batch (it is" in page


def test_a_mistake_in_full(full):
    page = lines(full)
    start = page.index("1. affine: wrong")
    assert page[start : page.index("", start)] == [
        "1. affine: wrong",
        "   `affine_backward`, line 7: db is averaged over the batch (it is the true",
        "   gradient divided by 4, the batch size).",
        "   measured     with 4 samples, b[2]: backward gives 0.3, differences give 1.2.",
        "   shows        in all 2 configurations.",
        "   why          A bias is added to every sample, so its gradient is the sum:",
        "                `dout.sum(0)`.",
        "   formula      db = the sum of dout over the samples",
        "   derived in   docs/derivations/linear.md",
        "   change       with this change the check passes",
        "                - db = dout.mean(0)",
        "                + db = dout.sum(0)",
    ]


def test_an_unexplained_mistake_has_its_line_of_code_and_a_map(full):
    page = lines(full)
    start = page.index("3. conv: wrong elsewhere")
    assert page[start : page.index("", start)] == [
        "3. conv: wrong elsewhere",
        "   `conv_backward`, line 11: dx is wrong.",
        "   code    dx = np.zeros((4, 4))",
        "   shows   in 1 of 3 configurations: stride 2.",
        "   map     1 of 9 entries of the gradient are wrong (x), with stride 2:",
        "           . . .",
        "           . ? .",
        "           x . .",
    ]


def test_a_gradient_that_is_wrong_everywhere_needs_no_map():
    nowhere_right = Picture("x", (2,), [1.0, 2.0], [3.0, 4.0], "1 sample")
    unit = replace(FULL.units[2], findings=(replace(UNEXPLAINED, picture=nowhere_right),))
    page = lines(replace(FULL, units=(unit,)))
    assert "   map     all 2 entries of the gradient are wrong, with 1 sample." in page
    assert not any(set(line.split()) <= {"x"} for line in page if line)


def test_the_parts_of_a_large_gradient_are_counted():
    values = [0.0] * 15 + [1.0]
    unit = replace(
        FULL.units[2], findings=(replace(UNEXPLAINED, picture=Picture("x", (8, 1, 2), values, [0.0] * 16, "")),)
    )
    page = lines(replace(FULL, units=(unit,)))
    assert "           [5, :, :]" in page
    assert "           and 2 more parts" in page


def test_a_refused_configuration_is_told_once():
    unit = replace(FULL.units[2], refused={"stride 2": "ValueError: no", "3 axes": "ValueError: no"})
    page = lines(replace(FULL, units=(unit,), notes=()))
    assert "  `conv` refuses 3 axes." in page


def test_what_was_not_understood_comes_with_the_lines_that_explain_it(full):
    page = "\n".join(lines(full))
    assert "`lstm`, line 2: it wants `prev_h`." in page
    assert "      from backhand.check import spec\n      spec(lstm)" in page
    assert "Not written yet\n  `dropout_backward` (line 8).\n" in page
    assert "  line 1: The module `course` is missing.\n  `relu` refuses 3 axes.\n" in page


@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_line_is_too_long_or_ends_with_blanks(full, width):
    for review in (full, FAILED):
        assert all(len(line) <= width and line == line.rstrip() for line in lines(review, width))


def test_the_last_sentence_says_what_became_of_the_check():
    assert lines(RIGHT)[-1] == "relu is right."
    assert lines(FAILED)[-1] == "relu is right; the rest was not reached."
    assert " ".join(lines(NOTHING)[-2:]).startswith("Nothing could be checked: there is no pair of functions such as")
    assert "The check was ended after 5 seconds, its limit." in lines(FAILED)


def test_colours_only_repeat_what_words_say(full):
    text = io.StringIO()
    show(Console(file=text, width=80, force_terminal=True, color_system="standard"), full)
    assert "\x1b[1;31mwrong" in text.getvalue()
    assert re.search(r"\x1b]8;id=\d+;file://\S+/derivations/linear.md\x1b", text.getvalue())


def test_characters_that_control_a_terminal_are_not_printed():
    text = io.StringIO()
    print_parts(Console(file=text, width=80), ["a\x1b[2Jb\x07c"])
    assert text.getvalue() == "a?[2Jbc\n"


def test_a_page_is_as_wide_as_asked_but_no_wider_than_is_easy_to_read(monkeypatch):
    widths = {}
    for columns in ("80", "300", "none", ""):
        monkeypatch.setenv("COLUMNS", columns)
        widths[columns] = page_console().width
    assert widths == {"80": 80, "300": terminal.WIDTH, "none": terminal.WIDTH, "": terminal.WIDTH}
