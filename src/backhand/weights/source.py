"""Where weights come from: the folder of a run, a file of ours, safetensors of anyone's, or a file of torch.save."""

from pathlib import Path

from backhand import checkpoint
from backhand.arrays import Array
from backhand.errors import CheckpointError
from backhand.files import jsontext
from backhand.files.folders import folders_with
from backhand.files.names import BEST, METRICS, STUDY
from backhand.files.paths import command
from backhand.model.sequential import Sequential
from backhand.weights import torch_file
from backhand.weights.tensors import decode
from backhand.weights.torchvision import from_torchvision

KINDS = {"F64": "f8", "F32": "f4", "F16": "f2", "BF16": "bf16", "I64": "i8", "I32": "i4", "U8": "u1", "BOOL": "?"}
# How PyTorch's files began before version 1.6: as a pickle of the number 0x1950a86a20f9469cfc6c.
OLD = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
SHOWN = 5  # runs that a message lists
MODEL = "model."  # what a run's files put before the names of a model's arrays


def status(folder: Path) -> tuple[str, str]:
    """A run's status and its message, from its metrics.json; empty where there is none that can be read."""
    try:
        metrics = jsontext.loads((folder / METRICS).read_text("utf-8"))
        return str(metrics["status"]), str(metrics.get("message") or "")
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return "", ""


def refuse_diverged(folder: Path) -> None:
    """Raises CheckpointError where the folder is that of a run whose training diverged."""
    kind, message = status(folder)
    if kind == "diverged":
        raise CheckpointError(
            f"{folder} holds the weights of a training that diverged, which are of no use; "
            f"{message or 'train it again with a lower learning rate'}"
        )


def without_weights(folder: Path) -> str:
    """What to do about a folder without weights of its own: a search, a series or an extension has them in its runs."""
    if runs := folders_with(BEST, folder):
        several = ", ".join(map(str, runs[:SHOWN])) + (f" and {len(runs) - SHOWN} more" if len(runs) > SHOWN else "")
        return f"{folder} is not the folder of one run; name one of those in it: {several}"
    if not (folder / STUDY).is_file():
        return f"{folder} is not the folder of a run: it has no {STUDY}"
    onward = command(["backhand", "run", "--resume", folder])
    return f"{folder} has no {BEST}: its training has saved no weights yet; go on with it by `{onward}`"


def file_of(path: Path) -> Path:
    """The file that holds the weights: best.safetensors of a run, otherwise the path itself.

    Raises CheckpointError where there is none, and for the weights of a run that diverged.
    """
    refuse_diverged(path if path.is_dir() else path.parent)
    if path.is_dir():
        if not (path / BEST).is_file():
            raise CheckpointError(without_weights(path))
        return path / BEST
    if not path.is_file():
        raise CheckpointError(f"{path} does not exist; give the folder of a run, or a file of weights")
    return path


def read(file: Path, model: Sequential) -> dict[str, Array]:
    """The arrays in the file by the names that they have in such a model, in our layouts.

    Its kind is told from its content. Raises CheckpointError when it is damaged or of no kind that is known.
    """
    with file.open("rb") as stream:
        head = stream.read(len(OLD))
    if head == OLD:
        raise CheckpointError(
            f"{file} is in PyTorch's format from before version 1.6; write it anew where PyTorch is installed: "
            f'torch.save(torch.load("{file.name}", map_location="cpu", weights_only=True), "new.pth")'
        )
    if head.startswith(b"PK"):
        return from_torchvision(model, torch_file.read(file))
    if not _is_ours(file):
        return from_torchvision(model, _safetensors(file))
    arrays, _ = checkpoint.load(file)
    own = {name.removeprefix(MODEL): value for name, value in arrays.items() if name.startswith(MODEL)}
    return own or arrays


def _is_ours(file: Path) -> bool:
    import safetensors

    try:
        with safetensors.safe_open(file, "numpy") as opened:
            return checkpoint.KEY in (opened.metadata() or {})
    except (OSError, safetensors.SafetensorError) as error:
        raise CheckpointError(
            f"{file} is neither safetensors nor written by torch.save ({error}); give a file of one of these"
        ) from error


def _safetensors(file: Path) -> dict[str, Array]:
    import safetensors

    arrays = {}
    for name, tensor in safetensors.deserialize(file.read_bytes()):  # type: ignore[no-untyped-call]  # it tells no types
        if tensor["dtype"] not in KINDS:
            raise CheckpointError(f"{file}: {name} has numbers of the kind {tensor['dtype']}; save it as F32")
        arrays[name] = decode(tensor["data"], KINDS[tensor["dtype"]]).reshape(tensor["shape"])
    return arrays
