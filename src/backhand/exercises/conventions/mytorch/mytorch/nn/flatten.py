"""Images as rows, which a linear layer takes."""

# ---- flatten ----


class Flatten:
    """One row per sample: (N, C, H, W) becomes (N, C H W)."""

    def forward(self, A):
        """Take inputs whose first axis is the sample, and return one row for each."""
        self.A_shape = A.shape
        Z = A.reshape(A.shape[0], -1)
        return Z

    def backward(self, dLdZ):
        """Take the upstream gradient of the rows and return dLdA in the shape of the inputs."""
        dLdA = dLdZ.reshape(self.A_shape)
        return dLdA
