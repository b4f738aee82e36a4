"""Layers without state: bprop is given the inputs and the outputs of fprop again, and grads_wrt_params the inputs.

fprop(inputs) computes the outputs; bprop(inputs, outputs, grads_wrt_outputs) the gradients with respect to the inputs;
grads_wrt_params(inputs, grads_wrt_outputs) a list of those with respect to the parameters, in the order of `params`.
Samples are rows. The mean over the batch belongs to the error, so no layer has a factor 1/N.
"""

import numpy as np


def uniform_init(shape):
    """Draw an array of this shape from the uniform distribution on (-0.1, 0.1)."""
    return np.random.uniform(-0.1, 0.1, shape)


class Layer:
    """The interface of all layers."""

    def fprop(self, inputs):
        """Compute the outputs of the layer."""
        raise NotImplementedError

    def bprop(self, inputs, outputs, grads_wrt_outputs):
        """Compute the gradients with respect to the inputs."""
        raise NotImplementedError


class LayerWithParameters(Layer):
    """The interface of layers that have parameters."""

    def grads_wrt_params(self, inputs, grads_wrt_outputs):
        """Compute the gradients with respect to the parameters."""
        raise NotImplementedError

    @property
    def params(self):
        """Return the list of all parameters."""
        raise NotImplementedError


class StochasticLayer(Layer):
    """The interface of layers that draw random numbers from the generator `rng`."""

    def __init__(self, rng=None):
        self.rng = np.random.RandomState() if rng is None else rng

    def fprop(self, inputs, stochastic=True):
        """Compute the outputs of the layer, with stochastic=False without any chance."""
        raise NotImplementedError


# ---- linear ----


class AffineLayer(LayerWithParameters):
    """Affine map: every output is a weighted sum of all inputs of its sample, plus a bias.

    outputs = inputs weightsᵀ + biases            weights (output_dim, input_dim)    biases (output_dim,)
    """

    def __init__(self, input_dim, output_dim, weights_initialiser=uniform_init, biases_initialiser=np.zeros):
        self.input_dim = input_dim
        self.output_dim = output_dim
        self.weights = weights_initialiser((output_dim, input_dim))
        self.biases = biases_initialiser(output_dim)

    def fprop(self, inputs):
        """Take inputs (batch, input_dim) and return outputs (batch, output_dim)."""
        outputs = inputs @ self.weights.T + self.biases
        return outputs

    def bprop(self, inputs, outputs, grads_wrt_outputs):
        """Take the gradients with respect to the outputs and return those with respect to the inputs."""
        grads_wrt_inputs = grads_wrt_outputs @ self.weights
        return grads_wrt_inputs

    def grads_wrt_params(self, inputs, grads_wrt_outputs):
        """Return the list of the gradients with respect to weights and biases, in their shapes."""
        grads_wrt_weights = grads_wrt_outputs.T @ inputs
        grads_wrt_biases = np.sum(grads_wrt_outputs, axis=0)  # the biases are added to every row
        return [grads_wrt_weights, grads_wrt_biases]

    @property
    def params(self):  # given
        """Return the list of weights and biases."""
        return [self.weights, self.biases]


# ---- sigmoid ----


class SigmoidLayer(Layer):
    """Logistic sigmoid: 1 / (1 + exp(-inputs)), element by element."""

    def fprop(self, inputs):
        """Take inputs of any shape and return outputs of the same shape."""
        e = np.exp(-np.abs(inputs))  # at most 1, so nothing overflows
        outputs = np.where(inputs >= 0, 1 / (1 + e), e / (1 + e))
        return outputs

    def bprop(self, inputs, outputs, grads_wrt_outputs):
        """Take the gradients with respect to the outputs and return those with respect to the inputs."""
        grads_wrt_inputs = grads_wrt_outputs * outputs * (1 - outputs)
        return grads_wrt_inputs


# ---- tanh ----


class TanhLayer(Layer):
    """Hyperbolic tangent, element by element."""

    def fprop(self, inputs):
        """Take inputs of any shape and return outputs of the same shape."""
        outputs = np.tanh(inputs)
        return outputs

    def bprop(self, inputs, outputs, grads_wrt_outputs):
        """Take the gradients with respect to the outputs and return those with respect to the inputs."""
        grads_wrt_inputs = grads_wrt_outputs * (1 - outputs**2)
        return grads_wrt_inputs


# ---- relu ----


