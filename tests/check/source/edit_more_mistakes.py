"""Mistakes that people make in losses, updates and images: the right text, the mistaken one, and what mends it."""

from tests.check.source import edit_images as images
from tests.check.source import edit_losses as losses
from tests.check.source import edit_torch as tensors
from tests.check.source.edit_layers import Mistake

LOSSES = {
    "logits shifted in place": Mistake(
        losses.SOFTMAX_LOSS, "    shifted = x - np.max(", "    shifted = x\n    shifted -= np.max(", ""
    ),
    "the loss is not negative": Mistake(losses.SOFTMAX_LOSS, "-np.sum(np.log", "np.sum(np.log", "sign"),
    "1/N in the loss alone": Mistake(losses.SOFTMAX_LOSS, "    dx /= N\n", "", "divisor added"),
    "probabilities changed": Mistake(losses.SOFTMAX_LOSS, "y] -= 1", "y] += 1", "+= to -="),
    "softmax over the batch": Mistake(
        losses.SOFTMAX_LOSS, "np.sum(probs, axis=1", "np.sum(probs, axis=0", "other axis"
    ),
    "softmax over everything": Mistake(
        losses.SOFTMAX_LOSS, "np.sum(probs, axis=1, keepdims=True)", "np.sum(probs)", ""
    ),
    "labels off by one": Mistake(losses.SOFTMAX_LOSS, "y] -= 1", "y - 1] -= 1", ""),
    "whole columns": Mistake(losses.SOFTMAX_LOSS, "dx[np.arange(N), y]", "dx[:, y]", "rows of labels"),
    "scores for probabilities": Mistake(losses.SOFTMAX_LOSS, "probs.copy()", "shifted.copy()", "other variable"),
    "overflow": Mistake(losses.STABLE_SOFTMAX, "x - np.max(x, axis=1, keepdims=True)", "x", "largest logit"),
    "overflow of both exponentials": Mistake(
        losses.SOFTMAX_ON_A_LINE,
        "np.exp(x - x.max(-1, keepdims=True)) / np.exp(x - x.max(-1, keepdims=True))",
        "np.exp(x) / np.exp(x)",
        "largest logit",
    ),
    "the absolute error's gradient for twice the error": Mistake(
        losses.TWICE, "2 * (pred - target)", "np.sign(pred - target)", "sign to twice"
    ),
    "a kernel in one dimension": Mistake(losses.FILTER, "w[::-1]", "w", "flip added"),
    "the largest of all rows": Mistake(losses.STABLE_SOFTMAX, "e.sum(axis=1", "e.sum(axis=0", ""),
    "a missing parenthesis": Mistake(
        losses.CROSS_ENTROPY, "-np.mean(t * np.log(p) + (1 - t)", "np.mean(-t * np.log(p) + (1 - t)", ""
    ),
    "a term of the cross-entropy": Mistake(losses.CROSS_ENTROPY, "(1 - t) * np.log(1 - p)", "t * np.log(1 - p)", "one"),
    "log(p) twice": Mistake(losses.CROSS_ENTROPY, "np.log(1 - p)", "np.log(p)", ""),
    "N for N*D": Mistake(losses.CROSS_ENTROPY_BACKWARD, "/ p.size", "/ len(p)", ""),
    "the sign of (y - p)": Mistake(losses.CROSS_ENTROPY_BACKWARD, "(p - t)", "(t - p)", "operands swapped"),
    "the slope of the sigmoid": Mistake(losses.CROSS_ENTROPY_BACKWARD, "(p * (1 - p))", "(p * p)", "one minus added"),
    "the square's factor": Mistake(losses.SQUARES, "grad = diff", "grad = 2 * diff", "factor dropped"),
    "the loss without 1/2": Mistake(losses.SQUARES, "0.5 * np.sum", "np.sum", "number as a factor"),
    "the loss is a mean": Mistake(losses.SQUARES, "np.sum(diff ** 2)", "np.mean(diff ** 2)", "mean to sum"),
    "the absolute error's gradient": Mistake(losses.SQUARES, "grad = diff", "grad = np.sign(diff)", "call dropped"),
    "the error is not squared": Mistake(losses.SQUARES, "diff ** 2", "diff", "square added"),
    "the margin": Mistake(losses.HINGE, "np.newaxis] + 1.0", "np.newaxis] - 1.0", "- to +"),
    "the right class counted": Mistake(losses.HINGE, "-= num_pos", "= num_pos", ""),
    "the right class added": Mistake(losses.HINGE, "-= num_pos", "+= num_pos", "+= to -="),
    "regularisation left out of W1": Mistake(losses.TWO_LAYER, "dot(dh) + reg * W1", "dot(dh)", "penalty added"),
    "regularisation of W2 is of W1": Mistake(losses.TWO_LAYER, "reg * W2", "reg * W1", "other variable"),
    "the factor of the penalty": Mistake(losses.TWO_LAYER, "+ reg * W2", "+ 2 * reg * W2", "factor dropped"),
    "half the penalty": Mistake(losses.TWO_LAYER, "0.5 * reg", "reg", "number as a factor"),
    "the bias is penalised": Mistake(
        losses.TWO_LAYER, "np.sum(dh, axis=0)", "np.sum(dh, axis=0) + reg * b1", "term dropped"
    ),
    "the hidden mask": Mistake(losses.TWO_LAYER, "h <= 0", "dh <= 0", "other variable"),
    "the wrong key": Mistake(losses.TWO_LAYER, "grads['b2'] =", "grads['b1'] =", "other key"),
    "the bias of the hidden layer": Mistake(losses.TWO_LAYER, "X.dot(W1) + b1", "X.dot(W1)", "term added"),
    "Adam without its correction": Mistake(losses.ADAM, " / (1 - b2 ** t)", "", ""),
    "Adam's correction of the other": Mistake(losses.ADAM, "(1 - b2 ** t)", "(1 - b1 ** t)", "other variable"),
    "Adam's step count": Mistake(
        losses.ADAM, "    config['t'] += 1\n    t = config['t']\n", "    t = config['t']\n", ""
    ),
    "Adam's second moment": Mistake(losses.ADAM, "(dw ** 2)", "dw", "square added"),
    "Adam's eps": Mistake(losses.ADAM, "(np.sqrt(vt) + eps)", "np.sqrt(vt + eps)", "eps out of the root"),
    "Adam's count after use": Mistake(
        losses.ADAM,
        "    config['t'] += 1\n    t = config['t']\n",
        "    t = config['t']\n    config['t'] += 1\n",
        "statements exchanged",
    ),
    "the sign of momentum": Mistake(losses.MOMENTUM, "self.v - self.lr", "self.v + self.lr", "+ to -"),
    "the sign of an update": Mistake(losses.MOMENTUM, "w += self.v", "w -= self.v", "-= to +="),
    "repeated indices": Mistake(losses.EMBEDDING, "np.add.at(dW, x, dout)", "dW[x] += dout", "repeated indices added"),
    "repeated indices overwritten": Mistake(
        losses.EMBEDDING, "zeros_like(W)", "ones_like(W)", "ones_like to zeros_like"
    ),
}

