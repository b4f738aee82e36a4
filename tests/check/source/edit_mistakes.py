"""Mistakes that people make in layers and normalisations: the right text, the mistaken one, and what mends it."""

from tests.check.source import edit_activations as activations
from tests.check.source import edit_layers as layers
from tests.check.source import edit_normalisations as norms
from tests.check.source.edit_layers import Mistake

LAYERS = {
    "db is a mean": Mistake(layers.AFFINE, "np.sum(dout, axis=0)", "np.mean(dout, axis=0)", "mean to sum"),
    "db over the wrong axis": Mistake(layers.AFFINE, "axis=0", "axis=1", "other axis"),
    "db without axis": Mistake(layers.AFFINE, "np.sum(dout, axis=0)", "np.sum(dout)", "axis added"),
    "db is not summed": Mistake(layers.AFFINE, "np.sum(dout, axis=0)", "dout", "sum added"),
    "db keeps its axis": Mistake(layers.AFFINE, "axis=0", "axis=0, keepdims=True", "axes no longer kept"),
    "dx is not reshaped": Mistake(layers.AFFINE, "np.dot(dout, w.T).reshape(x.shape)", "np.dot(dout, w.T)", "reshape"),
    "dw divided by N": Mistake(layers.AFFINE, ".T, dout)", ".T, dout) / N", "divisor dropped"),
    "dw times 2": Mistake(layers.AFFINE, "dw = np.dot", "dw = 2 * np.dot", "factor dropped"),
    "the sign of dx": Mistake(layers.AFFINE, "np.dot(dout, w.T)", "-np.dot(dout, w.T)", "sign"),
    "upstream ignored": Mistake(layers.AFFINE, "sum(dout, axis=0)", "sum(x, axis=0)", "other variable"),
    "cache unpacked in another order": Mistake(layers.AFFINE, "x, w, b = cache", "w, x, b = cache", "order"),
    "gradients in another order": Mistake(layers.AFFINE, "return dx, dw, db", "return dx, db, dw", "order"),
    "w is not transposed": Mistake(layers.AFFINE, "np.dot(dout, w.T)", "np.dot(dout, w)", "transpose added"),
    "dw is transposed": Mistake(layers.AFFINE, "np.dot(x.reshape(N, -1).T, dout)", "dout.T @ x.reshape(N, -1)", ""),
    "x is not flattened": Mistake(layers.AFFINE, "x.reshape(N, -1).T", "x.T", "reshape added"),
    "the bias is left out": Mistake(layers.AFFINE_FORWARD, "@ w + b", "@ w", "term added"),
    "the cache holds the output": Mistake(layers.AFFINE_FORWARD, "cache = (x,", "cache = (out,", "other variable"),
    "the cache in another order": Mistake(layers.AFFINE_FORWARD, "cache = (x, w,", "cache = (w, x,", "order"),
    "1/m is missing": Mistake(layers.MEANS, "1. / m * np.dot", "np.dot", "divisor added"),
    "1/m of the wrong axis": Mistake(layers.MEANS, "A_prev.shape[1]", "A_prev.shape[0]", "number"),
    "db of columns over rows": Mistake(layers.MEANS, "axis=1, keepdims=True", "axis=0, keepdims=True", "other axis"),
    "db of columns without its axis": Mistake(layers.MEANS, ", keepdims=True", "", "axes kept"),
    "product in the wrong order": Mistake(layers.MEANS, "np.dot(W.T, dZ)", "np.dot(dZ, W.T)", "operands swapped"),
    "dx of the input's name": Mistake(layers.LINEAR, "self.x.T.dot", "self.out.T.dot", "other variable"),
    "gradient accumulated": Mistake(layers.LINEAR, "self.db = grad", "self.db += grad", "+= to ="),
    "gradient subtracted": Mistake(layers.LINEAR, "self.dW = self", "self.dW -= self", "-= to ="),
    "db is one number": Mistake(layers.LINEAR, "grad_output.sum(0)", "grad_output.sum()", "axis added"),
    "backward updates the weights": Mistake(
        layers.LINEAR,
        "        return grad",
        "        self.W -= 0.1 * self.dW\n        return grad",
        "statement deleted",
    ),
    "the mask of the output": Mistake(activations.RELU_MASK, "x > 0", "dout > 0", "other variable"),
    "the mask is inverted": Mistake(activations.RELU_MASK, "x > 0", "x < 0", "comparison"),
    "the mask at 1": Mistake(activations.RELU_MASK, "x > 0", "x > 1", "number"),
    "the mask is not used": Mistake(activations.RELU_MASK, "dout * mask", "dout", "factor added"),
    "the upstream is not used": Mistake(activations.RELU_MASK, "dx = dout * mask", "dx = mask * 1.0", ""),
    "dy changed in place": Mistake(activations.RELU, "dout.copy()", "dout", "copy"),
    "dx is not masked": Mistake(activations.RELU, "x <= 0", "x >= 0", "comparison"),
    "dx is 1 where masked": Mistake(activations.RELU, "<= 0] = 0", "<= 0] = 1", "number"),
    "the slope left out": Mistake(activations.LEAKY, "slope * dout", "dout", "factor added"),
    "branches exchanged": Mistake(activations.LEAKY, "dout, slope * dout", "slope * dout, dout", "order"),
    "ELU's positive slope": Mistake(activations.ELU, "x > 0, 1,", "x > 0, x,", "branch to a number"),
    "alpha left out": Mistake(activations.ELU, "alpha * np.exp(x)", "np.exp(x)", "factor added"),
    "sigmoid for its derivative": Mistake(activations.SIGMOID, "sigmoid_prime(z)", "sigmoid(z)", "other function"),
    "the derivative left out": Mistake(
        activations.SIGMOID, "delta * sigmoid_prime(z)", "sigmoid_prime(z)", "factor added"
    ),
    "the derivative twice": Mistake(
        activations.SIGMOID, "delta * sigmoid_prime(z)", "delta * sigmoid_prime(z) * sigmoid_prime(z)", "factor dropped"
    ),
    "derivative of the wrong tensor": Mistake(activations.ACTIVATIONS, "self.s * (1", "self.x * (1", "other variable"),
    "1 minus is missing": Mistake(
        activations.ACTIVATIONS, "self.s * (1 - self.s)", "self.s * self.s", "one minus added"
    ),
    "tanh is not squared": Mistake(activations.ACTIVATIONS, "self.t ** 2", "self.t", ""),
    "tanh plus": Mistake(activations.ACTIVATIONS, "1 - self.t ** 2", "1 + self.t ** 2", "+ to -"),
    "the common term is left out": Mistake(activations.SOFTMAX_BACKWARD, "(dy - common)", "dy", ""),
    "the common term keeps no axis": Mistake(activations.SOFTMAX_BACKWARD, ", keepdims=True", "", "axes kept"),
    "the common term without y": Mistake(activations.SOFTMAX_BACKWARD, "np.sum(dy * y,", "np.sum(dy,", "factor added"),
    "no scaling": Mistake(activations.DROPOUT, " / (1 - p)\n", "\n", "divisor added"),
    "divided by p": Mistake(activations.DROPOUT, "/ (1 - p)", "/ p", "one minus added"),
    "kept and dropped exchanged": Mistake(activations.DROPOUT, "< 1 - p", "< p", "one minus added"),
    "normal draws": Mistake(activations.DROPOUT, "np.random.rand(", "np.random.randn(", "randn to rand"),
    "scaled at test time": Mistake(
        activations.DROPOUT, "        out = x\n", "        out = x * (1 - p)\n", "factor dropped"
    ),
    "active at test time": Mistake(activations.DROPOUT, "'train'", "'test'", "text"),
    "one mask for the batch": Mistake(activations.DROPOUT, "rand(*x.shape)", "rand(x.shape[1])", "shape of a draw"),
    "a new mask in backward": Mistake(
        activations.DROPOUT_BACKWARD,
        "        dx = dout * mask",
        "        mask = np.random.rand(*dout.shape) < 0.5\n        dx = dout * mask",
        "",
    ),
    "backward in the wrong mode": Mistake(
        activations.DROPOUT_BACKWARD, "mode == 'train'", "mode != 'train'", "comparison"
    ),
    "divided by the mask": Mistake(activations.DROPOUT_BACKWARD, "dout * mask", "dout / mask", "/ to *"),
    "the test pass by the wrong share": Mistake(
        activations.SCALED_DROPOUT, "x * (1.0 - self.dropout_ratio)", "x * self.dropout_ratio", "one minus added"
    ),
    "the mask is of the kept share": Mistake(activations.SCALED_DROPOUT, ") > self", ") < self", "comparison"),
}

