"""Finds the pictures in a folder or archive, at `split/class/file` or `class/file`."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path, PurePosixPath

from backhand.data.files import is_hidden
from backhand.errors import DataError

SUFFIXES = (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".webp", ".bmp")
# The names of split folders, in lower case.
SPLIT_NAMES = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "publictest"), "validation"),
    **dict.fromkeys(("test", "testing", "privatetest"), "test"),
}


@dataclass(frozen=True)
class PictureFile:
    """A picture: its split ("train" where there are no split folders), its class folder, and its name in the tree."""

    split: str
    label: str
    name: str


def list_pictures(names: Sequence[str], where: Path) -> list[PictureFile]:
    """The pictures among the members of a tree, with their splits and classes; hidden and other files are ignored.

    Outer folders that hold everything else are ignored as well. Raises DataError where a picture is at another depth
    than the others, a class or split folder holds no picture, two folders name one split, or the name of a class cannot
    be printed.
    """
    names = [name for name in names if not _is_hidden(name)]
    paths = [name.split("/") for name in names if is_picture(name)]
    if not paths:
        remark = f", but {ignored}" if (ignored := describe_ignored(names)) else ""
        raise DataError(
            f"{where} holds no .jpg, .png, .webp or .bmp images{remark}; put them in split/class/ or class/ folders"
        )
    depth = 0
    while min(map(len, paths)) > depth + 2 and len(tops := {path[depth] for path in paths}) == 1:
        if tops.pop().lower() in SPLIT_NAMES:
            break
        depth += 1
    has_splits = all(path[depth].lower() in SPLIT_NAMES for path in paths)
    if has_splits:
        _refuse_twins({path[depth] for path in paths}, where)
    members = [_picture_file(path, depth, has_splits, where) for path in paths]
    _refuse_empty(names, {m.name.rsplit("/", 1)[0] for m in members}, depth + 1 + has_splits, where)
    if has_splits:
        _refuse_empty_splits(names, {path[depth] for path in paths}, depth, where)
    _refuse_labels(members, where)
    return members


def describe_ignored(names: Iterable[str]) -> str:
    """The number of other files that are not hidden, by suffix, such as "10 .gif, 2 .txt"; "" for none."""
    others = (name for name in names if not (name.endswith("/") or _is_hidden(name) or is_picture(name)))
    suffixes = Counter(PurePosixPath(name).suffix.lower() or "without a suffix" for name in others)
    commonest = sorted(suffixes.items(), key=lambda item: (-item[1], not item[0].startswith("."), item[0]))
    return ", ".join(f"{count:,} {suffix}" for suffix, count in commonest)


def is_picture(name: str) -> bool:
    """Whether a member is a picture that is read, by the suffix of its name; hidden files are not."""
    return name.lower().endswith(SUFFIXES) and not _is_hidden(name)


def _is_hidden(name: str) -> bool:
    return any(map(is_hidden, name.split("/")))


def _picture_file(path: list[str], depth: int, has_splits: bool, where: Path) -> PictureFile:
    name, steps = "/".join(path), path[depth:]
    if len(steps) != 2 + has_splits:
        form = "split/class/image" if has_splits else "class/image"
        raise DataError(f"{where}: {name} is not at {form}, as the others are; move it, or name the splits train, test")
    label = unicodedata.normalize("NFC", steps[-2])  # macOS stores letters and their accents separately
    return PictureFile(SPLIT_NAMES[steps[0].lower()] if has_splits else "train", label, name)


def _refuse_twins(tops: set[str], where: Path) -> None:
    """Raise DataError for two folders of one split, such as val and valid, which would be merged silently."""
    for first, second in combinations(sorted(tops), 2):
        if SPLIT_NAMES[first.lower()] == SPLIT_NAMES[second.lower()]:
            split = SPLIT_NAMES[first.lower()]
            raise DataError(f"{where}: {first} and {second} both name the {split} split; merge them, or remove one")


def _refuse_empty_splits(names: Sequence[str], filled: set[str], depth: int, where: Path) -> None:
    tops = {name.split("/")[depth] for name in names if name.count("/") > depth}
    for top in sorted(tops - filled):
        if top.lower() in SPLIT_NAMES:
            raise DataError(f"{where}: the folder {top} holds no images; add some or remove it")


def _refuse_labels(members: Sequence[PictureFile], where: Path) -> None:
    """Raise DataError for a class whose name is not text, or that has two names: reports and studies contain them."""
    splits: dict[str, set[str]] = {}
    for member in members:
        splits.setdefault(member.label, set()).add(member.split)
    for label in splits:
        if "\\" in label:
            raise DataError(
                f"{where}: the class folder {label} has a name that is not UTF-8, or that cannot be printed; rename it"
                + ("" if (text := _as_latin_1(label)) is None else f", for instance to {text}")
            )
    alike: dict[str, str] = {}
    for label in sorted(splits):
        other = alike.setdefault(label.casefold(), label)
        if splits[other] != splits[label]:
            raise DataError(f"{where}: the class folders {other} and {label} differ in case alone; rename one of them")


def _as_latin_1(label: str) -> str | None:
    """The text that the escaped bytes stand for in Latin-1, the encoding of old Western systems; None for no text."""
    text = re.sub(r"\\x([a-f89][0-9a-f])", lambda match: chr(int(match[1], 16)), label)
    return text if text.isprintable() and "\\" not in text else None


def _refuse_empty(names: Sequence[str], filled: set[str], depth: int, where: Path) -> None:
    """Raise DataError for a class folder without pictures. Archives need not list folders: file names imply them."""
    folders = {"/".join(name.split("/")[:depth]) for name in names if name.count("/") >= depth}
    for folder in sorted(folders - filled):
        remark = (
            f", but {ignored}" if (ignored := describe_ignored(n for n in names if n.startswith(f"{folder}/"))) else ""
        )
        raise DataError(f"{where}: the class folder {folder} holds no images{remark}; add some or remove it")
