"""Layers as subclasses of torch.autograd.Function, whose backward passes take the place of PyTorch's own.

forward(ctx, ...) saves in ctx what backward needs; backward(ctx, grad_output) takes the gradient of the loss with
respect to the output and returns one gradient for every argument of forward: in the shape of a tensor, and None for a
setting, and for a tensor whose gradient nobody needs (ctx.needs_input_grad). A layer is called by apply, as in
LinearFunction.apply(input, weight, bias).
"""

import torch
from torch.nn.functional import fold, unfold

# ---- linear ----


class LinearFunction(torch.autograd.Function):
    """Affine map: input weightᵀ + bias.

    input (N, in_features), weight (out_features, in_features), bias (out_features,); output (N, out_features).
    """

    @staticmethod
    def forward(ctx, input, weight, bias):
        """Save what backward needs and return the output."""
        ctx.save_for_backward(input, weight)
        output = input.mm(weight.t()) + bias
        return output

    @staticmethod
    def backward(ctx, grad_output):
        """Return the gradients of input, weight and bias."""
        input, weight = ctx.saved_tensors
        grad_input = grad_weight = grad_bias = None
        if ctx.needs_input_grad[0]:
            grad_input = grad_output.mm(weight)
        if ctx.needs_input_grad[1]:
            grad_weight = grad_output.t().mm(input)
        if ctx.needs_input_grad[2]:
            grad_bias = grad_output.sum(dim=0)  # the bias is added to every row
        return grad_input, grad_weight, grad_bias


# ---- relu ----


class ReLUFunction(torch.autograd.Function):
    """Rectifier: max(0, input), element by element; its slope at 0 is taken as 0."""

    @staticmethod
    def forward(ctx, input):
        """Save what backward needs and return the output, in the shape of input."""
        ctx.save_for_backward(input)
        output = input.clamp(min=0)
        return output

    @staticmethod
    def backward(ctx, grad_output):
        """Return the gradient of input."""
        (input,) = ctx.saved_tensors
        grad_input = grad_output * (input > 0)
        return grad_input


# ---- sigmoid ----


class SigmoidFunction(torch.autograd.Function):
    """Logistic sigmoid: 1 / (1 + exp(-input)), element by element."""

    @staticmethod
    def forward(ctx, input):
        """Save what backward needs and return the output, in the shape of input."""
        e = torch.exp(-input.abs())  # at most 1, so nothing overflows
        output = torch.where(input >= 0, 1 / (1 + e), e / (1 + e))
        ctx.save_for_backward(output)
        return output

    @staticmethod
    def backward(ctx, grad_output):
        """Return the gradient of input."""
        (output,) = ctx.saved_tensors
        grad_input = grad_output * output * (1 - output)
        return grad_input


# ---- batchnorm ----


class BatchNormFunction(torch.autograd.Function):
    """Batch normalisation in training: gamma (input - mean) / sqrt(var + eps) + beta.

    mean and var (biased, divided by N) are those of each feature over the batch.
    input (N, D), gamma (D,), beta (D,); eps is a number.
    """

    @staticmethod
    def forward(ctx, input, gamma, beta, eps=1e-5):
        """Save what backward needs and return the output (N, D)."""
        mean = input.mean(dim=0)
        var = input.var(dim=0, unbiased=False)
        std = (var + eps).sqrt()
        normalised = (input - mean) / std
        ctx.save_for_backward(normalised, gamma, std)
        output = gamma * normalised + beta
        return output

    @staticmethod
    def backward(ctx, grad_output):
        """Return the gradients of input, gamma and beta, and None for eps."""
        normalised, gamma, std = ctx.saved_tensors
        grad_input = grad_gamma = grad_beta = None
        if ctx.needs_input_grad[0]:
            grad_normalised = grad_output * gamma
            # Every input also reaches the loss through the mean and through the variance of its feature.
            mean_term = grad_normalised.mean(dim=0)
            var_term = normalised * (grad_normalised * normalised).mean(dim=0)
            grad_input = (grad_normalised - mean_term - var_term) / std
        if ctx.needs_input_grad[1]:
            grad_gamma = (grad_output * normalised).sum(dim=0)
        if ctx.needs_input_grad[2]:
            grad_beta = grad_output.sum(dim=0)
        return grad_input, grad_gamma, grad_beta, None


# ---- layernorm ----


