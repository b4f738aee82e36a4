"""Modules in the manner of Torch 7: forward(input) and backward(input, gradOutput) call what a module defines.

updateOutput(input) computes and returns self.output; updateGradInput(input, gradOutput) computes and returns
self.gradInput; accGradParameters(input, gradOutput) ADDS to the gradients of the parameters, which zeroGradParameters
sets to 0. Samples are rows. The mean over the batch belongs to the criterion, so no module has a factor 1/N.
"""

import numpy as np


class Module:
    """The interface of all modules."""

    def __init__(self):
        self.output = None
        self.gradInput = None
        self.training = True

    def forward(self, input):
        """Compute and return the output of the module."""
        return self.updateOutput(input)

    def backward(self, input, gradOutput):
        """Return the gradient with respect to the input, and add to those of the parameters."""
        self.updateGradInput(input, gradOutput)
        self.accGradParameters(input, gradOutput)
        return self.gradInput

    def accGradParameters(self, input, gradOutput):
        """Add to the gradients of the parameters; a module without parameters does nothing."""

    def zeroGradParameters(self):
        """Set the gradients of the parameters to 0; a module without parameters does nothing."""

    def getParameters(self):
        """Return the list of all parameters."""
        return []

    def getGradParameters(self):
        """Return the list of the gradients of all parameters, in the same order."""
        return []

    def train(self):
        """Put the module into the mode of training."""
        self.training = True

    def evaluate(self):
        """Put the module into the mode of tests."""
        self.training = False


class Criterion:
    """The interface of all criteria."""

    def __init__(self):
        self.output = None
        self.gradInput = None

    def forward(self, input, target):
        """Compute and return the loss, a number."""
        return self.updateOutput(input, target)

    def backward(self, input, target):
        """Compute and return the gradient with respect to the input."""
        return self.updateGradInput(input, target)


# ---- linear ----


class Linear(Module):
    """Affine map: every output is a weighted sum of all inputs of its sample, plus a bias.

    output = input Wᵀ + b             W (n_out, n_in)    b (n_out,)
    """

    def __init__(self, n_in, n_out):
        super().__init__()
        stdv = 1 / np.sqrt(n_in)
        self.W = np.random.uniform(-stdv, stdv, size=(n_out, n_in))
        self.b = np.random.uniform(-stdv, stdv, size=n_out)
        self.gradW = np.zeros_like(self.W)
        self.gradb = np.zeros_like(self.b)

    def updateOutput(self, input):
        """Take inputs (batch, n_in) and return outputs (batch, n_out)."""
        self.output = input @ self.W.T + self.b
        return self.output

    def updateGradInput(self, input, gradOutput):
        """Take the upstream gradient (batch, n_out) and return the one with respect to the input (batch, n_in)."""
        self.gradInput = gradOutput @ self.W
        return self.gradInput

    def accGradParameters(self, input, gradOutput):
        """Add to gradW (n_out, n_in) and gradb (n_out,)."""
        self.gradW += gradOutput.T @ input
        self.gradb += gradOutput.sum(axis=0)  # b is added to every row

    def zeroGradParameters(self):  # given
        """Set gradW and gradb to 0."""
        self.gradW.fill(0)
        self.gradb.fill(0)

    def getParameters(self):  # given
        """Return the list of W and b."""
        return [self.W, self.b]

    def getGradParameters(self):  # given
        """Return the list of gradW and gradb."""
        return [self.gradW, self.gradb]


# ---- softmax ----


class SoftMax(Module):
    """Softmax of every row: exp(input) over the sum of exp(input) of the row."""

    def updateOutput(self, input):
        """Take inputs (batch, n) and return probabilities (batch, n); each row sums to 1."""
        e = np.exp(input - input.max(axis=1, keepdims=True))  # the same softmax, and exp cannot overflow
        self.output = e / e.sum(axis=1, keepdims=True)
        return self.output

    def updateGradInput(self, input, gradOutput):
        """Take the upstream gradient (batch, n) and return the one with respect to the input."""
        inner = np.sum(gradOutput * self.output, axis=1, keepdims=True)
        self.gradInput = self.output * (gradOutput - inner)
        return self.gradInput


class LogSoftMax(Module):
    """The logarithm of softmax of every row: input - log of the sum of exp(input) of the row."""

    def updateOutput(self, input):
        """Take inputs (batch, n) and return log-probabilities (batch, n)."""
        shifted = input - input.max(axis=1, keepdims=True)
        self.output = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        return self.output

    def updateGradInput(self, input, gradOutput):
        """Take the upstream gradient (batch, n) and return the one with respect to the input."""
        probs = np.exp(self.output)
        self.gradInput = gradOutput - probs * gradOutput.sum(axis=1, keepdims=True)
        return self.gradInput


