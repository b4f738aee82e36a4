"""Layers of convolutional networks as classes of static methods on torch tensors, without autograd.

Images are (N, C, H, W). CLASS.forward returns the output and a cache, CLASS.backward(dout, cache) one gradient for
every tensor that forward was given, in the same order and in its shape.
"""

import torch
from torch.nn.functional import pad as pad_images

# ---- conv2d ----


class Conv:
    """Convolution of images; the filters are not flipped."""

    @staticmethod
    def forward(x, w, b, conv_param):
        """Compute the outputs.

            out[n, f, i, j] = b[f] + sum over c, u, v of padded[n, c, s i + u, s j + v] w[f, c, u, v]

        padded is x with `pad` rows and columns of zeros on all four sides, and s is the stride.

        x: images (N, C, H, W). w: filters (F, C, HH, WW). b: biases (F,). conv_param: stride and pad, in pixels.
        Returns out (N, F, H', W') with H' = 1 + (H + 2 pad - HH) // stride, and cache (x, w, b, conv_param).
        """
        stride, pad = conv_param["stride"], conv_param["pad"]
        N, _, H, W = x.shape
        F, _, HH, WW = w.shape
        H_out = 1 + (H + 2 * pad - HH) // stride
        W_out = 1 + (W + 2 * pad - WW) // stride
        padded = pad_images(x, (pad, pad, pad, pad))
        out = torch.zeros((N, F, H_out, W_out), dtype=x.dtype, device=x.device)
        for i in range(H_out):
            for j in range(W_out):
                top, left = i * stride, j * stride
                window = padded[:, :, top : top + HH, left : left + WW]
                out[:, :, i, j] = torch.tensordot(window, w, dims=([1, 2, 3], [1, 2, 3])) + b
        cache = (x, w, b, conv_param)
        return out, cache

    @staticmethod
    def backward(dout, cache):
        """Compute the gradients.

        dout: upstream gradient (N, F, H', W'). cache: (x, w, b, conv_param) from forward.
        Returns dx (N, C, H, W), dw (F, C, HH, WW) and db (F,).
        """
        x, w, _, conv_param = cache
        stride, pad = conv_param["stride"], conv_param["pad"]
        H, W = x.shape[2:]
        HH, WW = w.shape[2:]
        padded = pad_images(x, (pad, pad, pad, pad))
        dpadded = torch.zeros_like(padded)
        dw = torch.zeros_like(w)
        for i in range(dout.shape[2]):
            for j in range(dout.shape[3]):
                top, left = i * stride, j * stride
                window = padded[:, :, top : top + HH, left : left + WW]
                upstream = dout[:, :, i, j]  # (N, F)
                dw += torch.tensordot(upstream, window, dims=([0], [0]))
                # Windows overlap where the stride is smaller than the filter: a pixel collects from all that saw it.
                dpadded[:, :, top : top + HH, left : left + WW] += torch.tensordot(upstream, w, dims=([1], [0]))
        dx = dpadded[:, :, pad : pad + H, pad : pad + W]  # the zeros around the image are constants
        db = dout.sum(dim=(0, 2, 3))
        return dx, dw, db


# ---- max_pool2d ----


class MaxPool:
    """Max-pooling: the largest value in each window, channel by channel."""

    @staticmethod
    def forward(x, pool_param):
        """Compute the outputs.

        x: images (N, C, H, W). pool_param: pool_height, pool_width and stride, in pixels.
        Returns out (N, C, H', W') with H' = 1 + (H - pool_height) // stride, and cache (x, pool_param).
        """
        height, width, stride = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
        N, C, H, W = x.shape
        H_out = 1 + (H - height) // stride
        W_out = 1 + (W - width) // stride
        out = torch.zeros((N, C, H_out, W_out), dtype=x.dtype, device=x.device)
        for i in range(H_out):
            for j in range(W_out):
                top, left = i * stride, j * stride
                out[:, :, i, j] = x[:, :, top : top + height, left : left + width].amax(dim=(2, 3))
        cache = (x, pool_param)
        return out, cache

    @staticmethod
    def backward(dout, cache):
        """Compute the gradient; where several values of a window tie, the first of them, row by row, has it all.

        dout: upstream gradient (N, C, H', W'). cache: (x, pool_param) from forward. Returns dx (N, C, H, W).
        """
        x, pool_param = cache
        height, width, stride = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
        N, C, H_out, W_out = dout.shape
        n = torch.arange(N, device=x.device)[:, None]
        c = torch.arange(C, device=x.device)[None, :]
        dx = torch.zeros_like(x)
        for i in range(H_out):
            for j in range(W_out):
                top, left = i * stride, j * stride
                window = x[:, :, top : top + height, left : left + width]
                winner = window.reshape(N, C, -1).argmax(dim=2)
                row, column = winner // width, winner % width
                dx[n, c, top + row, left + column] += dout[:, :, i, j]
        return dx


