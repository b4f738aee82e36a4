"""A diagnosis as a page: every problem and every plot, and a conclusion that counts right."""

import pytest

from backhand.doctor.records import Diagnosis, Plot, Problem, Result
from backhand.page.diagnosis import conclusion, page, sentence
from backhand.page.diagnosis_plots import draw
from backhand.page.render import html

WRONG = Problem("wrong", "rate too large", "the rate is <b>too</b> large", "it went up", "it never settles", "lower it")
WARNING = Problem("warning", "outliers", "some inputs are far", "one is 300", "", "cut them")
LINES = Plot(
    "Loss on one batch", "step", "loss", {"loss": (3.0, 2.0, 1.0)}, log=True, level=2.3, points=(0.1, 1.0, 10.0)
)
BARS = Plot("Gradients", "layer", "norm", {"a": (1.0, 2.0), "b": (0.0, 3.0)}, ("0", "2"))


def diagnosis(*problems, plots=(), left_out=1, failure=""):
    results = [Result("rate", "learning rate", "falls", tuple(problems), tuple(plots))]
    results += [Result(f"left {i}", "course", left_out="not trained") for i in range(left_out)]
    return Diagnosis("digits", "a study", (("data", "digits"),), tuple(results), 1.5, failure)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (diagnosis(), "Nothing is wrong; 1 symptom looked for, 1 left out."),
        (diagnosis(left_out=0), "Nothing is wrong; 1 symptom looked for."),
        (diagnosis(WARNING, WARNING), "Nothing is wrong; 2 warnings; 1 symptom looked for, 1 left out."),
        (diagnosis(WRONG, WRONG), "2 things wrong; 1 symptom looked for, 1 left out."),
        (Diagnosis("digits"), "Nothing could be looked at."),
    ],
)
def test_the_conclusion(given, said):
    assert conclusion(given) == said


def test_the_page_has_all_problems_and_plots_and_escapes_what_people_wrote():
    text = html(page([diagnosis(WARNING, WRONG, plots=(LINES, BARS), failure="not all was looked at")]))
    assert text.index("The rate is &lt;b&gt;too&lt;/b&gt; large.") < text.index("Some inputs are far.")
    assert "Not all was looked at." in text
    assert "It never settles." in text
    assert "Gradients: a: 1 to 2, b: 0 to 3" in text
    assert text.count("<img ") == 2


def test_several_diagnoses_have_their_names_in_the_titles():
    sections = page([diagnosis(WRONG), Diagnosis("other", failure="gone")]).sections
    assert [section.title for section in sections] == [
        "digits: Results",
        "digits: What is wrong, and what to change",
        "other: Results",
    ]
    assert [section.key for section in sections] == ["network-1-results", "network-1-problems", "network-2-results"]


@pytest.mark.parametrize("plot", [LINES, BARS, Plot("Empty", "x", "y", {"nothing": (float("nan"),)}, log=True)])
def test_plots_are_png(plot):
    image = draw("plot", plot)
    assert image.png.startswith(b"\x89PNG")
    assert image.alt.startswith(plot.title)


def test_sentences_begin_with_a_capital_letter_and_end():
    assert [sentence(text) for text in ("it is", "Is it?", "")] == ["It is.", "Is it?", ""]
