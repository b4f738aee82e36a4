"""A backward pass whose forward pass lies in another file of the folder, with a padding in words."""

from pathlib import Path

import pytest

from backhand.check import check_file

FORWARD = """
import numpy as np

def conv_forward(A_prev, W, b, activation, padding="same", stride=(1, 1)):
    kh, kw, _, c_new = W.shape
    m, h, w, _ = A_prev.shape
    sh, sw = stride
    ph, pw = 0, 0
    if padding == "same":
        ph, pw = ((h - 1) * sh + kh - h) // 2, ((w - 1) * sw + kw - w) // 2
    P = np.pad(A_prev, ((0, 0), (ph, ph), (pw, pw), (0, 0)))
    Z = np.zeros((m, (h + 2 * ph - kh) // sh + 1, (w + 2 * pw - kw) // sw + 1, c_new))
    for i in range(Z.shape[1]):
        for j in range(Z.shape[2]):
            Z[:, i, j] = np.tensordot(P[:, i * sh : i * sh + kh, j * sw : j * sw + kw], W, 3)
    return activation(Z + b)
"""
BACKWARD = """
import numpy as np

def conv_backward(dZ, A_prev, W, b, padding="same", stride=(1, 1)):
    kh, kw, _, c_new = W.shape
    m, h, w, _ = A_prev.shape
    sh, sw = stride
    ph, pw = 0, 0
    if padding == "same":
        ph, pw = ((h - 1) * sh + kh - h) // 2{more}, ((w - 1) * sw + kw - w) // 2{more}
    P = np.pad(A_prev, ((0, 0), (ph, ph), (pw, pw), (0, 0)))
    dP, dW = np.zeros_like(P), np.zeros_like(W)
    for i in range(dZ.shape[1]):
        for j in range(dZ.shape[2]):
            place = np.s_[:, i * sh : i * sh + kh, j * sw : j * sw + kw]
            dP[place] += np.tensordot(dZ[:, i, j], W, ([1], [3]))
            dW += np.tensordot(P[place], dZ[:, i, j], ([0], [0]))
    return dP[:, ph : ph + h, pw : pw + w], dW, dZ.sum((0, 1, 2), keepdims=True)
"""


@pytest.fixture
def review(tmp_path):
    def review_of(more):
        Path(tmp_path, "0-conv_forward.py").write_text(FORWARD)
        Path(tmp_path, "2-conv_backward.py").write_text(BACKWARD.format(more=more))
        return check_file(tmp_path / "2-conv_backward.py")

    return review_of


def test_both_passes_are_brought_together(review):
    found = review("")
    assert [(unit.name, unit.kind) for unit in found.units] == [("conv", "Convolution")]
    assert found.passed


def test_backward_that_pads_otherwise_is_told(review):
    causes = {finding.cause for finding in review(" + 1").findings}
    assert causes == {"padded otherwise in dx", "padded otherwise in dw"}
