"""What holds for every kind: each mistake is described, used, and differs from what is right."""

import string

import numpy as np
import pytest

from backhand.check.kinds.kind import agree
from backhand.check.kinds.table import KINDS
from tests.check.kinds.cases import case_of, draw_arrays, right_ways

NAMES = {"x": "inputs", "w": "self.W", "b": "self.b", "dy": "dout", "y": "out", "N": 4}
# Mistakes that `matches` does not list: they are inferred from the result, or from several; tested with their kinds.
INFERRED = {
    "dropout": {
        "inactive in train mode",
        "divided by the other share",
        "multiplied by the share kept",
        "normal draws",
        "one mask for the whole batch",
        "active in test mode",
        "no scaling",
        "scaled twice",
        "test pass scaled by the share dropped",
        "mask again in test mode",
    },
    "max_pool": {"every tie credited"},
    "leaky_relu": {"setting ignored"},
    "elu": {"setting ignored"},
    "linear": {"derivative of the activation left out"},
    "batchnorm": {"another eps in test mode"},
    "spatial_batchnorm": {"another eps in test mode"},
}
FITTED = {
    "weights already updated",
    "mask again in test mode",
}  # these follow the gradient that is given, and so the right one too
kinds = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


def used(kind):
    """The names of the mistakes that a kind speaks of, over all that it is tried with."""
    for config in kind.configs():
        for layout in kind.layouts():
            arrays = draw_arrays(kind, config, layout)
            with np.errstate(all="ignore"):
                yield from (match.mistake for match in kind.matches(arrays, config, layout) if match.mistake)
                yield from (state.mistake for state in kind.states(arrays, config, layout) if state.mistake)


def cases(kind):
    """Cases of every layout in the first configuration, and of every configuration; many forms of the very first."""
    for number, config in enumerate(kind.configs()):
        if config.draw == "extreme":
            continue
        for layout in kind.layouts() if not number else kind.layouts()[:1]:
            most = 9 if not number and layout is kind.layouts()[0] else 4
            ways = len(right_ways(kind, draw_arrays(kind, config, layout), config, layout, most))
            yield from (case_of(kind, config, layout, way) for way in range(ways))


@kinds
def test_every_mistake_is_described_and_every_description_is_used(kind):
    said = set(used(kind)) | INFERRED.get(kind.name, set())
    for case in cases(kind):
        said |= {each.mistake for each in kind.wrong_gradients(case)}
    assert said == set(kind.mistakes) - {"of the right loss"}  # only where forward has a mistake


@kinds
def test_texts_take_names_and_are_sentences(kind):
    for name, mistake in kind.mistakes.items():
        filled = mistake.fill(NAMES)
        assert "{" not in filled.says + filled.why + filled.formula, name
        assert filled.says[0].islower(), name
        assert not filled.says.endswith("."), name
        assert filled.why.endswith("."), name
        assert filled.formula, name
        for text in (mistake.says, mistake.why, mistake.formula):
            assert all(field is None or field.isidentifier() for _, field, *_ in string.Formatter().parse(text)), name


@kinds
def test_every_configuration_and_layout_has_a_right_way(kind):
    for config in kind.configs():
        for layout in kind.layouts():
            arrays = draw_arrays(kind, config, layout)
            assert right_ways(kind, arrays, config, layout), (config.name, layout)


@kinds
def test_a_wrong_gradient_is_wrong_somewhere(kind):
    """In at least one configuration, and for the way by which the layer was recognised."""
    differs = {}
    for case in cases(kind):
        for each in kind.wrong_gradients(case):
            right = agree(each.values, case.true[each.role], 1e-4)
            differs[each.mistake] = differs.get(each.mistake, False) or not right
    differs.update(dict.fromkeys(FITTED & set(differs), True))
    assert all(differs.values()), [name for name, wrong in differs.items() if not wrong]


@kinds
def test_what_is_right_is_recognised_as_right(kind):
    for config in kind.configs():
        layout = kind.layouts()[0]
        arrays = draw_arrays(kind, config, layout)
        for match in right_ways(kind, arrays, config, layout):
            if np.isfinite(match.y).all():
                assert not next(kind.recognise(match.y, arrays, config, layout)).mistake
