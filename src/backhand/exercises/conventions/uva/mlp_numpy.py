"""A perceptron with several layers, made of modules."""

from modules import LinearModule, ReLUModule, SoftMaxModule

# ---- network ----


class MLP:
    """Linear modules with rectifiers in between, and softmax at the end.

    n_inputs: number of features. n_hidden: list of the numbers of hidden units. n_classes: number of classes.
    """

    def __init__(self, n_inputs, n_hidden, n_classes):
        self.layers = []
        sizes = [n_inputs, *n_hidden]
        for n_in, n_out in zip(sizes, n_hidden, strict=False):
            self.layers.append(LinearModule(n_in, n_out))
            self.layers.append(ReLUModule())
        self.layers.append(LinearModule(sizes[-1], n_classes))
        self.layers.append(SoftMaxModule())

    def forward(self, x):
        """Take inputs (N, n_inputs) and return probabilities (N, n_classes)."""
        out = x
        for layer in self.layers:
            out = layer.forward(out)
        return out

    def backward(self, dout):
        """Take the gradient of the probabilities, have every module set its gradients, and return dx (N, n_inputs)."""
        for layer in reversed(self.layers):
            dout = layer.backward(dout)
        return dout
