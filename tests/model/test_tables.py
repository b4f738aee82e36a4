"""Layers as tables: what a table makes, and that a layer's table makes the same layer again."""

from dataclasses import MISSING, dataclass, fields
from typing import Any

import numpy as np
import pytest

from backhand.architectures import MODELS
from backhand.errors import ModelError
from backhand.layers import (
    ELU,
    LAYERS,
    AvgPool2d,
    BatchNorm,
    Chain,
    Concatenate,
    Conv2d,
    Dropout,
    GroupNorm,
    LayerNorm,
    LeakyReLU,
    Linear,
    ReLU,
    Residual,
    Scale,
)
from backhand.layers.base import Layer
from backhand.layers.branches import Branches
from backhand.model import Sequential
from backhand.model.tables import make_layer, make_layers, tables_of

EVERY_ARGUMENT = [
    Conv2d(4, (3, 1), (2, 1), ((1, 0), (0, 2)), (1, 2), groups=2, bias=False, init=0.1),
    Conv2d(4, 3, padding="same"),
    AvgPool2d(3, 2, 1, count_padding=False),
    AvgPool2d((2, 1)),
    BatchNorm(0.5, 1e-3, 0.0),
    LayerNorm(1e-3, 0.0),
    GroupNorm(4, 1e-3, 0.0),
    Dropout(0.2, "classic"),
    LeakyReLU(0.2),
    ELU(0.7),
    Scale(0.25),
    Linear(3, "glorot"),
    Residual([Conv2d(3, 1), ReLU()], [Sequential(Conv2d(3, 1), BatchNorm())]),
    Residual([]),
    Concatenate([[Conv2d(2, 1)], [], [Chain([ReLU()]), Residual([BatchNorm()])]]),
]


def arguments(layers):
    """The class and the plain arguments of all layers, and of those inside them."""
    inside = [layer for _, layer in Chain(layers).walk() if not isinstance(layer, Chain)]
    plain = [[field.name for field in fields(layer) if field.init] for layer in inside]
    return [
        (type(layer), {name: getattr(layer, name) for name in names} if not isinstance(layer, Branches) else None)
        for layer, names in zip(inside, plain, strict=True)
    ]


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({"kind": "linear", "outputs": 3, "init": 0.1}, Linear(3, 0.1)),
        ({"kind": "leaky_relu", "slope": 1}, LeakyReLU(1)),
        ({"kind": "dropout", "p": 0.2, "mode": "classic"}, Dropout(0.2, "classic")),
        ({"kind": "batchnorm", "momentum": 0.5}, BatchNorm(0.5)),
        ({"kind": "conv2d", "outputs": 2, "kernel": [3, 1]}, Conv2d(2, (3, 1))),
    ],
)
def test_layers_are_made_from_their_tables(table: dict[str, Any], expected: Layer) -> None:
    assert repr(make_layer(table)) == repr(expected)
    assert type(make_layer(table)) is type(expected)


@pytest.mark.parametrize("layer", EVERY_ARGUMENT, ids=str)
def test_the_table_of_a_layer_makes_it_again(layer: Layer) -> None:
    (again,) = make_layers(tables_of(Chain([layer])))
    assert type(again) is type(layer)
    assert arguments([again]) == arguments([layer])
    assert [type(inner) for _, inner in again.walk()] == [type(inner) for _, inner in layer.walk()]


@pytest.mark.parametrize("kind", sorted(LAYERS))
def test_every_layer_is_made_again_from_its_defaults(kind: str) -> None:
    needed = {"outputs": 2, "kernel": 1, "factor": 3.0, "groups": 2, "body": [], "branches": [[]]}
    names = [f.name for f in fields(LAYERS[kind]) if f.init and f.default is MISSING]
    layer = LAYERS[kind](**{name: needed[name] for name in names})
    assert arguments(make_layers(tables_of(Chain([layer])))) == arguments([layer])


