"""Units that cannot run, as they use a name that has no value; and those that may only seem so."""

LOSS = """
import numpy as np
{extra}
class BinaryCrossEntropyError:
    def __call__(self, outputs, targets):
        return -np.mean(targets * np.log({outputs}) + (1 - targets) * np.log(1 - outputs))

    def grad(self, outputs, targets):
        return ((1 - targets) / (1 - outputs) - targets / outputs) / outputs.size
"""
LAYER = """
import numpy as np

class Softplus:
    {name} = 1.0

    def forward(self, x):
        self.x = x
        return np.log(1 + np.exp(self.beta * x)) / self.beta

    def backward(self, dy):
        return dy / (1 + np.exp(-self.beta * self.x))
"""


def test_a_name_without_a_value_is_told_with_the_one_that_is_meant(reviewed):
    review = reviewed(LOSS.format(outputs="ouputs", extra=""))
    assert [finding.cause for finding in review.findings] == ["name without a value"]
    finding = next(review.findings)
    assert "Is `outputs` meant?" in finding.explanation
    assert finding.place.line == 6
    assert not review.unread


def test_a_right_one_is_none(reviewed):
    assert not [f for f in reviewed(LOSS.format(outputs="outputs", extra="")).findings if f.severity == "wrong"]


def test_a_name_that_may_come_from_a_missing_module_is_no_slip(reviewed):
    review = reviewed(LOSS.format(outputs="clipped(outputs)", extra="from no_such_module_of_a_course import *"))
    assert not list(review.findings)
    assert len(review.unread) == 1


def test_an_attribute_that_the_class_never_stores(reviewed):
    assert [finding.cause for finding in reviewed(LAYER.format(name="bata")).findings] == ["name without a value"]
    assert not [f for f in reviewed(LAYER.format(name="beta")).findings if f.severity == "wrong"]


def test_numpy_is_provided_where_it_is_not_imported(reviewed):
    review = reviewed(LAYER.format(name="beta").replace("import numpy as np\n", ""))
    assert [unit.name for unit in review.units] == ["Softplus"]
    assert "`np` is used without `import numpy as np`" in review.notes[0].text
