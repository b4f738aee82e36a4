"""Where the pictures lie in a folder or archive: `split/class/file` or `class/file`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

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
    paths = [name.split("/") for name in names if name.lower().endswith(SUFFIXES) and not _is_hidden(name)]
    if not paths:
        raise DataError(f"{where} holds no .jpg, .jpeg or .png images; put them in split/class/ or class/ folders")
    depth = 0
    while min(map(len, paths)) > depth + 2 and len(tops := {path[depth] for path in paths}) == 1:
        if tops.pop().lower() in SPLIT_NAMES:
            break
        depth += 1
    has_splits = all(path[depth].lower() in SPLIT_NAMES for path in paths)
    members = [_member(path, depth, has_splits, where) for path in paths]
    _refuse_empty(names, {m.name.rsplit("/", 1)[0] for m in members}, depth + 1 + has_splits, where)
    return members


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "__MACOSX/")) or "/." in name


def _member(path: list[str], depth: int, has_splits: bool, where: Path) -> Member:
    name, parts = "/".join(path), path[depth:]
    if len(parts) != 2 + has_splits:
        form = "split/class/image" if has_splits else "class/image"
        raise DataError(f"{where}: {name} lies not at {form} as others do; move it, or name the splits train and test")
    return Member(SPLIT_NAMES[parts[0].lower()] if has_splits else "train", parts[-2], name)


def _refuse_empty(names: Sequence[str], filled: set[str], depth: int, where: Path) -> None:
    for name in names:
        folder = name.removesuffix("/")
        if folder != name and folder.count("/") == depth - 1 and folder not in filled and not _is_hidden(name):
            raise DataError(f"{where}: the class folder {folder} holds no images; add some or remove it")