@pytest.mark.parametrize("name", sorted(MODELS))
def test_every_architecture_is_made_again(name: str) -> None:
    model = MODELS[name](3)
    assert arguments(make_layers(tables_of(model))) == arguments(model.layers)


def test_numbers_of_numpy_become_numbers() -> None:
    (table,) = tables_of(Chain([Linear(np.int64(3), np.float64(0.5))]))
    assert table == {"kind": "linear", "outputs": 3, "init": 0.5}
    assert type(table["outputs"]) is int


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"kind": "linaer", "outputs": 3}, 'unknown layer "linaer"; did you mean "linear"'),
        ({"kind": "linear", "output": 3}, 'unknown key "output" of a linear layer; did you mean "outputs"'),
        ({"kind": "linear"}, 'a linear layer needs the key "outputs"'),
        ({"kind": "linear", "outputs": 2.5}, "outputs of a linear layer cannot be 2.5"),
        ({"kind": "relu", "slope": 1}, 'unknown key "slope" of a relu layer, which has no keys'),
        ({"kind": "residual", "body": 3}, "a branch must be a list of layers, not 3"),
        ({"kind": "chain", "layers": [{"kind": "linear"}]}, 'layer 0: a linear layer needs the key "outputs"'),
        ({"kind": "sequential", "layers": 3}, 'a sequential layer needs the key "layers", a list of layers'),
        ({"kind": "chain", "layers": [], "body": []}, 'needs the key "layers", a list of layers, and no other'),
    ],
)
def test_a_wrong_table_is_refused(table: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make_layer(table)


@dataclass(eq=False)
class Swish(Layer):
    op_name = "sigmoid"

    beta: float = 1.0
    note: Any = None


class Shifted(Linear):
    def __init__(self, outputs, shift):
        super().__init__(outputs)
        self.shift = shift


def test_a_layer_of_another_that_cannot_be_made_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(eq=False)
    class Fails(Swish):
        def __post_init__(self) -> None:
            raise TypeError("of another\nversion")

    @dataclass(eq=False)
    class Typed(Swish):
        beta: "Unknown" = 1.0  # noqa: F821

    monkeypatch.setitem(LAYERS, "fails", Fails)
    monkeypatch.setitem(LAYERS, "typed", Typed)
    with pytest.raises(ValueError, match=r"^layer 0: a fails layer cannot be made \(TypeError: of another version\)$"):
        make_layers([{"kind": "fails"}])
    with pytest.raises(ValueError, match=r"the types of the arguments of a typed layer cannot be read \(NameError"):
        make_layer({"kind": "typed", "beta": 2})


def test_a_layer_of_ones_own_needs_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Sequential(Linear(3), Residual([Swish(2.0)]))
    with pytest.raises(ModelError, match=r"layer 1.body.0, Swish\(beta=2.0\), is of the class .*test_tables.Swish"):
        tables_of(model)
    monkeypatch.setitem(LAYERS, "swish", Swish)
    (again,) = make_layers(tables_of(model)[1:])
    assert isinstance(again, Residual)
    assert vars(again.body[0])["beta"] == 2.0


def test_a_layer_that_its_fields_do_not_describe_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LAYERS, "shifted", Shifted)
    with pytest.raises(ModelError, match=r"layer 0, Shifted\(3\), cannot be made again .* an __init__ of its own"):
        tables_of(Sequential(Shifted(3, 1)))
    monkeypatch.setitem(LAYERS, "swish", Swish)
    with pytest.raises(ModelError, match="has the argument note = nan, which a file cannot hold"):
        tables_of(Sequential(Swish(note=float("nan"))))


def test_a_model_of_another_class_is_refused() -> None:
    class Wider(Sequential):
        pass

    with pytest.raises(ModelError, match=r"layer 0, Wider\(1 layer\), is of the class .*Wider"):
        tables_of(Sequential(Wider(Linear(2))))
