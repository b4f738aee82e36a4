"""Models for other programs: ONNX, PyTorch, one file of Backhand, and a model card that says what they are."""

from backhand.export.files import export_model
from backhand.export.hub import push_to_hub

__all__ = ["export_model", "push_to_hub"]