# ---- batchnorm ----


class BatchNorm:
    """Batch normalisation of every feature, then its scale and shift: gamma (x - mean) / sqrt(var + eps) + beta."""

    @staticmethod
    def forward(x, gamma, beta, bn_param):
        """Compute the outputs.

        In mode "train", mean and var (biased, divided by N) are those of the batch, and the running ones follow them:
        running = momentum running + (1 - momentum) batch. In mode "test", the running ones are used.

        x: inputs (N, D). gamma, beta: scale and shift (D,).
        bn_param: mode, "train" or "test"; eps (1e-5); momentum (0.9); running_mean, running_var (D,), updated.
        Returns out (N, D), and a cache for backward.
        """
        mode = bn_param["mode"]
        eps = bn_param.get("eps", 1e-5)
        momentum = bn_param.get("momentum", 0.9)
        D = x.shape[1]
        running_mean = bn_param.get("running_mean", torch.zeros(D, dtype=x.dtype, device=x.device))
        running_var = bn_param.get("running_var", torch.zeros(D, dtype=x.dtype, device=x.device))
        if mode == "train":
            mean = x.mean(dim=0)
            var = x.var(dim=0, unbiased=False)
            running_mean = momentum * running_mean + (1 - momentum) * mean
            running_var = momentum * running_var + (1 - momentum) * var
        else:
            mean = running_mean
            var = running_var
        std = (var + eps).sqrt()
        x_hat = (x - mean) / std
        out = gamma * x_hat + beta
        bn_param["running_mean"] = running_mean.detach()
        bn_param["running_var"] = running_var.detach()
        cache = (x_hat, gamma, std, mode)
        return out, cache

    @staticmethod
    def backward(dout, cache):
        """Compute the gradients; in mode "test" mean and var are constants.

        dout: upstream gradient (N, D). cache: from forward. Returns dx (N, D), dgamma (D,) and dbeta (D,).
        """
        x_hat, gamma, std, mode = cache
        dbeta = dout.sum(dim=0)
        dgamma = (dout * x_hat).sum(dim=0)
        dx_hat = dout * gamma
        if mode == "test":
            dx = dx_hat / std
            return dx, dgamma, dbeta
        # Every x also reaches the loss through the mean, which is the second term, and through the variance, the third.
        mean_term = dx_hat.mean(dim=0)
        var_term = x_hat * (dx_hat * x_hat).mean(dim=0)
        dx = (dx_hat - mean_term - var_term) / std
        return dx, dgamma, dbeta


# ---- spatial_batchnorm ----


class SpatialBatchNorm:
    """Batch normalisation of every channel over all pixels of all images of a batch."""

    @staticmethod
    def forward(x, gamma, beta, bn_param):
        """Compute the outputs. x: images (N, C, H, W). gamma, beta (C,). bn_param: as for BatchNorm.

        Returns out (N, C, H, W), and a cache for backward.
        """
        N, C, H, W = x.shape
        rows = x.permute(0, 2, 3, 1).reshape(-1, C)
        out, cache = BatchNorm.forward(rows, gamma, beta, bn_param)
        out = out.reshape(N, H, W, C).permute(0, 3, 1, 2)
        return out, cache

    @staticmethod
    def backward(dout, cache):
        """Compute the gradients. dout: upstream gradient (N, C, H, W). cache: from forward.

        Returns dx (N, C, H, W), dgamma (C,) and dbeta (C,).
        """
        N, C, H, W = dout.shape
        rows = dout.permute(0, 2, 3, 1).reshape(-1, C)
        dx, dgamma, dbeta = BatchNorm.backward(rows, cache)
        dx = dx.reshape(N, H, W, C).permute(0, 3, 1, 2)
        return dx, dgamma, dbeta
