"""The affine layer: forward(A) keeps its inputs, backward(dLdZ) returns dLdA and leaves dLdW and dLdb."""

import numpy as np

# ---- linear ----


class Linear:
    """Affine map: every output is a weighted sum of all inputs of its sample, plus a bias.

    Z = A Wᵀ + bᵀ             A (N, in_features)   W (out_features, in_features)   b (out_features, 1)

    The parameters are zeros until they are set from outside. Gradients: dLdW, dLdb, in the shapes of W and b.
    """

    def __init__(self, in_features, out_features, debug=False):
        self.W = np.zeros((out_features, in_features))
        self.b = np.zeros((out_features, 1))
        self.debug = debug
        self.A = None
        self.N = None
        self.dLdW = None
        self.dLdb = None

    def forward(self, A):
        """Take inputs A (N, in_features) and return outputs Z (N, out_features)."""
        self.A = A
        self.N = A.shape[0]
        Z = A @ self.W.T + self.b.T
        return Z

    def backward(self, dLdZ):
        """Take the upstream gradient (N, out_features), set dLdW and dLdb, and return dLdA (N, in_features)."""
        dLdA = dLdZ @ self.W
        self.dLdW = dLdZ.T @ self.A
        self.dLdb = dLdZ.sum(axis=0).reshape(-1, 1)  # b is added to every row
        return dLdA