# ---- batchnorm ----


class BatchNormalization(Module):
    """Batch normalisation without scale and shift: output = (input - mean) / sqrt(var + EPS).

    In training mean and var (biased, divided by the number of samples) are those of the batch, and the moving ones
    follow them: moving = alpha moving + (1 - alpha) batch. In tests the moving ones are used.
    """

    EPS = 1e-3

    def __init__(self, alpha=0.0):
        super().__init__()
        self.alpha = alpha
        self.moving_mean = None
        self.moving_variance = None
        self.std = None

    def updateOutput(self, input):
        """Take inputs (batch, n) and return outputs (batch, n)."""
        if self.moving_mean is None:
            self.moving_mean = np.zeros(input.shape[1])
            self.moving_variance = np.zeros(input.shape[1])
        if self.training:
            mean = input.mean(axis=0)
            var = input.var(axis=0)
            self.moving_mean = self.alpha * self.moving_mean + (1 - self.alpha) * mean
            self.moving_variance = self.alpha * self.moving_variance + (1 - self.alpha) * var
        else:
            mean = self.moving_mean
            var = self.moving_variance
        self.std = np.sqrt(var + self.EPS)
        self.output = (input - mean) / self.std
        return self.output

    def updateGradInput(self, input, gradOutput):
        """Take the upstream gradient (batch, n) and return the one with respect to the input."""
        if not self.training:
            self.gradInput = gradOutput / self.std
            return self.gradInput
        # Every input also reaches the loss through the mean and through the variance of its feature.
        mean_term = gradOutput.mean(axis=0)
        var_term = self.output * np.mean(gradOutput * self.output, axis=0)
        self.gradInput = (gradOutput - mean_term - var_term) / self.std
        return self.gradInput


class ChannelwiseScaling(Module):
    """Scale and shift of every feature: output = input gamma + beta, with gamma and beta (n_out,)."""

    def __init__(self, n_out):
        super().__init__()
        stdv = 1 / np.sqrt(n_out)
        self.gamma = np.random.uniform(-stdv, stdv, size=n_out)
        self.beta = np.random.uniform(-stdv, stdv, size=n_out)
        self.gradGamma = np.zeros_like(self.gamma)
        self.gradBeta = np.zeros_like(self.beta)

    def updateOutput(self, input):
        """Take inputs (batch, n_out) and return outputs of the same shape."""
        self.output = input * self.gamma + self.beta
        return self.output

    def updateGradInput(self, input, gradOutput):
        """Take the upstream gradient (batch, n_out) and return the one with respect to the input."""
        self.gradInput = gradOutput * self.gamma
        return self.gradInput

    def accGradParameters(self, input, gradOutput):
        """Add to gradGamma and gradBeta, both (n_out,)."""
        self.gradGamma += np.sum(gradOutput * input, axis=0)
        self.gradBeta += np.sum(gradOutput, axis=0)

    def zeroGradParameters(self):  # given
        """Set gradGamma and gradBeta to 0."""
        self.gradGamma.fill(0)
        self.gradBeta.fill(0)

    def getParameters(self):  # given
        """Return the list of gamma and beta."""
        return [self.gamma, self.beta]

    def getGradParameters(self):  # given
        """Return the list of gradGamma and gradBeta."""
        return [self.gradGamma, self.gradBeta]


# ---- dropout ----


class Dropout(Module):
    """Dropout: each value is set to 0 with probability p in training; inverted, so that tests do nothing.

    training: output = input mask          mask = 0 with probability p, else 1 / (1 - p)
    """

    def __init__(self, p=0.5):
        super().__init__()
        self.p = p
        self.mask = None

    def updateOutput(self, input):
        """Take inputs of any shape and return outputs of the same shape."""
        self.mask = np.ones(input.shape)
        if self.training:
            keep = np.random.rand(*input.shape) > self.p
            self.mask = keep / (1 - self.p)
        self.output = input * self.mask
        return self.output

    def updateGradInput(self, input, gradOutput):
        """Take the upstream gradient and return the one with respect to the input, with the mask of the output."""
        self.gradInput = gradOutput * self.mask
        return self.gradInput


# ---- relu ----


class ReLU(Module):
    """Rectifier: max(0, input), element by element; its slope at 0 is taken as 0."""

    def updateOutput(self, input):
        """Take inputs of any shape and return outputs of the same shape."""
        self.output = np.maximum(input, 0)
        return self.output

    def updateGradInput(self, input, gradOutput):
        """Take the upstream gradient and return the one with respect to the input."""
        self.gradInput = gradOutput * (input > 0)
        return self.gradInput


# ---- leaky_relu ----


