"""Recognises the arrays of a user's archive by their names."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from backhand.errors import DataError

SPLITS = ("train", "test", "validation")
SYNONYMS = {f"{array}_{short}": f"{array}_validation" for array in "xy" for short in ("val", "valid")}
SYNONYMS |= {"class_names": "classes"}
EXPECTED_NAMES = "save x_train, y_train, x_test, y_test (with x_validation, y_validation if you like), or x and y alone"


@dataclass(frozen=True)
class ArrayNames:
    """The names of the arrays in an archive.

    by_split: {split: (name of x, name of y)}, the training split first, and alone where the archive is not divided.
    classes: the array of the class names, if there is one.   unused: the arrays that are not used.
    """

    by_split: dict[str, tuple[str, str]]
    classes: str | None
    unused: tuple[str, ...]

    @classmethod
    def of(cls, names: Iterable[str], path: Path) -> Self:
        """Recognise the arrays in `path`: X is x, x_val and x_valid are x_validation, class_names is classes.

        Raises DataError, with the expected names, for a missing array, for two with the same meaning, and for x or y
        beside the arrays of splits.
        """
        by_meaning: dict[str, str] = {}
        for name in sorted(names):
            meaning = SYNONYMS.get(name.lower(), name.lower())
            twin = by_meaning.setdefault(meaning, name)
            if twin != name:
                raise DataError(f"{path} holds {twin} and {name}, which mean the same; save one of them")
        suffixes = _suffixes(by_meaning, path)
        pairs = {split: (f"x{suffix}", f"y{suffix}") for split, suffix in suffixes.items()}
        used = {meaning for pair in pairs.values() for meaning in pair} | {"classes"}
        by_split = {split: (by_meaning[x], by_meaning[y]) for split, (x, y) in pairs.items()}
        unused = tuple(name for meaning, name in by_meaning.items() if meaning not in used)
        return cls(by_split, by_meaning.get("classes"), unused)


def _suffixes(by_meaning: dict[str, str], path: Path) -> dict[str, str]:
    """The suffix of the arrays of each split. Raises DataError as `ArrayNames.of` does."""
    present = [split for split in SPLITS if {f"x_{split}", f"y_{split}"} & by_meaning.keys()]
    whole = [by_meaning[name] for name in "xy" if name in by_meaning]
    if present and whole:
        others = [by_meaning[f"{a}_{split}"] for split in present for a in "xy" if f"{a}_{split}" in by_meaning]
        raise DataError(f"{path} holds {' and '.join(whole)} beside {', '.join(others)}; {EXPECTED_NAMES}")
    needed = [split for split in SPLITS if split != "validation" or split in present]
    suffixes = {split: f"_{split}" for split in needed} if present else {"train": ""}
    for name in (f"{array}{suffix}" for suffix in suffixes.values() for array in "xy"):
        if name not in by_meaning:
            held = ", ".join(sorted(by_meaning.values()))
            raise DataError(f"{path} lacks the array {name}, and has {held}; {EXPECTED_NAMES}")
    return suffixes
