"""Right layers in torch as people write them."""

from tests.check.source.edit_layers import Layer, normal

TORCH_LINEAR = Layer(
    """
import torch

class Linear:
    @staticmethod
    def backward(dout, cache):
        x, w, b = cache
        N = x.shape[0]
        dx = dout.mm(w.t()).view(x.shape)
        dw = x.view(N, -1).t().mm(dout)
        db = torch.sum(dout, dim=0)
        return dx, dw, db

    @staticmethod
    def relu_backward(dout, x):
        dx = dout.clone()
        dx[x < 0] = 0
        return dx
""",
    "Linear.backward",
    lambda module, rng: _linear_and_relu(module["Linear"], module["torch"].from_numpy, rng),
)
TORCH_RELU = Layer(TORCH_LINEAR.source, "Linear.relu_backward", TORCH_LINEAR.call)


def _linear_and_relu(linear, tensor, rng):
    dout, x, w, b = (tensor(normal(rng, *shape)) for shape in ((4, 3), (4, 2, 3), (6, 3), (3,)))
    return linear.backward(dout, (x, w, b)), linear.relu_backward(dout, x[:, 0]), dout


TORCH_BATCHNORM = Layer(
    """
import torch

class Norm(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, gamma, beta, eps):
        mean = x.mean(dim=0, keepdim=True)
        var = x.var(dim=0, unbiased=False, keepdim=True)
        rstd = 1 / torch.sqrt(var + eps)
        x_hat = (x - mean) * rstd
        ctx.save_for_backward(x_hat, gamma, rstd)
        return gamma * x_hat + beta

    @staticmethod
    def backward(ctx, grad_output):
        x_hat, gamma, rstd = ctx.saved_tensors
        m = grad_output.shape[0]
        g = grad_output * gamma
        grad_x = rstd / m * (m * g - g.sum(dim=0) - x_hat * torch.sum(g * x_hat, dim=0))
        return grad_x, (grad_output * x_hat).sum(dim=0), grad_output.sum(dim=0), None
""",
    "Norm.backward",
    lambda module, rng: _norm(module["Norm"], module["torch"].from_numpy, rng),
)
TORCH_BATCHNORM_FORWARD = Layer(TORCH_BATCHNORM.source, "Norm.forward", TORCH_BATCHNORM.call)


class Context:
    """Keeps tensors as the context of an autograd function does."""

    def save_for_backward(self, *tensors):
        self.saved_tensors = tensors


def _norm(norm, tensor, rng):
    x, gamma, beta, upstream = (tensor(normal(rng, *shape)) for shape in ((5, 3), (3,), (3,), (5, 3)))
    context = Context()
    return norm.forward(context, x, gamma, beta, 0.01), norm.backward(context, upstream)
