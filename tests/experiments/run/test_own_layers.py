"""A layer of one's own in a study: trained, resumed, saved and read back by its name."""

import numpy as np
import pytest

import backhand
from backhand.experiments.run import work
from backhand.layers import LAYERS, Layer, ReLU
from backhand.study import load

LAYERS_OF = 'model={ name = "sequential", layers = [{ kind = "flatten" }, { kind = "linear", outputs = 32 }, '


class Doubled(ReLU):
    """y = 2 max(x, 0)."""

    def forward(self, x, *, train=False, rng=None):
        return 2 * super().forward(x, train=train, rng=rng)

    def backward(self, dy, *, need_dx=True):
        return super().backward(2 * dy, need_dx=need_dx)


@pytest.fixture
def doubled(monkeypatch) -> type[Layer]:
    monkeypatch.setitem(LAYERS, "doubled", Doubled)
    return Doubled


def study(base, kind, *more):
    layers = LAYERS_OF + f'{{ kind = "{kind}" }}, {{ kind = "linear", outputs = 10 }}] }}'
    return load(base, [layers, "train.keep_states=true", *more])


def test_a_study_trains_resumes_and_saves_it(doubled, base, tmp_path):
    first = work.run(study(base, "doubled", "train.epochs=3"), tmp_path / "run", quiet=True)
    assert first.test.accuracy > 0.9
    more = work.run(study(base, "doubled", "train.epochs=5"), tmp_path / "run", resume=True, quiet=True)
    classifier = backhand.load_classifier(tmp_path / "run")
    assert any(isinstance(layer, Doubled) for layer in classifier.model.layers)
    images = backhand.load("digits").test.x
    right = classifier.predict_proba(images).argmax(axis=1) == backhand.load("digits").test.y
    assert right.sum() == more.test.correct
    classifier.save(tmp_path / "model.safetensors")
    again = backhand.load_model(tmp_path / "model.safetensors")
    assert np.array_equal(again.predict_proba(images), classifier.predict_proba(images))


def test_a_name_that_is_not_there_is_refused_with_the_nearest(doubled, base):
    with pytest.raises(backhand.StudyError, match=r'unknown layer "doubles"; did you mean "doubled"\?'):
        study(base, "doubles")
