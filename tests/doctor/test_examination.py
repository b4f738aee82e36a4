"""The table of symptoms, and the diagnosis as a value."""

import json
from math import nan

import numpy as np
import pytest

from backhand.doctor.examination import SYMPTOMS, examine
from backhand.doctor.records import Diagnosis, Plot, Problem, Result
from backhand.doctor.subject import Subject
from backhand.doctor.words import counted, listed, share
from tests.doctor.smallnet import SmallNet, samples, subject


def test_a_healthy_subject_is_fine_in_every_symptom_that_can_be_measured():
    stages = []
    diagnosis = examine(subject(samples=samples()), "small", "a study", (("data", "clouds"),), stages.append)
    assert [problem.cause for _, problem in diagnosis.problems] == []
    assert {result.symptom for result in diagnosis.results if result.left_out} == {"batches", "course"}
    assert stages == [symptom.title for symptom in SYMPTOMS]
    assert diagnosis.status == 0


def test_a_subject_of_nothing_leaves_everything_out_and_says_why():
    empty = Subject(None, np.zeros((0, 1)), np.zeros(0, int), 0, missing="the data cannot be read")
    diagnosis = examine(empty, "gone", "a run")
    assert all(result.left_out for result in diagnosis.results)
    assert sum("the data cannot be read" in result.left_out for result in diagnosis.results) >= 10
    assert diagnosis.status == 2


def test_the_problems_that_are_wrong_come_first():
    diagnosis = examine(subject(SmallNet(rate=3000.0)), "fast", "a study")
    severities = [problem.severity for _, problem in diagnosis.problems]
    assert severities == sorted(severities, reverse=True)
    assert {"wrong", "warning"} == set(severities)
    assert diagnosis.status == 1


def test_a_diagnosis_survives_the_way_through_json():
    problem = Problem("warning", "cause", "headline", "evidence", "why", "remedy")
    plot = Plot("title", "x", "y", {"line": (1.0, nan, 2.0)}, ("a", "b", "c"), log=True, level=nan)
    results = (Result("start", "loss at the start", "2.3", (problem,), (plot,)), Result("rate", "rate", left_out="why"))
    before = Diagnosis("digits", "a study", (("data", "digits"),), results, 1.5, "")
    text = json.dumps(before.to_json(), allow_nan=False)
    after = Diagnosis.from_json(json.loads(text))
    assert after.results[0].problems == (problem,)
    assert np.isnan(after.results[0].plots[0].series["line"][1])
    assert after.to_json() == before.to_json()
    assert [result.verdict for result in after.results] == ["warning", "left out"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (listed(["a", "b", "c"]), "a, b and c"),
        (listed(list("abcdefgh")), "a, b, c, d, e and 3 more"),
        (share(0.256), "26%"),
        (share(0.031), "3.1%"),
        (counted(1, "step"), "1 step"),
        (counted(1200, "step"), "1,200 steps"),
    ],
)
def test_words(text, wanted):
    assert text == wanted


def test_a_notebook_shows_every_symptom_and_every_problem():
    problem = Problem("wrong", "step", "the step goes up & away", "measured", "it rises", "turn it round")
    results = (
        Result("step", "direction of the step", "it rises", (problem,)),
        Result("rate", "rate", left_out="no rate"),
    )
    page = Diagnosis("<net>", "a network", results=results)._repr_html_()
    assert "Diagnosis of &lt;net&gt;" in page
    assert "The step goes up &amp; away. Measured. It rises. Turn it round." in page
    assert "no rate" in page
