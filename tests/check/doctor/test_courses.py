"""The solutions of courses that train networks have nothing that is wrong."""

import shutil

import pytest

import backhand.exercises
from backhand.check.doctor.subjects import diagnoses
from backhand.files.paths import as_path

CONVENTIONS = as_path(backhand.exercises.__path__[0]) / "conventions"


@pytest.mark.parametrize(
    "solution",
    [
        "co395-classes/nn_lib.py",
        "uva/mlp_numpy.py",
        "two-layer-loss/neural_net.py",
        "nielsen/network.py",
        "nielsen/network2.py",
    ],
)
def test_the_networks_of_a_course_are_healthy(solution, tmp_path):
    folder = shutil.copytree((CONVENTIONS / solution).parent, tmp_path / "course")
    (diagnosis,) = diagnoses(str(folder / as_path(solution).name))
    assert [problem.cause for _, problem in diagnosis.problems if problem.severity == "wrong"] == []
    assert diagnosis.status == 0
    assert sum(not result.left_out for result in diagnosis.results) >= 4
