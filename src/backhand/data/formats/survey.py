"""Where the pictures lie in a folder or archive: `split/class/file` or `class/file`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from backhand.errors import DataError

SUFFIXES = (".jpg", ".jpeg", ".png")
# What people call the splits, in lower case.
SPLIT_NAMES = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "publictest"), "validation"),
    **dict.fromkeys(("test", "testing", "privatetest"), "test"),
}


@dataclass(frozen=True)
class Member:
    """One picture: the split ("train" where the tree has none), the class folder, the name within the tree."""

    split: str
    label: str
    name: str


def survey(names: Sequence[str], where: Path) -> list[Member]:
    """The pictures among the members of a tree, by the folders they lie in; hidden and other files are passed over.

    Outer folders that hold everything are dropped. Raises DataError where a picture lies elsewhere than the others do,
    or a class folder holds none.
    """
    paths = [PurePosixPath(name) for name in names if not _is_hidden(name)]
    pictures = [p for p in paths if p.suffix.lower() in SUFFIXES]
    if not pictures:
        raise DataError(f"{where} holds no .jpg, .jpeg or .png images; put them in split/class/ or class/ folders")
    depth = 0
    while len({p.parts[depth] for p in pictures}) == 1 and min(len(p.parts) for p in pictures) > depth + 2:
        if pictures[0].parts[depth].lower() in SPLIT_NAMES:
            break
        depth += 1
    has_splits = all(p.parts[depth].lower() in SPLIT_NAMES for p in pictures)
    found = [_member(p, depth, has_splits, where) for p in pictures]
    for name in names:
        folder = PurePosixPath(name).parts[depth:]
        if name.endswith("/") and len(folder) == 1 + has_splits and not any(m.name.startswith(name) for m in found):
            raise DataError(f"{where}: the class folder {name} holds no images; add some or remove it")
    return found


def _is_hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)


def _member(path: PurePosixPath, depth: int, has_splits: bool, where: Path) -> Member:
    parts = path.parts[depth:]
    if len(parts) != 2 + has_splits:
        form = "split/class/image" if has_splits else "class/image"
        raise DataError(
            f"{where}: {path} does not lie at {form} as it should; move it, or name the splits train and test"
        )
    return Member(SPLIT_NAMES[parts[0].lower()] if has_splits else "train", parts[-2], str(path))
