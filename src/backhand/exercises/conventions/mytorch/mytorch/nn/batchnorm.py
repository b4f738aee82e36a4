"""Batch normalisation with running statistics: backward(dLdBZ) returns dLdZ and leaves dLdBW and dLdBb."""

import numpy as np

# ---- batchnorm ----


class BatchNorm1d:
    """Batch normalisation: every feature has mean 0 and variance 1 over the batch, then it is scaled and shifted.

        NZ = (Z - M) / sqrt(V + eps)            BZ = BW NZ + Bb

    In training M and V (biased, divided by N) are those of the batch, and the running ones follow them:
    running = alpha running + (1 - alpha) batch. With eval=True the running ones are used.

    BW, Bb: scale and shift (1, num_features). Gradients: dLdBW, dLdBb.
    """

    def __init__(self, num_features, alpha=0.9):
        self.alpha = alpha
        self.eps = 1e-8
        self.BW = np.ones((1, num_features))
        self.Bb = np.zeros((1, num_features))
        self.dLdBW = np.zeros((1, num_features))
        self.dLdBb = np.zeros((1, num_features))
        self.running_M = np.zeros((1, num_features))
        self.running_V = np.ones((1, num_features))

    def forward(self, Z, eval=False):
        """Take inputs Z (N, num_features) and return outputs BZ of the same shape."""
        self.eval = eval
        if eval:
            self.M = self.running_M
            self.V = self.running_V
        else:
            self.M = Z.mean(axis=0, keepdims=True)
            self.V = Z.var(axis=0, keepdims=True)
            self.running_M = self.alpha * self.running_M + (1 - self.alpha) * self.M
            self.running_V = self.alpha * self.running_V + (1 - self.alpha) * self.V
        self.NZ = (Z - self.M) / np.sqrt(self.V + self.eps)
        BZ = self.BW * self.NZ + self.Bb
        return BZ

    def backward(self, dLdBZ):
        """Take the upstream gradient (N, num_features), set dLdBW and dLdBb, and return dLdZ of the same shape."""
        self.dLdBW = np.sum(dLdBZ * self.NZ, axis=0, keepdims=True)
        self.dLdBb = np.sum(dLdBZ, axis=0, keepdims=True)
        dLdNZ = dLdBZ * self.BW
        std = np.sqrt(self.V + self.eps)
        if self.eval:
            dLdZ = dLdNZ / std
            return dLdZ
        # Every Z also reaches the loss through the mean and through the variance of its feature.
        mean_term = dLdNZ.mean(axis=0, keepdims=True)
        var_term = self.NZ * np.mean(dLdNZ * self.NZ, axis=0, keepdims=True)
        dLdZ = (dLdNZ - mean_term - var_term) / std
        return dLdZ
