"""The base of all layers: an op, its parameters, and their gradients."""

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

    A subclass names its op, and overrides `init_params`, `infer_output_shape` and `options` where it needs to. The
    arguments of its constructor are dataclass fields, from which the layer is printed, written in a study and built.
    `state` holds arrays that are saved with the model but not trained, such as running statistics. A `frozen` layer
    runs as at inference and is not trained: the chain and the model that hold the layer see to that.
    """

    op_name: ClassVar[str]
    penalised: ClassVar[tuple[str, ...]] = ()  # the parameters that weight decay and the L2 penalty act on
    shown: ClassVar[tuple[str, ...]] = ()  # the fields that are printed even where they have the default value
    transient = MappingProxyType({"_cache": None, "_ran": None})
    stacks: ClassVar[bool] = False  # whether its op takes arrays with one more axis in front: see `Stack`

    params: dict[str, Array] = field(init=False, repr=False, default_factory=dict)
    grads: dict[str, Array] = field(init=False, repr=False, default_factory=dict)
    state: dict[str, Array] = field(init=False, repr=False, default_factory=dict)
    input_shape: Shape = field(init=False, repr=False, default=())
    output_shape: Shape = field(init=False, repr=False, default=())
    frozen: bool = field(init=False, repr=False, default=False)
    _cache: Any = field(init=False, repr=False, default=None)
    _ran: Kernel | None = field(init=False, repr=False, default=None)  # the kernel or reference that ran forward

    def build(self, shape: Shape, rng: np.random.Generator, dtype: DTypeLike = np.float32) -> Shape:
        """Allocate and initialise for samples of this shape; returns the shape of the output (no batch axis).

        Raises ValueError when the layer cannot take such samples.
        """
        self.input_shape, self.output_shape = shape, self.infer_output_shape(shape)
        self.params = {name: value.astype(dtype) for name, value in self.init_params(shape, rng).items()}
        self.grads = {name: np.zeros_like(value) for name, value in self.params.items()}
        self.state = {name: value.astype(dtype) for name, value in self.init_state(shape).items()}
        return self.output_shape

    def forward(self, x: Array, *, train: bool = False, rng: np.random.Generator | None = None) -> Array:
        """x (N, *input_shape) -> y (N, *output_shape). rng: for layers that draw random numbers in training."""
        return self.forward_by(op(self.op_name, x.dtype), x, train, rng)

    def forward_by(self, kernel: Kernel, x: Array, train: bool, rng: np.random.Generator | None) -> Array:
        """Forward by this kernel, or reference. It may run the layers after this one, too: y is that of the last."""
        arrays = (*self.inputs(x, train, rng), *self.params.values())
        forward = (kernel.training if train else None) or kernel.forward
        y, self._cache = forward(*arrays, **self.options(x, train, rng))
        self._ran = kernel
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
        gradients = self._ran.backward(dy, self._cache, **options)
        inputs = len(gradients) - len(self.params)
        for name, gradient in zip(self.params, gradients[inputs:], strict=True):
            if gradient is not self.grads[name]:
                self.grads[name][...] = gradient
        return self.input_gradient(gradients[:inputs], need_dx)

    def inputs(self, x: Array, train: bool, rng: np.random.Generator | None) -> tuple[Array, ...]:
        """The arrays that the op takes before the parameters."""
        return (x,)

    def input_gradient(self, gradients: tuple[Array | None, ...], need_dx: bool) -> Array | None:
        """The gradient dx, from the gradients of `inputs`."""
        return gradients[0]

    def observe(self, x: Array, cache: Any) -> None:
        """Update the state by a training batch, as batch normalisation does with its running statistics."""

    def release(self) -> None:
        """Free the memory of what forward cached; a model that only predicts does not need it."""
        self._ran = self._cache = None

    def walk(self, name: str = "") -> Iterator[tuple[str, "Layer"]]:
        """The layers inside this one, then the layer itself, with their names; this one has the name given."""
        yield name, self

    @property
    def trainable(self) -> bool:
        """Whether the layer, or one inside it, has parameters and is not frozen."""
        own = bool(self.params) and not self.frozen
        return own or any(layer.params and not layer.frozen for _, layer in self.walk())

    @property
    def min_batch_size(self) -> int:
        """The number of samples that a batch needs at least to train this layer."""
        return 1

    def fresh(self) -> Self:
        """A new layer with the same arguments, not built."""
        return replace(self)

    def __str__(self) -> str:
        """The layer as Python code: required arguments, those in `shown`, and those that differ from the default."""
        arguments = []
        for argument in (argument for argument in fields(self) if argument.init):
            value = getattr(self, argument.name)
            if value != argument.default or argument.name in self.shown:
                arguments.append(f"{value!r}" if argument.default is MISSING else f"{argument.name}={value!r}")
        return f"{type(self).__name__}({', '.join(arguments)})"

    def init_params(self, shape: Shape, rng: np.random.Generator) -> dict[str, Array]:
        """The initial parameters by name, for samples of this shape."""
        return {}

    def init_state(self, shape: Shape) -> dict[str, Array]:
        """The initial state by name, for samples of this shape."""
        return {}

    def infer_output_shape(self, shape: Shape) -> Shape:
        """The output's shape for samples of this shape. Raises ValueError when they do not fit the layer."""
        return shape

    def options(self, x: Array, train: bool, rng: np.random.Generator | None) -> dict[str, Any]:
        """The keyword arguments of the op for this batch."""
        return {}

    def multiply_adds(self) -> int:
        """The multiply-adds of one sample's forward pass; only products with weights count."""
        return 0