class ReluLayer(Layer):
    """Rectifier: max(0, inputs), element by element; its slope at 0 is taken as 0."""

    def fprop(self, inputs):
        """Take inputs of any shape and return outputs of the same shape."""
        outputs = np.maximum(inputs, 0)
        return outputs

    def bprop(self, inputs, outputs, grads_wrt_outputs):
        """Take the gradients with respect to the outputs and return those with respect to the inputs."""
        grads_wrt_inputs = grads_wrt_outputs * (inputs > 0)
        return grads_wrt_inputs


# ---- leaky_relu ----


class LeakyReluLayer(Layer):
    """Leaky rectifier: inputs where they are above 0, else alpha times inputs; the slope at 0 is alpha."""

    def __init__(self, alpha=0.01):
        self.alpha = alpha

    def fprop(self, inputs):
        """Take inputs of any shape and return outputs of the same shape."""
        outputs = np.where(inputs > 0, inputs, self.alpha * inputs)
        return outputs

    def bprop(self, inputs, outputs, grads_wrt_outputs):
        """Take the gradients with respect to the outputs and return those with respect to the inputs."""
        grads_wrt_inputs = grads_wrt_outputs * np.where(inputs > 0, 1, self.alpha)
        return grads_wrt_inputs


# ---- elu ----


class ELULayer(Layer):
    """Exponential linear unit: inputs where they are above 0, else alpha (exp(inputs) - 1)."""

    def __init__(self, alpha=1.0):
        self.alpha = alpha

    def fprop(self, inputs):
        """Take inputs of any shape and return outputs of the same shape."""
        negative = self.alpha * np.expm1(np.minimum(inputs, 0))  # exp of large inputs would overflow
        outputs = np.where(inputs > 0, inputs, negative)
        return outputs

    def bprop(self, inputs, outputs, grads_wrt_outputs):
        """Take the gradients with respect to the outputs and return those with respect to the inputs."""
        slope = np.where(inputs > 0, 1, outputs + self.alpha)  # alpha exp(inputs) = outputs + alpha
        grads_wrt_inputs = grads_wrt_outputs * slope
        return grads_wrt_inputs


# ---- softmax ----


class SoftmaxLayer(Layer):
    """Softmax of every row: exp(inputs) over the sum of exp(inputs) of the row."""

    def fprop(self, inputs):
        """Take inputs (batch, dim) and return probabilities (batch, dim); each row sums to 1."""
        e = np.exp(inputs - inputs.max(axis=-1, keepdims=True))  # the same softmax, and exp cannot overflow
        outputs = e / e.sum(axis=-1, keepdims=True)
        return outputs

    def bprop(self, inputs, outputs, grads_wrt_outputs):
        """Take the gradients with respect to the outputs and return those with respect to the inputs."""
        inner = np.sum(grads_wrt_outputs * outputs, axis=-1, keepdims=True)
        grads_wrt_inputs = outputs * (grads_wrt_outputs - inner)
        return grads_wrt_inputs


# ---- dropout ----


class DropoutLayer(StochasticLayer):
    """Dropout: each value is kept with probability incl_prob, and all are scaled when nothing is random.

        stochastic: outputs = inputs mask               mask is 1 with probability incl_prob, else 0
        else:       outputs = inputs incl_prob          so that the mean of the outputs is the same

    share_across_batch: draw one mask for all samples of a batch. The mask is kept for bprop.
    """

    def __init__(self, rng=None, incl_prob=0.5, share_across_batch=True):
        super().__init__(rng)
        self.incl_prob = incl_prob
        self.share_across_batch = share_across_batch
        self._mask = None

    def fprop(self, inputs, stochastic=True):
        """Take inputs (batch, ...) and return outputs of the same shape."""
        if not stochastic:
            self._mask = self.incl_prob
            return inputs * self.incl_prob
        shape = (1, *inputs.shape[1:]) if self.share_across_batch else inputs.shape
        self._mask = self.rng.uniform(size=shape) < self.incl_prob
        outputs = inputs * self._mask
        return outputs

    def bprop(self, inputs, outputs, grads_wrt_outputs):
        """Take the gradients with respect to the outputs and return those with respect to the inputs."""
        grads_wrt_inputs = grads_wrt_outputs * self._mask
        return grads_wrt_inputs


# ---- flatten ----


