"""The sources of weights: a run's folder, a file of Backhand, any safetensors, a file of torch.save, or a name."""

from pathlib import Path

from backhand import checkpoint
from backhand.arrays import Array
from backhand.errors import CheckpointError
from backhand.files.folders import folders_with
from backhand.files.names import BEST, STUDY
from backhand.files.paths import command
from backhand.model.sequential import Sequential
from backhand.weights import published, torch_file
from backhand.weights.pytorch import from_pytorch
from backhand.weights.run_status import read_status
from backhand.weights.tensors import decode

KINDS = {"F64": "f8", "F32": "f4", "F16": "f2", "BF16": "bf16", "I64": "i8", "I32": "i4", "U8": "u1", "BOOL": "?"}
# The first bytes of PyTorch's files before version 1.6: a pickle of the number 0x1950a86a20f9469cfc6c.
OLD = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
SHOWN = 5  # the most runs that a message lists
MODEL = "model."  # the prefix of a model's arrays in a run's files


def refuse_diverged(folder: Path) -> None:
    """Raise CheckpointError for the folder of a run whose training diverged."""
    run = read_status(folder)
    if run is not None and run.status == "diverged":
        raise CheckpointError(
            f"{folder} holds the weights of a training that diverged, which are useless; "
            f"{run.message or 'train it again with a lower learning rate'}"
        )


def without_weights(folder: Path) -> str:
    """The message for a folder without weights: those of a search, a series or an extension are in its runs."""
    if runs := folders_with(BEST, folder):
        several = ", ".join(map(str, runs[:SHOWN])) + (f" and {len(runs) - SHOWN} more" if len(runs) > SHOWN else "")
        return f"{folder} is not the folder of a single run; name one of the runs in it: {several}"
    if not (folder / STUDY).is_file():
        return f"{folder} is not the folder of a run: it has no {STUDY}"
    onward = command(["backhand", "run", "--resume", folder])
    return f"{folder} has no {BEST}, because its training has not saved weights yet; resume it with `{onward}`"


def file_of(path: Path) -> Path:
    """The file that holds the weights: best.safetensors in the folder of a run, otherwise the path itself.

    A name of published weights stands for the file that it downloads.
    Raises CheckpointError where there is no such file, and for a run that diverged.
    """
    if published.is_name(path):
        return published.fetch(str(path))
    refuse_diverged(path if path.is_dir() else path.parent)
    if path.is_dir():
        if not (path / BEST).is_file():
            raise CheckpointError(without_weights(path))
        return path / BEST
    if not path.is_file():
        raise CheckpointError(f"{path} does not exist; give the folder of a run, or a file of weights")
    return path


def read(file: Path, model: Sequential) -> dict[str, Array]:
    """The arrays in the file, by the names that they have in this model, in its layouts.

    The kind of the file is recognised by its content. Raises CheckpointError when it is damaged or of another kind.
    """
    with file.open("rb") as stream:
        head = stream.read(len(OLD))
    if head == OLD:
        raise CheckpointError(
            f"{file} has PyTorch's format from before version 1.6; convert it where PyTorch is installed: "
            f'torch.save(torch.load("{file.name}", map_location="cpu", weights_only=True), "new.pth")'
        )
    if head.startswith(b"PK"):
        return from_pytorch(model, torch_file.read(file))
    if not _is_checkpoint(file):
        return from_pytorch(model, _safetensors(file))
    arrays, _ = checkpoint.load(file)
    model_arrays = {name.removeprefix(MODEL): value for name, value in arrays.items() if name.startswith(MODEL)}
    return model_arrays or arrays


def _is_checkpoint(file: Path) -> bool:
    """Whether a safetensors file was written by `checkpoint`. Raises CheckpointError for a file of another format."""
    import safetensors

    try:
        with safetensors.safe_open(file, "numpy") as opened:
            return checkpoint.KEY in (opened.metadata() or {})
    except (OSError, safetensors.SafetensorError) as error:
        raise CheckpointError(
            f"{file} is neither a safetensors file nor one of torch.save ({error}); give a file of these formats"
        ) from error


def _safetensors(file: Path) -> dict[str, Array]:
    import safetensors

    arrays = {}
    for name, tensor in safetensors.deserialize(file.read_bytes()):  # type: ignore[no-untyped-call]  # it has no types
        if tensor["dtype"] not in KINDS:
            raise CheckpointError(f"{file}: {name} has the unsupported dtype {tensor['dtype']}; save it as F32")
        arrays[name] = decode(tensor["data"], KINDS[tensor["dtype"]]).reshape(tensor["shape"])
    return arrays
