"""A run as a notebook shows it: the main figures and the findings of its report, and its curves."""

from backhand.experiments.run.record import read
from tests.notebook.markup import Markup


def test_a_finished_run_shows_what_its_report_begins_with(digits):
    run = read(digits.folder)
    page = Markup(run._repr_html_())
    assert page.text.startswith(run.title + run.subtitle)
    for words in ("Test accuracy", "Result.", "Generalisation.", "Calibration."):
        assert words in page.text
        assert words.rstrip(".") in digits.page.text
    assert page.tags.count("svg") == 4
    assert "src" not in page.attributes


def test_a_run_that_diverged_says_so(diverged):
    page = Markup(read(diverged.folder)._repr_html_())
    assert "There is no test result" in page.text
    assert "without" not in page.text.partition("loss (log)")[0]


def test_hostile_names_are_escaped(hard):
    page = read(hard.folder)._repr_html_()
    assert "<script" not in page
    assert Markup(page).tags.count("svg") == 4
