"""Models in files: what is loaded computes the same bits, and what cannot be saved or loaded is refused."""

import json

import numpy as np
import pytest

import backhand
from backhand import checkpoint
from backhand.errors import CheckpointError, ModelError
from backhand.layers import LAYERS, BatchNorm, Concatenate, Conv2d, Flatten, Linear, ReLU, Residual
from backhand.model import Sequential
from tests.model.smallmodel import small


def nested() -> Sequential:
    wide = Concatenate([[Conv2d(2, 1), BatchNorm()], [Conv2d(3, 3, padding="same")]])
    return Sequential(Conv2d(5, 3, bias=False), BatchNorm(), Residual([wide, ReLU()]), Sequential(Flatten(), Linear(3)))


def trained(model: Sequential, rng: np.random.Generator) -> Sequential:
    """With weights and running statistics that no initialiser gives."""
    for value in model.arrays().values():
        value[...] = rng.uniform(0.5, 1.5, value.shape)
    return model


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_loaded_computes_the_same_bits(tmp_path, rng, dtype):
    model = trained(nested().build((6, 5, 2), dtype=dtype), rng)
    model.save(tmp_path / "model.safetensors")
    again = backhand.load_model(tmp_path / "model.safetensors")
    x = rng.standard_normal((7, 6, 5, 2))
    assert type(again) is Sequential
    assert again.parameters.values.dtype == dtype
    assert again.predict(x).tobytes() == model.predict(x).tobytes()
    assert list(again.arrays()) == list(model.arrays())


def test_frozen_layers_stay_frozen_and_training_goes_on(tmp_path, rng):
    model = trained(small(), rng).freeze("1", "2")
    model.save(tmp_path / "model.safetensors")
    again = backhand.load_model(tmp_path / "model.safetensors")
    assert [name for name, layer in again.walk() if layer.frozen] == ["1", "2"]
    assert [parameter.name for parameter in again.parameters] == ["5.weight", "5.bias"]
    dy = rng.standard_normal((4, 3))
    for each in (model, again):
        each.forward(rng.standard_normal((4, 2, 2, 1)) * 0 + 1, train=True, rng=np.random.default_rng(0))
        each.backward(dy)
    assert (again.parameters.grads == model.parameters.grads).all()


def test_equal_models_give_equal_files(tmp_path):
    for name in ("a", "b"):
        small().save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert not list(tmp_path.glob(".*"))


def test_a_model_that_is_not_built_is_refused(tmp_path):
    with pytest.raises(ModelError, match="must be built before it is saved"):
        Sequential(Linear(3)).save(tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_a_layer_without_a_name_is_refused_and_nothing_is_written(tmp_path, monkeypatch):
    class Mine(ReLU):
        pass

    model = Sequential(Linear(3), Mine()).build((2,))
    with pytest.raises(ModelError, match=r"layer 1, Mine\(\), .*LAYERS\[\"mine\"\] = Mine"):
        model.save(tmp_path / "model")
    assert not list(tmp_path.iterdir())
    monkeypatch.setitem(LAYERS, "mine", Mine)
    model.save(tmp_path / "model")
    assert isinstance(backhand.load_model(tmp_path / "model").layers[1], Mine)
    monkeypatch.delitem(LAYERS, "mine")
    with pytest.raises(CheckpointError, match=r'unknown layer "mine".*a layer of your own must stand in'):
        backhand.load_model(tmp_path / "model")


def test_a_dtype_that_no_file_holds_is_refused(tmp_path):
    model = Sequential(Linear(3)).build((2,), dtype=np.longdouble)
    with pytest.raises(ModelError, match=r"which a file cannot hold; save model.copy\(np.float64\)"):
        model.save(tmp_path / "model")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "forest"}, 'holds a model of the unknown kind "forest"'),
        ({"version": 2}, "has the form of version 2, later than version 1, .* update Backhand"),
        ({"model": {"layers": []}}, r"is damaged: input_shape: field required; save the model again"),
        ({"model": {"layers": [{"kind": "linear"}], "input_shape": [2]}}, 'a linear layer needs the key "outputs"'),
        ({"model": {"layers": [{"kind": "linear", "outputs": 4}], "input_shape": [2]}}, "weights are of another model"),
        (
            {"model": {"layers": [{"kind": "linear", "outputs": 3}], "input_shape": [2, 2]}},
            "do not fit each other: layer 0",
        ),
        ({"model": {"layers": [{"kind": "linear", "outputs": 10**15}], "input_shape": [2]}}, "do not fit each other: "),
        (
            {"model": {"layers": [{"kind": "linear", "outputs": 3}], "input_shape": [2], "frozen": ["7"]}},
            'there is no layer "7"',
        ),
    ],
)
def test_a_file_that_does_not_fit_itself_is_refused(tmp_path, change, said):
    Sequential(Linear(3)).build((2,)).save(tmp_path / "model")
    arrays, facts = checkpoint.load(tmp_path / "model")
    checkpoint.save(tmp_path / "model", arrays, facts | change)
    with pytest.raises(CheckpointError, match=said) as refused:
        backhand.load_model(tmp_path / "model")
    assert str(refused.value).startswith(str(tmp_path / "model"))


def test_other_files_are_refused(tmp_path):
    checkpoint.save(tmp_path / "weights", {"0.weight": np.zeros(3)}, {"epoch": 3})
    with pytest.raises(CheckpointError, match=r"weights is no saved model; backhand.load_classifier reads the folder"):
        backhand.load_model(tmp_path / "weights")
    with pytest.raises(CheckpointError, match="is a folder, and a saved model is a file"):
        backhand.load_model(tmp_path)
    (tmp_path / "text").write_text("none")
    with pytest.raises(CheckpointError, match="is damaged"):
        backhand.load_model(tmp_path / "text")


def test_a_flipped_bit_is_found(tmp_path):
    small().save(tmp_path / "model")
    content = bytearray((tmp_path / "model").read_bytes())
    content[-3] ^= 4
    (tmp_path / "model").write_bytes(content)
    with pytest.raises(CheckpointError, match="is damaged: the sha256 of"):
        backhand.load_model(tmp_path / "model")


def test_the_file_holds_no_code(tmp_path):
    """Any reader of safetensors finds the arrays, and the facts are JSON."""
    from safetensors import safe_open

    model = small()
    model.save(tmp_path / "model")
    with safe_open(tmp_path / "model", "numpy") as file:
        assert {name.removeprefix("model.") for name in file.keys()} == set(model.arrays())  # noqa: SIM118
        facts = json.loads(json.loads(file.metadata()["backhand"])["info"])
    assert facts["model"]["layers"][1] == {"kind": "linear", "outputs": 5, "init": "he"}