class ReshapeLayer(Layer):
    """Give each sample another shape; (-1,) makes it one row."""

    def __init__(self, output_shape=(-1,)):
        self.output_shape = tuple(output_shape)

    def fprop(self, inputs):
        """Take inputs (batch, ...) and return outputs (batch, *output_shape)."""
        outputs = inputs.reshape(inputs.shape[0], *self.output_shape)
        return outputs

    def bprop(self, inputs, outputs, grads_wrt_outputs):
        """Take the gradients with respect to the outputs and return those with respect to the inputs."""
        grads_wrt_inputs = grads_wrt_outputs.reshape(inputs.shape)
        return grads_wrt_inputs


# ---- conv2d ----


class ConvolutionalLayer(LayerWithParameters):
    """Convolution of images with stride 1 and without padding; the kernels are not flipped.

        outputs[n, o, i, j] = biases[o] + sum over c, u, v of inputs[n, c, i + u, j + v] kernels[o, c, u, v]

    kernels: (num_output_channels, num_input_channels, kernel_dim_1, kernel_dim_2). biases: (num_output_channels,).
    """

    def __init__(self, num_input_channels, num_output_channels, input_dim_1, input_dim_2, kernel_dim_1, kernel_dim_2):
        self.kernel_dims = kernel_dim_1, kernel_dim_2
        self.output_dims = input_dim_1 - kernel_dim_1 + 1, input_dim_2 - kernel_dim_2 + 1
        self.kernels = uniform_init((num_output_channels, num_input_channels, kernel_dim_1, kernel_dim_2))
        self.biases = np.zeros(num_output_channels)

    def fprop(self, inputs):
        """Take images (batch, channels, dim_1, dim_2) and return those that the kernels make of them."""
        k1, k2 = self.kernel_dims
        outputs = np.zeros((inputs.shape[0], len(self.biases), *self.output_dims), dtype=inputs.dtype)
        for i in range(self.output_dims[0]):
            for j in range(self.output_dims[1]):
                window = inputs[:, :, i : i + k1, j : j + k2]
                outputs[:, :, i, j] = np.tensordot(window, self.kernels, axes=([1, 2, 3], [1, 2, 3])) + self.biases
        return outputs

    def bprop(self, inputs, outputs, grads_wrt_outputs):
        """Take the gradients with respect to the outputs and return those with respect to the inputs."""
        k1, k2 = self.kernel_dims
        grads_wrt_inputs = np.zeros_like(inputs)
        for i in range(self.output_dims[0]):
            for j in range(self.output_dims[1]):
                # Windows overlap: a pixel collects from all that saw it.
                upstream = grads_wrt_outputs[:, :, i, j]
                grads_wrt_inputs[:, :, i : i + k1, j : j + k2] += np.tensordot(upstream, self.kernels, axes=(1, 0))
        return grads_wrt_inputs

    def grads_wrt_params(self, inputs, grads_wrt_outputs):
        """Return the list of the gradients with respect to kernels and biases, in their shapes."""
        k1, k2 = self.kernel_dims
        grads_wrt_kernels = np.zeros_like(self.kernels)
        for i in range(self.output_dims[0]):
            for j in range(self.output_dims[1]):
                window = inputs[:, :, i : i + k1, j : j + k2]
                grads_wrt_kernels += np.tensordot(grads_wrt_outputs[:, :, i, j], window, axes=(0, 0))
        grads_wrt_biases = np.sum(grads_wrt_outputs, axis=(0, 2, 3))
        return [grads_wrt_kernels, grads_wrt_biases]

    @property
    def params(self):  # given
        """Return the list of kernels and biases."""
        return [self.kernels, self.biases]


# ---- max_pool ----


class MaxPoolingLayer(Layer):
    """The largest of every pool_size neighbouring values of a sample: (batch, dim) becomes (batch, dim / pool_size)."""

    def __init__(self, pool_size=2):
        self.pool_size = pool_size

    def fprop(self, inputs):
        """Take inputs (batch, dim), with dim a multiple of pool_size, and return outputs (batch, dim / pool_size)."""
        pools = inputs.reshape(inputs.shape[0], -1, self.pool_size)
        outputs = pools.max(axis=-1)
        return outputs

    def bprop(self, inputs, outputs, grads_wrt_outputs):
        """Take the gradients with respect to the outputs and return those with respect to the inputs.

        The largest value of a pool has its whole gradient; where several tie, the first of them.
        """
        pools = inputs.reshape(inputs.shape[0], -1, self.pool_size)
        winner = pools.argmax(axis=-1)[..., None]
        grads = np.zeros_like(pools)
        np.put_along_axis(grads, winner, grads_wrt_outputs[..., None], axis=-1)
        grads_wrt_inputs = grads.reshape(inputs.shape)
        return grads_wrt_inputs
