"""The hinge of several classes and penalties, written wrong on purpose."""

import numpy as np
import pytest

from backhand.check.kinds.table import kind_named
from tests.check.kinds.cases import case_of, draw_arrays, predicts


def picked(values, labels):
    return values[np.arange(len(values)), labels]


@pytest.mark.parametrize(
    ("way", "mistake", "slip"),
    [
        (0, "count at the label missing", lambda mask, m, t: mask),
        (0, "1 at the label", lambda mask, m, t: mask - t),
        (0, "count at the label too large", lambda mask, m, t: mask - t * (mask.sum(1, keepdims=True) + 1)),
        (0, "sign at the label", lambda mask, m, t: mask + t * mask.sum(1, keepdims=True)),
        (0, "margins for their mask", lambda mask, m, t: m - t * m.sum(1, keepdims=True)),
        (0, "mask left out", lambda mask, m, t: 1 - t - 3 * t),
        (0, "label left out of the mask", lambda mask, m, t: mask + t - t * mask.sum(1, keepdims=True)),
        (4, "factor 2 missing", lambda mask, m, t: m - t * m.sum(1, keepdims=True)),
        (4, "gradient of the linear hinge", lambda mask, m, t: mask - t * mask.sum(1, keepdims=True)),
    ],
)
def test_slips_of_the_hinge_are_foreseen(way, mistake, slip):
    kind = kind_named("hinge")
    case = case_of(kind, kind.configs()[0], kind.layouts()[0], way)
    x, labels = case.arrays["x"], case.arrays["labels"]
    t = np.eye(4)[labels]
    margins = np.maximum(0, x - picked(x, labels)[:, None] + 1) * (1 - t)
    assert predicts(kind, case, mistake, case.dy * slip(1.0 * (margins > 0), margins, t) / 5)


def test_penalties_and_their_slips_are_recognised():
    kind = kind_named("penalty")
    config = kind.configs()[0]
    w, reg = draw_arrays(kind, config, {})["w"], config["reg"]
    found = {}
    for y in (reg * (w**2).sum(), reg / 2 * (w**2).sum(), (w**2).sum(), reg * np.linalg.norm(w)):
        match = next(kind.recognise(np.asarray(y), {"w": w}, config, {}))
        found[match.convention["form"]] = [*found.get(match.convention["form"], []), match.mistake]
    assert found == {"the sum of squares": ["", "strength left out", "root taken"], "half the sum of squares": [""]}
    whole, half = (case_of(kind, config, {}, way) for way in (0, 1))
    assert predicts(kind, whole, "factor 2 missing", whole.dy * reg * w, "w")
    assert predicts(kind, half, "factor 2 kept", half.dy * 2 * reg * w, "w")
