"""Models as ONNX graphs, which ONNX Runtime and many other programs run."""

from backhand.export.onnx.file import onnx_file

__all__ = ["onnx_file"]
