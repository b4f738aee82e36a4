"""The `model` table: one form an architecture."""

import dataclasses
import json
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

from backhand.architectures import MODELS, Block, images_cnn
from backhand.architectures.activations import ACTIVATIONS
from backhand.architectures.resnet import STEMS
from backhand.arrays import Shape
from backhand.errors import closest
from backhand.layers import LAYERS, Layer, Scale
from backhand.layers.branches import Branches
from backhand.layers.initialisers import initialiser
from backhand.model.sequential import Sequential
from backhand.study.table import Table, known
from backhand.windows import Windows

Probability = Annotated[float, Field(ge=0, lt=1)]
Widths = Annotated[tuple[PositiveInt, ...], Field(strict=False)]
Both = Annotated[tuple[int, int], Field(strict=False)]
Sides = Annotated[tuple[Both, Both], Field(strict=False)]
PICTURE: Shape = (32, 32, 3)  # samples of a model that is made for none in particular
HeadScale = Annotated[float, AfterValidator(lambda value: Scale(value).factor)]


class _Named(Table):
    """A named architecture: its table holds the keyword arguments of the function in `models`."""

    name: str

    def make(self, outputs: int, sample_shape: Shape = PICTURE) -> Sequential:
        """The model, not built, with so many outputs, for samples of this shape."""
        return MODELS[self.name](outputs, **{key: value for key, value in self if key != "name"})


class _Activated(_Named):
    activation: str = "relu"
    dropout: Probability = 0.0
    batchnorm: bool = False
    head_scale: HeadScale = 1.0

    @field_validator("activation")
    @classmethod
    def _known_activation(cls, value: str) -> str:
        return known("activation", value, ACTIVATIONS)


class Mlp(_Activated):
    """A multi-layer perceptron."""

    name: Literal["mlp"]
    hidden: Widths = (100,)
    init: str | PositiveFloat | None = None

    @field_validator("init")
    @classmethod
    def _known_initialiser(cls, value: str | float | None) -> str | float | None:
        if value is not None:
            initialiser(value)
        return value


class BlockTable(Table):
    """Convolutions, and pooling behind them."""

    outputs: PositiveInt
    kernel: int | Both = 3
    stride: int | Both = 1
    padding: str | int | Both | Sides = "same"
    pool: PositiveInt = 2
    convs: PositiveInt = 1
    residual: bool = False

    @model_validator(mode="after")
    def _possible(self) -> "BlockTable":
        Windows.check(self.kernel, self.stride, self.padding)
        return self

    def make(self) -> Block:
        """As the model takes it."""
        return Block(**dict(self))


class Cnn(_Activated):
    """Blocks of convolutions and pooling, then a perceptron."""

    name: Literal["cnn"]
    blocks: tuple[BlockTable, ...] = Field((BlockTable(outputs=16), BlockTable(outputs=32)), strict=False)
    hidden: Widths = ()

    def make(self, outputs: int, sample_shape: Shape = PICTURE) -> Sequential:
        """The model, not built, with so many outputs."""
        options = {key: value for key, value in self if key not in ("name", "blocks")}
        return MODELS[self.name](outputs, [block.make() for block in self.blocks], **options)


class Lenet(_Named):
    """LeNet-5."""

    name: Literal["lenet"]


class MnistModel4(_Named):
    """Two blocks of 16 kernels and 256 hidden units."""

    name: Literal["mnist_model4"]


class FerCnn(_Named):
    """The network for faces."""

    name: Literal["fer_cnn"]
    dropout: Probability = 0.5


class VggSmall(_Named):
    """3x3 convolutions with batch-norm, in stages of one width."""

    name: Literal["vgg_small"]
    widths: Widths = (64, 128, 256)
    convs: PositiveInt = 2
    dropout: Probability = 0.0
    head: Literal["mean", "flatten"] = "mean"


class ImagesCnn(_Named):
    """3x3 convolutions with batch-norm, in as many stages as the size of the images asks for."""

    name: Literal["images_cnn"]
    width: PositiveInt = 128
    dropout: Probability = 0.0

    def make(self, outputs: int, sample_shape: Shape = PICTURE) -> Sequential:
        """The model, not built, for images of this shape. Raises ValueError for samples that are none."""
        if len(sample_shape) != 3:
            raise ValueError(f"images_cnn takes images, and these samples are rows of {sample_shape[0]} features")
        return images_cnn(outputs, min(sample_shape[:2]), self.width, dropout=self.dropout)


class Resnet(_Named):
    """A residual network."""

    name: Literal["resnet"]
    depth: Literal[18, 34, 50, 101] = 50
    preactivation: bool = False
    stem: str = "small"
    zero_init: bool = False
    head_scale: HeadScale = 1.0

    @field_validator("stem")
    @classmethod
    def _known_stem(cls, value: str) -> str:
        return known("stem", value, STEMS)


class Layers(Table):
    """Layers one by one: `layers = [{ kind = "linear", outputs = 100 }, { kind = "relu" }, ...]`."""

    name: Literal["sequential"]
    layers: tuple[dict[str, Any], ...] = Field(strict=False, min_length=1)

    @field_validator("layers")
    @classmethod
    def _can_be_made(cls, value: tuple[dict[str, Any], ...]) -> tuple[dict[str, Any], ...]:
        _make_layers(value)
        return value

    def make(self, outputs: int, sample_shape: Shape = PICTURE) -> Sequential:
        """The model, not built; its layers say themselves how many outputs there are."""
        return Sequential(*_make_layers(self.layers))


ModelTable = Annotated[
    Mlp | Cnn | Lenet | MnistModel4 | FerCnn | VggSmall | ImagesCnn | Resnet | Layers, Field(discriminator="name")
]


def make_layer(table: Any) -> Layer:
    """The layer that a table of a study describes. Raises ValueError for an unknown kind or key, or a bad value."""
    options = dict(table)
    kind = LAYERS[known("layer", str(options.pop("kind", "")), LAYERS)]
    fields = {field.name: field for field in dataclasses.fields(kind) if field.init}
    for key, value in options.items():
        if key not in fields:
            raise ValueError(f'a {table["kind"]} layer has no key "{key}"{closest(key, fields) if fields else ""}')
        options[key] = _make_branch(value) if issubclass(kind, Branches) else _typed(key, value, fields[key].type)
    for key, field in fields.items():
        if field.default is dataclasses.MISSING and key not in options:
            raise ValueError(f"a {table['kind']} layer needs {key}")
    return kind(**options)


def _make_layers(tables: Any) -> list[Layer]:
    layers = []
    for i, table in enumerate(tables):
        try:
            layers.append(make_layer(table))
        except ValueError as error:
            raise ValueError(f"layer {i}: {error}") from error
    return layers


def _make_branch(value: Any) -> Any:
    """A list of tables as layers; a list of such lists likewise."""
    if not isinstance(value, list) or not all(isinstance(each, dict | list) for each in value):
        raise ValueError(f"a branch is a list of layers, not {value!r}")
    if value and all(isinstance(each, list) for each in value):
        return [_make_branch(each) for each in value]
    return _make_layers(value)


def _typed(key: str, value: Any, wanted: Any) -> Any:
    """A value of a layer's argument, where lists stand for tuples; a bool is no number, a fraction no whole one."""
    try:
        adapter = TypeAdapter[Any](wanted, config=ConfigDict(strict=True, allow_inf_nan=False))
        made = adapter.validate_json(json.dumps(value, default=str))
    except ValidationError:
        raise ValueError(f"{key} cannot be {value!r}") from None
    return made if isinstance(value, list) else value
