"""The script that measures exports: trained, unsaturated networks agree in ONNX Runtime and PyTorch, there and back."""

import re

import pytest

import exports
from tests.docs.markdown_pages import GUIDES


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("name", ["mlp, elu", "cnn, residual"])
def test_a_trained_network_agrees(name):
    head, row = exports.HEAD, exports.row(name, exports.cases()[name], steps=20)
    figures = dict(zip(head, row, strict=True))
    assert 0.1 < float(figures["median p"]) < 0.99
    assert float(figures["accuracy"].rstrip("%")) > 20
    assert max(float(figures[key]) for key in ("onnx", "onnx, p", "folded")) < 1e-5
    assert float(figures["torch"]) < 2e-6
    assert float(figures["torch, f64"]) < 1e-13
    assert figures["back"] == "0"


def test_every_architecture_and_depth_is_among_the_cases():
    from backhand.architectures import MODELS

    assert {name.partition(",")[0].rstrip("0123458") for name in exports.cases()} >= MODELS.keys() - {"mnist_model4"}
    assert {"mnist_model4", *(f"resnet{depth}" for depth in (18, 34, 50, 101))} <= exports.cases().keys()


def test_the_guide_has_a_row_for_every_case():
    text = (GUIDES / "export.md").read_text("utf-8").partition("## How exact")[2].partition("## In Python")[0]
    assert re.findall(r"^\| ([a-z]\w*(?:, [\w-]+)?) \| \d", text, re.MULTILINE) == list(exports.cases())
