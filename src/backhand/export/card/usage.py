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

model = backhand.load_model("model.safetensors"){table}
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
    answer = pipeline.answer
    table = '\nx = model.read_table("rows.csv")  # with the columns of the training' if pipeline.features else ""
    words = {"table": table, "outputs": f"scores, {answer}" if answer else "(scores,)", "result": answer or "scores"}
    parts = [f"`x` are {pipeline.input_text}."]
    if pipeline.classes:
        parts[0] += f" The probabilities are (N, {len(pipeline.classes)}), in the order of the classes."
    if pipeline.targets:
        parts[0] += f" The predictions are (N, {len(pipeline.targets)}), float64, in the units of the targets."
    if repo_id:
        parts += ["The files of this repository:", code(FROM_HUB.format(repo_id=repo_id))]
    for form in (form for form in NEEDS if form in forms):
        bare = "predict" if form == "model" else "scores"
        function = {"probabilities": "predict_proba", "predictions": "predict"}.get(answer, bare)
        text = {"model": MODEL, "onnx": ONNX, "torch": TORCH}[form]
        parts += [f"With {NEEDS[form]}", code(text.format(answer=function, **words))]
    return "\n\n".join(parts)