NORMS = {
    "std(var + eps)": Mistake(norms.BATCHNORM_FORWARD, "np.sqrt(var + eps)", "np.std(var + eps)", ""),
    "eps outside of the root": Mistake(norms.BATCHNORM_FORWARD, "np.sqrt(var + eps)", "np.sqrt(var) + eps", "eps"),
    "eps left out": Mistake(norms.BATCHNORM_FORWARD, "np.sqrt(running_var + eps)", "np.sqrt(running_var)", "eps added"),
    "divided by the variance": Mistake(
        norms.BATCHNORM_FORWARD, "np.sqrt(running_var + eps)", "(running_var + eps)", "root added"
    ),
    "momentum swapped": Mistake(
        norms.BATCHNORM_FORWARD,
        "momentum * running_mean + (1 - momentum) * mu",
        "(1 - momentum) * running_mean + momentum * mu",
        "complements exchanged",
    ),
    "the batch's mean at test time": Mistake(
        norms.BATCHNORM_FORWARD, "(1 - momentum) * var", "(1 - momentum) * mu", ""
    ),
    "the mean without axis": Mistake(norms.BATCHNORM_FORWARD, "np.mean(x, axis=0)", "np.mean(x)", "axis added"),
    "unbiased variance": Mistake(norms.BATCHNORM_FORWARD, "var(x, axis=0)", "var(x, axis=0, ddof=1)", "degrees"),
    "standard deviation for variance": Mistake(norms.BATCHNORM_FORWARD, "np.var(x", "np.std(x", "std to var"),
    "beta is subtracted": Mistake(
        norms.BATCHNORM_FORWARD, "x_hat + beta\n        running", "x_hat - beta\n        running", ""
    ),
    "the mean is added": Mistake(norms.BATCHNORM_FORWARD, "(x - mu)", "(x + mu)", "+ to -"),
    "statistics are written twice": Mistake(
        norms.BATCHNORM_FORWARD, "bn_param['running_var'] = running_var", "bn_param['running_var'] = running_mean", ""
    ),
    "statistics at test time": Mistake(
        norms.BATCHNORM_FORWARD,
        "        cache = None\n",
        "        running_mean = momentum * running_mean + (1 - momentum) * x.mean(0)\n        cache = None\n",
        "statement deleted",
    ),
    "the exponent": Mistake(norms.BATCHNORM_BACKWARD, "**(-1.5)", "**(-0.5)", "exponent"),
    "the cache in another order, six": Mistake(
        norms.BATCHNORM_BACKWARD, "gamma, mu, var, eps = cache", "gamma, var, mu, eps = cache", "order"
    ),
    "dgamma without x_hat": Mistake(
        norms.BATCHNORM_BACKWARD, "np.sum(dout * x_hat, axis=0)", "np.sum(dout, axis=0)", ""
    ),
    "dgamma of x": Mistake(norms.BATCHNORM_BACKWARD, "np.sum(dout * x_hat", "np.sum(dout * x", "other variable"),
    "gamma left out": Mistake(norms.BATCHNORM_BACKWARD, "dout * gamma", "dout", "factor added"),
    "the mean term left out": Mistake(norms.BATCHNORM_BACKWARD, " + dmu / N", "", "term added"),
    "a factor of 2 left out": Mistake(norms.BATCHNORM_BACKWARD, "dvar * 2 * (x - mu) / N", "dvar * (x - mu) / N", ""),
    "1/N left out": Mistake(norms.BATCHNORM_BACKWARD, "2 * (x - mu) / N", "2 * (x - mu)", "divisor added"),
    "dmu is a mean": Mistake(norms.BATCHNORM_BACKWARD, "np.sum(-dx_hat", "np.mean(-dx_hat", "mean to sum"),
    "N is D": Mistake(norms.BATCHNORM_BACKWARD, "dmu / N", "dmu / D", "other size"),
    "the gradients without their mean": Mistake(norms.BATCHNORM_ALT, " - dxhat.sum(axis=0)", "", "mean term added"),
    "the gradients without their variance": Mistake(
        norms.BATCHNORM_ALT, " - xhat * (dxhat * xhat).sum(axis=0)", "", "variance term added"
    ),
    "m left out": Mistake(norms.BATCHNORM_ALT, "(m * dxhat", "(dxhat", "factor added"),
    "m on the other side": Mistake(norms.BATCHNORM_ALT, "istd / m *", "istd * m *", "* to /"),
    "layer-norm over the batch": Mistake(norms.LAYERNORM, "dxn.mean(axis=1", "dxn.mean(axis=0", "other axis"),
    "layer-norm's mean term": Mistake(norms.LAYERNORM, " - dxn.mean(axis=1, keepdims=True)", "", "mean term added"),
    "layer-norm's variance term": Mistake(
        norms.LAYERNORM, " - xn * (dxn * xn).mean(axis=1, keepdims=True)", "", "variance term added"
    ),
    "layer-norm's dgamma over features": Mistake(norms.LAYERNORM, "(dy * xn).sum(axis=0)", "(dy * xn).sum(axis=1)", ""),
    "order of the transposition": Mistake(
        norms.SPATIAL, "transpose(0, 3, 1, 2)", "transpose(0, 2, 3, 1)", "order of axes"
    ),
    "the shape in another order": Mistake(norms.SPATIAL, "reshape(N, H, W, C)", "reshape(N, C, H, W)", "order"),
    "no transposition": Mistake(norms.SPATIAL, "x.transpose(0, 2, 3, 1).reshape", "x.reshape", "transpose added"),
}