class LeakyReLU(Module):
    """Leaky rectifier: input where it is above 0, else slope times input; the slope at 0 is `slope`."""

    def __init__(self, slope=0.03):
        super().__init__()
        self.slope = slope

    def updateOutput(self, input):
        """Take inputs of any shape and return outputs of the same shape."""
        self.output = np.where(input > 0, input, self.slope * input)
        return self.output

    def updateGradInput(self, input, gradOutput):
        """Take the upstream gradient and return the one with respect to the input."""
        self.gradInput = gradOutput * np.where(input > 0, 1, self.slope)
        return self.gradInput


# ---- elu ----


class ELU(Module):
    """Exponential linear unit: input where it is above 0, else alpha (exp(input) - 1)."""

    def __init__(self, alpha=1.0):
        super().__init__()
        self.alpha = alpha

    def updateOutput(self, input):
        """Take inputs of any shape and return outputs of the same shape."""
        negative = self.alpha * np.expm1(np.minimum(input, 0))  # exp of large inputs would overflow
        self.output = np.where(input > 0, input, negative)
        return self.output

    def updateGradInput(self, input, gradOutput):
        """Take the upstream gradient and return the one with respect to the input."""
        slope = np.where(input > 0, 1, self.alpha * np.exp(np.minimum(input, 0)))
        self.gradInput = gradOutput * slope
        return self.gradInput


# ---- softplus ----


class SoftPlus(Module):
    """Softplus: log(1 + exp(input)), element by element."""

    def updateOutput(self, input):
        """Take inputs of any shape and return outputs of the same shape."""
        self.output = np.logaddexp(0, input)
        return self.output

    def updateGradInput(self, input, gradOutput):
        """Take the upstream gradient and return the one with respect to the input."""
        e = np.exp(-np.abs(input))  # the slope is the sigmoid; e is at most 1, so nothing overflows
        slope = np.where(input >= 0, 1 / (1 + e), e / (1 + e))
        self.gradInput = gradOutput * slope
        return self.gradInput


# ---- mse ----


class MSECriterion(Criterion):
    """Squared distance, the mean over the samples: sum of (input - target)² over the number of samples."""

    def updateOutput(self, input, target):
        """Take outputs and targets, both (batch, n), and return the loss, a number."""
        self.output = np.sum((input - target) ** 2) / input.shape[0]
        return self.output

    def updateGradInput(self, input, target):
        """Return the gradient with respect to the input (batch, n)."""
        self.gradInput = 2 * (input - target) / input.shape[0]
        return self.gradInput


# ---- nll ----


class ClassNLLCriterion(Criterion):
    """Negative log-likelihood, in nats: - mean over the samples of the sum over k of target[n, k] input[n, k].

    The inputs are LOG-probabilities, such as those of LogSoftMax, and the targets are one-hot.
    """

    def updateOutput(self, input, target):
        """Take log-probabilities and one-hot targets, both (batch, n), and return the loss, a number."""
        self.output = -np.sum(target * input) / input.shape[0]
        return self.output

    def updateGradInput(self, input, target):
        """Return the gradient with respect to the log-probabilities (batch, n)."""
        self.gradInput = -target / input.shape[0]
        return self.gradInput


# ---- network ----


class Sequential(Module):
    """Modules one after the other: the output of each is the input of the next."""

    def __init__(self):
        super().__init__()
        self.modules = []

    def add(self, module):  # given
        """Add a module at the end."""
        self.modules.append(module)

    def updateOutput(self, input):
        """Take the input of the first module and return the output of the last one."""
        self.output = input
        for module in self.modules:
            self.output = module.forward(self.output)
        return self.output

    def backward(self, input, gradOutput):
        """Call backward of every module, from the last to the first, each with the input that it had in forward."""
        inputs = [input] + [module.output for module in self.modules[:-1]]
        self.gradInput = gradOutput
        for module, module_input in zip(reversed(self.modules), reversed(inputs), strict=True):
            self.gradInput = module.backward(module_input, self.gradInput)
        return self.gradInput

    def zeroGradParameters(self):  # given
        """Set the gradients of all modules to 0."""
        for module in self.modules:
            module.zeroGradParameters()

    def getParameters(self):  # given
        """Return a list of the parameters of each module."""
        return [module.getParameters() for module in self.modules]

    def getGradParameters(self):  # given
        """Return a list of the gradients of each module."""
        return [module.getGradParameters() for module in self.modules]

    def train(self):  # given
        """Put all modules into the mode of training."""
        self.training = True
        for module in self.modules:
            module.train()

    def evaluate(self):  # given
        """Put all modules into the mode of tests."""
        self.training = False
        for module in self.modules:
            module.evaluate()
