"""The `model` table: one class for each architecture."""

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Field,
    PositiveFloat,
    PositiveInt,
    field_validator,
    model_validator,
)

from backhand.architectures import MODELS, Block, images_cnn
from backhand.architectures.activations import ACTIVATIONS
from backhand.architectures.resnet import STEMS
from backhand.arrays import Shape
from backhand.layers import Scale
from backhand.layers.initialisers import initialiser
from backhand.model.sequential import Sequential
from backhand.model.tables import make_layers
from backhand.study.table import Table, check_choice
from backhand.windows import Windows

Probability = Annotated[float, Field(ge=0, lt=1)]
Widths = Annotated[tuple[PositiveInt, ...], Field(strict=False)]
Pair = Annotated[tuple[int, int], Field(strict=False)]
Sides = Annotated[tuple[Pair, Pair], Field(strict=False)]
PICTURE: Shape = (32, 32, 3)  # the shape of the samples where none is given
HeadScale = Annotated[float, AfterValidator(lambda value: Scale(value).factor)]


class _Named(Table):
    """A named architecture: the keys are the keyword arguments of its function in `MODELS`."""

    name: str

    def make(self, outputs: int, sample_shape: Shape = PICTURE) -> Sequential:
        """The model, not built yet, with this number of outputs, for samples of this shape."""
        return MODELS[self.name](outputs, **{key: value for key, value in self if key != "name"})


class _Activated(_Named):
    activation: str = "relu"
    dropout: Probability = 0.0
    batchnorm: bool = False
    head_scale: HeadScale = 1.0

    @field_validator("activation")
    @classmethod
    def _is_activation(cls, value: str) -> str:
        return check_choice("activation", value, ACTIVATIONS)


class MlpTable(_Activated):
    """A multi-layer perceptron: fully connected layers."""

    name: Literal["mlp"]
    hidden: Widths = (100,)
    init: str | PositiveFloat | None = None

    @field_validator("init")
    @classmethod
    def _is_initialiser(cls, value: str | float | None) -> str | float | None:
        if value is not None:
            initialiser(value)
        return value


class BlockTable(Table):
    """One block of a `cnn`: convolutions, then pooling."""

    outputs: PositiveInt
    kernel: int | Pair = 3
    stride: int | Pair = 1
    padding: str | int | Pair | Sides = "same"
    pool: PositiveInt = 2
    convs: PositiveInt = 1
    residual: bool = False

    @model_validator(mode="after")
    def _windows_are_possible(self) -> "BlockTable":
        Windows.check(self.kernel, self.stride, self.padding)
        return self

    def make(self) -> Block:
        """The block, as the function `cnn` takes it."""
        return Block(**dict(self))


class CnnTable(_Activated):
    """Blocks of convolutions and pooling, then fully connected layers."""

    name: Literal["cnn"]
    blocks: tuple[BlockTable, ...] = Field((BlockTable(outputs=16), BlockTable(outputs=32)), strict=False)
    hidden: Widths = ()

    def make(self, outputs: int, sample_shape: Shape = PICTURE) -> Sequential:
        """The model, not built yet, with this number of outputs."""
        options = {key: value for key, value in self if key not in ("name", "blocks")}
        return MODELS[self.name](outputs, [block.make() for block in self.blocks], **options)


class LenetTable(_Named):
    """LeNet-5, which has no options."""

    name: Literal["lenet"]


class MnistModel4Table(_Named):
    """Two blocks of 16 kernels and a layer of 256 hidden units."""

    name: Literal["mnist_model4"]


class FerCnnTable(_Named):
    """The network for faces of 48 x 48 pixels."""

    name: Literal["fer_cnn"]
    dropout: Probability = 0.5


class VggSmallTable(_Named):
    """Stages of 3x3 convolutions with batch normalisation, each of one width."""

    name: Literal["vgg_small"]
    widths: Widths = (64, 128, 256)
    convs: PositiveInt = 2
    dropout: Probability = 0.0
    head: Literal["mean", "flatten"] = "mean"


class ImagesCnnTable(_Named):
    """Stages of 3x3 convolutions with batch normalisation; larger images get more stages."""

    name: Literal["images_cnn"]
    width: PositiveInt = 128
    dropout: Probability = 0.0

    def make(self, outputs: int, sample_shape: Shape = PICTURE) -> Sequential:
        """The model, not built yet, for images of this shape. Raises ValueError for samples that are not images."""
        if len(sample_shape) != 3:
            raise ValueError(
                f"images_cnn needs images, but the samples are rows of {sample_shape[0]} features; choose another "
                f'model, such as "mlp"'
            )
        return images_cnn(outputs, min(sample_shape[:2]), self.width, dropout=self.dropout)


class ResnetTable(_Named):
    """A residual network of 18 to 101 layers."""

    name: Literal["resnet"]
    depth: Literal[18, 34, 50, 101] = 50
    preactivation: bool = False
    stem: str = "small"
    zero_init: bool = False
    head_scale: HeadScale = 1.0

    @field_validator("stem")
    @classmethod
    def _is_stem(cls, value: str) -> str:
        return check_choice("stem", value, STEMS)


class SequentialTable(Table):
    """Layers listed one by one: `layers = [{ kind = "linear", outputs = 100 }, { kind = "relu" }, ...]`."""

    name: Literal["sequential"]
    layers: tuple[dict[str, Any], ...] = Field(strict=False, min_length=1)

    @field_validator("layers")
    @classmethod
    def _make_to_validate(cls, value: tuple[dict[str, Any], ...]) -> tuple[dict[str, Any], ...]:
        make_layers(value)
        return value

    def make(self, outputs: int, sample_shape: Shape = PICTURE) -> Sequential:
        """The model, not built yet; its last layer decides how many outputs it has."""
        return Sequential(*make_layers(self.layers))


_Architectures = MlpTable | CnnTable | LenetTable | MnistModel4Table | FerCnnTable | VggSmallTable | ImagesCnnTable
ModelTable = Annotated[_Architectures | ResnetTable | SequentialTable, Field(discriminator="name")]
