"""Some of the classes of a data set, numbered anew."""

import numpy as np
import pytest

from backhand import data
from backhand.errors import DataError


def test_the_samples_of_some_classes_are_kept_and_numbered_in_the_order_asked_for():
    whole = data.load("digits")
    some = whole.only(["7", "2"])
    assert some.classes == ("7", "2")
    for name, part in some.parts.items():
        for k, digit in enumerate((7, 2)):
            source = whole.parts[name]
            np.testing.assert_array_equal(part.x[part.y == k], source.x[source.y == digit])
        assert len(part) == sum((whole.parts[name].y == digit).sum() for digit in (7, 2))


def test_a_class_that_is_not_there_or_named_twice_is_refused():
    digits = data.load("digits")
    with pytest.raises(DataError, match=r'digits has no class "10"; did you mean "1"'):
        digits.only(["1", "10"])
    with pytest.raises(DataError, match='"1" is asked for twice'):
        digits.only(["1", "2", "1"])
