"""The results of a check as a notebook shows them."""

import numpy as np

from backhand.check import check_model
from backhand.check.results import Result, Results
from backhand.layers import Linear
from backhand.model.sequential import Sequential
from backhand.training.losses import SoftmaxCrossEntropy
from tests.notebook.markup import Markup


def test_a_check_of_a_model_gives_a_list_that_shows_every_gradient():
    model = Sequential(Linear(3)).build((2,), seed=0)
    results = check_model(model, SoftmaxCrossEntropy(), np.eye(4, 2), np.array([0, 1, 2, 0]))
    assert isinstance(results, list)
    assert results.passed
    page = Markup(results._repr_html_())
    assert page.text.startswith("Gradient check: passed")
    assert all(result.name in page.text for result in results)


def test_failures_are_escaped_and_stand_below():
    result = Result("<w>", 1e-7, 0.5, 3, failures=("the gradient of <w> is wrong",))
    page = result._repr_html_()
    assert "Gradient check: failed" in page
    assert Markup(page).text.endswith("the gradient of <w> is wrong")
    assert "nothing was checked" in Results()._repr_html_()