class LayerNormFunction(torch.autograd.Function):
    """Layer normalisation: gamma (input - mean) / sqrt(var + eps) + beta.

    mean and var (biased) are those of each sample over its features.
    input (N, D), gamma (D,), beta (D,); eps is a number.
    """

    @staticmethod
    def forward(ctx, input, gamma, beta, eps=1e-5):
        """Save what backward needs and return the output (N, D)."""
        mean = input.mean(dim=1, keepdim=True)
        var = input.var(dim=1, unbiased=False, keepdim=True)
        std = (var + eps).sqrt()
        normalised = (input - mean) / std
        ctx.save_for_backward(normalised, gamma, std)
        output = gamma * normalised + beta
        return output

    @staticmethod
    def backward(ctx, grad_output):
        """Return the gradients of input, gamma and beta, and None for eps."""
        normalised, gamma, std = ctx.saved_tensors
        grad_input = grad_gamma = grad_beta = None
        if ctx.needs_input_grad[0]:
            grad_normalised = grad_output * gamma
            # The means run over the features of each sample, as those of the forward pass do.
            mean_term = grad_normalised.mean(dim=1, keepdim=True)
            var_term = normalised * (grad_normalised * normalised).mean(dim=1, keepdim=True)
            grad_input = (grad_normalised - mean_term - var_term) / std
        if ctx.needs_input_grad[1]:
            grad_gamma = (grad_output * normalised).sum(dim=0)
        if ctx.needs_input_grad[2]:
            grad_beta = grad_output.sum(dim=0)
        return grad_input, grad_gamma, grad_beta, None


# ---- dropout ----


class DropoutFunction(torch.autograd.Function):
    """Inverted dropout: each value is 0 with probability p in training, else divided by 1 - p; tests do nothing."""

    @staticmethod
    def forward(ctx, input, p=0.5, training=True):
        """Save what backward needs and return the output, in the shape of input."""
        mask = torch.ones_like(input)
        if training:
            keep = torch.rand_like(input) > p
            mask = keep.to(input.dtype) / (1 - p)
        ctx.save_for_backward(mask)
        output = input * mask
        return output

    @staticmethod
    def backward(ctx, grad_output):
        """Return the gradient of input, with the mask of the forward pass, and None for p and training."""
        (mask,) = ctx.saved_tensors
        grad_input = grad_output * mask
        return grad_input, None, None


# ---- conv2d ----


class Conv2dFunction(torch.autograd.Function):
    """Convolution of images as one matrix product; the kernels are not flipped.

        output[n, o, i, j] = bias[o] + sum over c, u, v of padded[n, c, s i + u, s j + v] weight[o, c, u, v]

    padded is input with `padding` rows and columns of zeros on all four sides, and s is the stride.

    input (N, C, H, W), weight (O, C, kh, kw), bias (O,); output (N, O, H', W'), H' = (H + 2 padding - kh) // s + 1.
    """

    @staticmethod
    def forward(ctx, input, weight, bias, stride=1, padding=0):
        """Save what backward needs and return the output."""
        N, _, H, W = input.shape
        O, _, kh, kw = weight.shape
        columns = unfold(input, (kh, kw), padding=padding, stride=stride)  # (N, C kh kw, H' W')
        output = weight.reshape(O, -1) @ columns + bias[:, None]
        ctx.save_for_backward(columns, weight)
        ctx.input_size = (H, W)
        ctx.stride, ctx.padding = stride, padding
        height = (H + 2 * padding - kh) // stride + 1
        output = output.reshape(N, O, height, -1)
        return output

    @staticmethod
    def backward(ctx, grad_output):
        """Return the gradients of input, weight and bias, and None for stride and padding."""
        columns, weight = ctx.saved_tensors
        O, _, kh, kw = weight.shape
        upstream = grad_output.reshape(grad_output.shape[0], O, -1)  # (N, O, H' W')
        grad_input = grad_weight = grad_bias = None
        if ctx.needs_input_grad[0]:
            grad_columns = weight.reshape(O, -1).t() @ upstream
            # fold adds what overlapping windows send to the same pixel, and cuts the padding off.
            grad_input = fold(grad_columns, ctx.input_size, (kh, kw), padding=ctx.padding, stride=ctx.stride)
        if ctx.needs_input_grad[1]:
            grad_weight = (upstream @ columns.transpose(1, 2)).sum(dim=0).reshape(weight.shape)
        if ctx.needs_input_grad[2]:
            grad_bias = grad_output.sum(dim=(0, 2, 3))
        return grad_input, grad_weight, grad_bias, None, None


# ---- softmax_cross_entropy ----


class SoftmaxCrossEntropyFunction(torch.autograd.Function):
    """Softmax and cross-entropy, in nats.

    p = softmax(input), row by row          output = - mean over n of log p[n, target[n]]

    input: scores (N, K). target: labels (N,), integers. The output is a scalar.
    """

    @staticmethod
    def forward(ctx, input, target):
        """Save what backward needs and return the loss."""
        samples = torch.arange(len(input), device=input.device)
        shifted = input - input.max(dim=1, keepdim=True).values  # the same softmax, and exp cannot overflow
        log_probs = shifted - shifted.exp().sum(dim=1, keepdim=True).log()
        ctx.save_for_backward(log_probs.exp(), target)
        output = -log_probs[samples, target].mean()
        return output

    @staticmethod
    def backward(ctx, grad_output):
        """Return the gradient of input, and None for target; grad_output is a scalar."""
        probs, target = ctx.saved_tensors
        samples = torch.arange(len(probs), device=probs.device)
        grad_input = probs.clone()
        grad_input[samples, target] -= 1
        grad_input = grad_output * grad_input / len(probs)
        return grad_input, None
