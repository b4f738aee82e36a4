"""How to use an exported model, in each of its forms."""

from collections.abc import Sequence

from backhand.export.card.markdown import code
from backhand.export.pipeline import Pipeline

ONNX = """
import onnxruntime

session = onnxruntime.InferenceSession("model.onnx")
{outputs} = session.run(None, {{"samples": x}})
"""
TORCH = """
from torch_model import load, {answer}

model = load()  # reads torch_model_weights.safetensors, which must lie beside torch_model.py
{result} = {answer}(model, x)
"""
MODEL = """
import backhand

model = backhand.load_model("model.safetensors")
{result} = model.{answer}(x)
"""
FROM_HUB = """
from huggingface_hub import snapshot_download

folder = snapshot_download("{repo_id}")
"""
NEEDS = {
    "model": "Backhand (`pip install backhand`), which refuses samples on another scale than those of the training:",
    "onnx": "ONNX Runtime (`pip install onnxruntime`), or any other program that reads ONNX:",
    "torch": "PyTorch (`pip install torch safetensors`):",
}


def usage(pipeline: Pipeline, forms: Sequence[str], repo_id: str) -> str:
    """A paragraph on the samples, and a block of code for each form."""
    classifies = bool(pipeline.classes)
    words = {
        "outputs": "scores, probabilities" if classifies else "(scores,)",
        "result": "probabilities" if classifies else "scores",
    }
    parts = [f"`x` are {pipeline.input_text}."]
    if classifies:
        parts[0] += f" The probabilities are (N, {len(pipeline.classes)}), in the order of the classes."
    if repo_id:
        parts += ["The files of this repository:", code(FROM_HUB.format(repo_id=repo_id))]
    for form in (form for form in NEEDS if form in forms):
        answers = {"model": "predict_proba" if classifies else "predict"}
        answer = answers.get(form, "predict_proba" if classifies else "scores")
        text = {"model": MODEL, "onnx": ONNX, "torch": TORCH}[form]
        parts += [f"With {NEEDS[form]}", code(text.format(answer=answer, **words))]
    return "\n\n".join(parts)
