"""What every layer is: an op, its parameters, and the gradients the op returned."""

from collections.abc import Iterator
from dataclasses import MISSING, dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import DTypeLike

from backhand.arrays import Array, Shape
from backhand.arrays.copies import Copyable
from backhand.backend import op
from backhand.kernels.kernel import Kernel


@dataclass(eq=False)
class Layer(Copyable):
    """One op with its parameters, named in the order in which the op takes them and returns their gradients.

    A subclass names its op, and overrides `init_params`, `output`, `options` as far as it has any. Its constructor's
    arguments are dataclass fields, so that a layer can be printed, written in a study and built anew from them.
    `state` holds what is saved with the model but not trained, such as running statistics. A `frozen` layer is run as
    at inference, and its parameters are not trained: whoever holds the layer sees to both (`Chain`, the model).
    """

    op_name: ClassVar[str]
    penalised: ClassVar[tuple[str, ...]] = ()  # the parameters that weight decay and the L2 penalty act on
    shown: ClassVar[tuple[str, ...]] = ()  # the fields that say what it does, printed even where they are the default
    transient = MappingProxyType({"_cache": None, "_ran": None})
    stacks: ClassVar[bool] = False  # whether its op takes arrays with an axis more in front: see `Stack`

    params: dict[str, Array] = field(init=False, repr=False, default_factory=dict)
    grads: dict[str, Array] = field(init=False, repr=False, default_factory=dict)
    state: dict[str, Array] = field(init=False, repr=False, default_factory=dict)
    input_shape: Shape = field(init=False, repr=False, default=())
    output_shape: Shape = field(init=False, repr=False, default=())
    frozen: bool = field(init=False, repr=False, default=False)
    _cache: Any = field(init=False, repr=False, default=None)
    _ran: Kernel | None = field(init=False, repr=False, default=None)  # what ran forward

    def build(self, shape: Shape, rng: np.random.Generator, dtype: DTypeLike = np.float32) -> Shape:
        """Allocate and initialise for samples of this shape; returns the shape of the output (no batch axis).

        Raises ValueError when the layer cannot take such samples.
        """
        self.input_shape, self.output_shape = shape, self.output(shape)
        self.params = {name: value.astype(dtype) for name, value in self.init_params(shape, rng).items()}
        self.grads = {name: np.zeros_like(value) for name, value in self.params.items()}
        self.state = {name: value.astype(dtype) for name, value in self.init_state(shape).items()}
        return self.output_shape

    def forward(self, x: Array, *, train: bool = False, rng: np.random.Generator | None = None) -> Array:
        """x (N, *input_shape) -> y (N, *output_shape). `rng` is for layers that draw when training."""
        return self.forward_by(None, x, train, rng)

    def forward_by(self, kernel: Kernel | None, x: Array, train: bool, rng: np.random.Generator | None) -> Array:
        """The same by a kernel that runs the layers behind this one as well: y is then theirs."""
        inputs = self.inputs(x, train, rng)
        ran = kernel or op(self.op_name, inputs[0].dtype)
        y, self._cache = ran.forward(*inputs, *self.params.values(), **self.options(x, train, rng))
        self._ran = ran
        if train:
            self.observe(x, self._cache)
        return y

    def backward(self, dy: Array, *, need_dx: bool = True) -> Array | None:
        """dy -> dx, of the latest forward; overwrites `grads`. Without need_dx, dx may be None.

        Raises RuntimeError when there was no forward.
        """
        if self._ran is None:
            raise RuntimeError(f"{self}: backward was called before forward")
        options: dict[str, Any] = {} if need_dx or not self.params else {"need_dx": False}
        if self._ran.writes_grads:
            options["grads"] = tuple(self.grads.values())
        found = self._ran.backward(dy, self._cache, **options)
        inputs = len(found) - len(self.params)
        for name, gradient in zip(self.params, found[inputs:], strict=True):
            if gradient is not self.grads[name]:
                self.grads[name][...] = gradient
        return self.input_gradient(found[:inputs], need_dx)

    def inputs(self, x: Array, train: bool, rng: np.random.Generator | None) -> tuple[Array, ...]:
        """What the op is given before the parameters."""
        return (x,)

    def input_gradient(self, gradients: tuple[Array | None, ...], need_dx: bool) -> Array | None:
        """dx from the gradients of `inputs`."""
        return gradients[0]

    def observe(self, x: Array, cache: Any) -> None:
        """What the layer learns from a batch in passing, such as running statistics."""

    def release(self) -> None:
        """Forget what forward cached: a trained model that only predicts needs no memory for it."""
        self._ran = self._cache = None

    def walk(self, name: str = "") -> Iterator[tuple[str, "Layer"]]:
        """The layers that this one holds, and then itself, with names that begin with `name`."""
        yield name, self

    @property
    def learns(self) -> bool:
        """Whether there is anything to train in it."""
        return any(layer.params and not layer.frozen for _, layer in self.walk())

    @property
    def fewest_samples(self) -> int:
        """How many samples a batch must have for this layer to be trained on it."""
        return 1

    def fresh(self) -> Self:
        """The same layer, not built."""
        return replace(self)

    def __str__(self) -> str:
        """As one would write it: what has to be given, what is `shown`, and what is not the default."""
        arguments = []
        for each in (each for each in fields(self) if each.init):
            value = getattr(self, each.name)
            if value != each.default or each.name in self.shown:
                arguments.append(f"{value!r}" if each.default is MISSING else f"{each.name}={value!r}")
        return f"{type(self).__name__}({', '.join(arguments)})"

    def init_params(self, shape: Shape, rng: np.random.Generator) -> dict[str, Array]:
        """The initial parameters for samples of this shape."""
        return {}

    def init_state(self, shape: Shape) -> dict[str, Array]:
        """The initial state for samples of this shape."""
        return {}

    def output(self, shape: Shape) -> Shape:
        """The output's shape for samples of this shape. Raises ValueError when they do not fit."""
        return shape

    def options(self, x: Array, train: bool, rng: np.random.Generator | None) -> dict[str, Any]:
        """The op's keyword arguments for this batch."""
        return {}

    def multiply_adds(self) -> int:
        """Multiplications with an addition in one sample's forward pass: the products of weights alone."""
        return 0
