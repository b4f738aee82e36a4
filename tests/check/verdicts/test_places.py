"""Mistakes with the line in which each stands, marked `# here`, and the change that mends it, where there is one."""

import pytest

from backhand.check import check_file

DROPOUT = """
import numpy as np

class Module:
    def __init__(self):
        self.training = True

class Dropout(Module):
    def __init__(self, p=0.5):
        super().__init__()
        self.p, self.mask = p, None
    def forward(self, x):
        self.mask = np.ones(x.shape)
        {condition}
            keep = np.random.rand(*x.shape) > self.p
            {mask}
        return x * self.mask
    def backward(self, dy):
        return dy * self.mask
"""
LOSS = """
import numpy as np

def softmax_loss(x, y):
    N = len(x)
    shifted = {shifted}
    {probabilities}
    loss = -np.log(probs[np.arange(N), y]).mean()  {mark}
    dx = probs.copy()
    dx[np.arange(N), y] -= 1
    return loss, dx / N
"""
LEAKY = """
import numpy as np

class LeakyReLU:
    def __init__(self, alpha=0.01):
        self.alpha = 0.01  # here
    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.alpha * x)
    def backward(self, dy):
        return np.where(self.x > 0, dy, self.alpha * dy)
"""
CONVOLUTION = """
import numpy as np

def conv_forward(x, w, b, conv_param):
    stride, pad = conv_param["stride"], conv_param["pad"]
    F, _, HH, WW = w.shape
    N, _, H, W = x.shape
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    out = np.zeros((N, F, (H + 2 * pad - HH) // stride + 1, (W + 2 * pad - WW) // stride + 1))
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            window = padded[:, :, i * stride:i * stride + HH, j * stride:j * stride + WW]
            out[:, :, i, j] = np.tensordot(window, w, ((1, 2, 3), (1, 2, 3))) + b
    return out, (x, w, b, conv_param)

def conv_backward(dout, cache):
    x, w, b, conv_param = cache
    stride, pad = conv_param["stride"], conv_param["pad"]
    HH, WW = w.shape[2:]
    H, W = x.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    dpadded, dw, db = np.zeros_like(padded), np.zeros_like(w), dout.sum((0, 2, 3))
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            window = padded[:, :, i * stride:i * stride + HH, j * stride:j * stride + WW]
            dw += np.tensordot(dout[:, :, i, j], window, (0, 0))
            dpadded[:, :, {window}] += np.tensordot(dout[:, :, i, j], w, (1, 0))
    return {crop}, dw, db
"""
NORMALISATION = """
import numpy as np

def batchnorm_forward(x, gamma, beta, eps=1e-5):
    std = np.sqrt(x.var(axis=0) + eps)
    x_hat = (x - x.mean(axis=0)) / std
    return gamma * x_hat + beta, (x_hat, std, gamma)

def batchnorm_backward(dout, cache):
    x_hat, std, gamma = cache
    dx_hat = dout * gamma
    mean_term = dx_hat.mean(axis=0)
    var_term = x_hat * (dx_hat * x_hat).mean(axis=0)
    dx = (dx_hat - var_term) / std  # here
    return dx, (dout * x_hat).sum(axis=0), dout.sum(axis=0)
"""
STRIDED = "i * stride:i * stride + HH, j * stride:j * stride + WW"
CROPPED = "dpadded[:, :, pad:pad + H, pad:pad + W]"
PLACES = {
    "a share that is not divided by": (
        DROPOUT.format(condition="if self.training:", mask="self.mask = keep  # here"),
        "no scaling",
        "self.mask = keep / (1 - self.p)",
    ),
    "a mode that is not asked for": (
        DROPOUT.format(condition="if self.p > 0:  # here", mask="self.mask = keep / (1 - self.p)"),
        "active in test mode",
        "if self.training:",
    ),
    "an exponential that overflows": (
        LOSS.format(
            shifted="x",
            mark="",
            probabilities="probs = np.exp(shifted) / np.exp(shifted).sum(1, keepdims=True)  # here",
        ),
        "the exponential overflows",
        "",
    ),
    "a logarithm of 0": (
        LOSS.format(
            shifted="x - x.max(1, keepdims=True)",
            mark="# here",
            probabilities="probs = np.exp(shifted) / np.exp(shifted).sum(1, keepdims=True)",
        ),
        "the logarithm of 0",
        "",
    ),
    "a setting that the constructor ignores": (LEAKY, "setting ignored", "self.alpha = alpha"),
    "a stride left out along both axes": (
        CONVOLUTION.format(window="i:i + HH, j:j + WW", crop=CROPPED).replace("(1, 0))\n", "(1, 0))  # here\n"),
        "stride ignored in dx",
        f"dpadded[:, :, {STRIDED}] += np.tensordot(dout[:, :, i, j], w, (1, 0))",
    ),
    "a crop that suits one padding": (
        CONVOLUTION.format(window=STRIDED, crop="dpadded[:, :, 1:1 + H, 1:1 + W]").replace("db\n", "db  # here\n"),
        "crop",
        f"return {CROPPED}, dw, db",
    ),
    "a term that is computed and not used": (
        NORMALISATION,
        "term of the mean missing",
        "dx = (dx_hat - var_term - mean_term) / std",
    ),
}


@pytest.mark.parametrize(("text", "cause", "change"), PLACES.values(), ids=PLACES)
def test_a_mistake_is_told_with_its_line_and_its_change(tmp_path, text, cause, change):
    file = tmp_path / "layers.py"
    file.write_text(text, "utf-8")
    finding = next(finding for finding in check_file(file).findings if finding.cause == cause)
    assert "# here" in text.splitlines()[finding.place.line - 1]
    assert (finding.change.after.partition("  #")[0] if finding.change else "") == change