IMAGES = {
    "the border is not cropped": Mistake(
        images.CONV_BACKWARD, "dx = dx_pad[:, :, pad:pad + H, pad:pad + W]", "dx = dx_pad", "crop added"
    ),
    "the crop is empty": Mistake(
        images.CONV_BACKWARD, "[:, :, pad:pad + H, pad:pad + W]", "[:, :, pad:-pad, pad:-pad]", "crop"
    ),
    "the crop for one size": Mistake(
        images.CONV_BACKWARD, "[:, :, pad:pad + H, pad:pad + W]", "[:, :, 1:-1, 1:-1]", "crop"
    ),
    "the crop turned": Mistake(images.CONV_BACKWARD, "pad:pad + H, pad:pad + W", "pad:pad + W, pad:pad + H", ""),
    "no stride": Mistake(images.CONV_BACKWARD, "i * stride, j * stride", "i, j * stride", ""),
    "overlaps overwritten": Mistake(
        images.CONV_BACKWARD, "+= dout[n, f, i, j] * w[f]", "= dout[n, f, i, j] * w[f]", "= to +="
    ),
    "dw overwritten": Mistake(images.CONV_BACKWARD, "dw[f] += dout", "dw[f] = dout", "= to +="),
    "height for width": Mistake(images.CONV_BACKWARD, "w1:w1 + WW]\n", "w1:w1 + HH]\n", "other size"),
    "db without the batch": Mistake(images.CONV_BACKWARD, "axis=(0, 2, 3)", "axis=(2, 3)", "other axis"),
    "the kernel flipped": Mistake(images.CONV_BACKWARD, "* w[f]", "* w[f][:, ::-1, ::-1]", "flip dropped"),
    "backward pads with ones": Mistake(images.CONV_BACKWARD, "zeros_like(x_pad)", "ones_like(x_pad)", "ones_like"),
    "dx of the unpadded shape": Mistake(images.CONV_BACKWARD, "zeros_like(x_pad)", "zeros_like(x)", "other variable"),
    "dout's index turned": Mistake(
        images.CONV_BACKWARD, "dout[n, f, i, j] * window", "dout[n, f, j, i] * window", "names exchanged"
    ),
    "x for x_pad": Mistake(images.CONV_BACKWARD, "window = x_pad[", "window = x[", "other variable"),
    "sizes of floats": Mistake(
        images.CONV_FORWARD, "2 * pad) // stride + 1\n    n_W", "2 * pad) / stride + 1\n    n_W", "whole number"
    ),
    "one row too few": Mistake(images.CONV_FORWARD, "// stride + 1\n    Z", "// stride\n    Z", "one added"),
    "padding on one side": Mistake(images.CONV_FORWARD, "- fw + 2 * pad", "- fw + pad", "factor added"),
    "the stride of rows alone": Mistake(
        images.CONV_FORWARD, "horiz_start = w * stride", "horiz_start = w", "stride added"
    ),
    "the bias inside of the sum": Mistake(images.CONV_FORWARD, ") + b[0, 0, 0, c]", "+ b[0, 0, 0, c])", ""),
    "rows end with columns": Mistake(images.CONV_FORWARD, "vert_start + fh", "vert_start + fw", "other size"),
    "windows without stride": Mistake(images.CONV_WINDOWS, "j*stride:j*stride + kw", "j:j + kw", "stride added"),
    "an index for a slice": Mistake(
        images.CONV_WINDOWS, "j*stride:j*stride + kw", "j*stride + kw", "slice for an index"
    ),
    "columns of rows": Mistake(images.CONV_WINDOWS, "x.shape[2] - kw", "x.shape[1] - kw", "number"),
    "same for valid": Mistake(images.FULL_CONV, "mode='valid'", "mode='same'", "text"),
    "correlated for convolved": Mistake(
        images.FULL_CONV, "convolve2d(dy, w,", "convolve2d(dy, w[::-1, ::-1],", "flip dropped"
    ),
    "not flipped": Mistake(images.FULL_CONV, "convolve2d(dy, w,", "correlate2d(dy, w,", ""),
    "padding with 0": Mistake(images.POOL_FORWARD, ", constant_values=-np.inf", "", "minus infinity"),
    "padding with 0 said": Mistake(
        images.POOL_FORWARD, "constant_values=-np.inf", "constant_values=0", "minus infinity"
    ),
    "the smallest": Mistake(images.POOL_FORWARD, "np.max(", "np.min(", "min to max"),
    "the mean of the window": Mistake(images.POOL_FORWARD, "axis=(2, 3)", "axis=(0, 1)", "other axis"),
    "pool of square windows": Mistake(images.POOL_FORWARD, "(W + 2 * p - pw)", "(W + 2 * p - ph)", "other size"),
    "ties are all credited": Mistake(
        images.POOL_BACKWARD,
        "np.arange(window.size).reshape(window.shape) == window.argmax()",
        "window == np.max(window)",
        "first maximum",
    ),
    "pooled overlaps overwritten": Mistake(images.POOL_BACKWARD, "+= mask * dout", "= mask * dout", "= to +="),
    "the pool's stride": Mistake(
        images.POOL_BACKWARD, "window = x[n, c, i*stride:i*stride+HH", "window = x[n, c, i:i+HH", ""
    ),
    "height and width of the pool": Mistake(images.POOL_BACKWARD, "HH, WW, stride = ", "WW, HH, stride = ", "order"),
    "torch: db is a mean": Mistake(tensors.TORCH_LINEAR, "torch.sum(dout", "torch.mean(dout", "mean to sum"),
    "torch: db over columns": Mistake(tensors.TORCH_LINEAR, "dim=0", "dim=1", "other axis"),
    "torch: w for its transpose": Mistake(tensors.TORCH_LINEAR, "w.t()", "w", "transpose added"),
    "torch: dx is not reshaped": Mistake(tensors.TORCH_LINEAR, ".view(x.shape)\n", "\n", "reshape added"),
    "torch: order of the product": Mistake(
        tensors.TORCH_LINEAR, "x.view(N, -1).t().mm(dout)", "dout.mm(x.view(N, -1).t())", ""
    ),
    "torch: dy changed": Mistake(tensors.TORCH_RELU, "dout.clone()", "dout", "copy"),
    "torch: the mask": Mistake(tensors.TORCH_RELU, "x < 0", "x > 0", "comparison"),
    "torch: unbiased": Mistake(tensors.TORCH_BATCHNORM_FORWARD, "unbiased=False, ", "", "degrees of freedom"),
    "torch: no root": Mistake(tensors.TORCH_BATCHNORM_FORWARD, "torch.sqrt(var + eps)", "(var + eps)", "root added"),
    "torch: the saved x": Mistake(
        tensors.TORCH_BATCHNORM_FORWARD, "backward(x_hat, gamma", "backward(x, gamma", "other variable"
    ),
    "torch: mean over features": Mistake(tensors.TORCH_BATCHNORM_FORWARD, "x.mean(dim=0", "x.mean(dim=1", "other axis"),
    "torch: mean term": Mistake(tensors.TORCH_BATCHNORM, " - g.sum(dim=0)", "", "mean term added"),
    "torch: gamma": Mistake(tensors.TORCH_BATCHNORM, "grad_output * gamma", "grad_output", "factor added"),
    "a closure's transpose": Mistake(images.CLOSURE, "dY @ W.T", "dY @ W", "transpose added"),
    "a closure's dW": Mistake(images.CLOSURE, "X.T @ dY * scale", "X.T @ dY", "factor added"),
    "einsum's result turned": Mistake(images.EINSUM, "nij,njd->nid", "nij,nid->njd", "letters of einsum"),
    "einsum's operand turned": Mistake(images.EINSUM, "'nij,nid->njd'", "'nji,nid->njd'", "letters of einsum"),
}
