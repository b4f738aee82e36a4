"""Layers on torch tensors as layers on arrays, which share their memory: a change of an array is one of the tensor."""

import torch


class Arrays:
    """A torch layer with forward(x) and backward(dout), for arrays."""

    def __init__(self, layer):
        self.layer = layer

    def forward(self, x):
        return self.layer.forward(torch.from_numpy(x)).numpy()

    def backward(self, dout):
        return self.layer.backward(torch.from_numpy(dout)).numpy()


def pair(layer, *settings):
    """The functions forward and backward of a class of static methods with a cache, for arrays."""

    def forward(*arrays):
        out, cache = layer.forward(*map(torch.from_numpy, arrays), *settings)
        return out.numpy(), cache

    def backward(dout, cache):
        gradients = layer.backward(torch.from_numpy(dout), cache)
        gradients = gradients if isinstance(gradients, tuple) else (gradients,)
        return tuple(gradient.numpy() for gradient in gradients)

    return forward, backward
