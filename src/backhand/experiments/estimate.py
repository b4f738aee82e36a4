"""A study for a folder of pictures: what is there, what suits it, and what it costs."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import median_low

import numpy as np

from backhand.arrays import pixels
from backhand.data.formats.inspection import Inspection, inspect_pictures
from backhand.data.formats.resize import LARGEST, LONGEST, SMALLEST, Size
from backhand.data.split import TEST_SEED, TEST_SIZE, stratified_split
from backhand.errors import DataError, ModelError
from backhand.experiments.build import build_model
from backhand.experiments.decide import epochs
from backhand.model.sequential import Sequential
from backhand.study import Study
from backhand.study.auto import is_auto

UNEQUAL = 1.5  # times as many pictures in the largest class as in the smallest: from there on classes are unequal
FEW = 20  # pictures of a class, below which a test says little


@dataclass(frozen=True)
class Estimate:
    """What a study finds in a folder or archive of pictures, before anything is decoded.

    samples: how many pictures are trained on, which are those that are not held out to test and to validate.
    """

    study: Study
    path: Path
    seen: Inspection
    samples: int

    @classmethod
    def of(cls, study: Study, path: Path) -> "Estimate":
        """Raises DataError where there are no pictures in class folders, those of one class alone, too few, or
        pictures that do not fit the network.
        """
        if not path.exists():
            raise DataError(f"{path} does not exist; give the folder that holds the class folders")
        seen = inspect_pictures(path)
        if not any(seen.counts("train")):
            raise DataError(f"{path} has no train folder beside {' and '.join(seen.splits)}; add one")
        if len(seen.classes) < 2:
            raise DataError(f'{path} has the one class "{seen.classes[0]}"; to tell apart, there must be two or more')
        estimate = cls(study, path, seen, _trained_on(seen, study.data.validation))
        estimate.model()
        return estimate

    @cached_property
    def size(self) -> Size:
        """The height and width that the pictures are brought to."""
        resize = self.study.data.resize
        size = None if resize is None else resize.make().with_size_for(self.seen.sizes).size
        return size or self.seen.sizes[0]

    @property
    def counts(self) -> dict[str, tuple[int, ...]]:
        """Pictures of each class by split, as their folders say."""
        return {split: self.seen.counts(split) for split in self.seen.splits}

    @property
    def epochs(self) -> int:
        """Passes over the training pictures."""
        return epochs(self.samples) if is_auto(self.study.train.epochs) else self.study.train.epoch_count

    @property
    def work(self) -> int:
        """Floating-point operations of the whole training: a step back costs two steps forward."""
        return 2 * 3 * sum(row["multiply_adds"] for row in self.model().rows()) * self.samples * self.epochs

    def model(self) -> Sequential:
        """The network of the study. Raises DataError where the pictures, at their size, do not fit it."""
        shape = (*self.size, 3 if "RGB" in self.seen.colours else 1)
        try:
            return build_model(self.study, shape, len(self.seen.classes))
        except ModelError as error:
            raise DataError(f"the pictures of {self.path}, at {pixels(self.size)}, do not fit: {error}") from error

    def remarks(self) -> list[str]:
        """What was seen, a sentence each."""
        return [*self._pictures(), self._scaling(), self._classes(), *self._few(), *self._others()]

    def _pictures(self) -> list[str]:
        seen = self.seen
        counts = {"in colour": seen.colours.count("RGB"), "in grey": seen.colours.count("L")}
        kinds = [f"{count:,} {word}" for word, count in counts.items() if count]
        colours = " and ".join(kinds) if len(kinds) > 1 else kinds[0].partition(" ")[2]
        return [f"{len(seen.sizes):,} pictures of {len(seen.classes)} classes, {colours}, {self._extent()}"]

    def _extent(self) -> str:
        sizes = set(self.seen.sizes)
        if len(sizes) == 1:
            return f"all of {pixels(sizes.pop())}"
        least, most = min(map(min, sizes)), max(map(max, sizes))
        return f"of {len(sizes):,} sizes, with sides from {least} to {most} pixels"

    def _scaling(self) -> str:
        sizes, resize = sorted(set(self.seen.sizes)), self.study.data.resize
        size = f"size: {pixels(self.size)}"
        if resize is None or sizes == [self.size]:
            return f"{size}, as they are"
        if len(sizes) == 1:
            cut = f" by {resize.how}" if LONGEST * min(sizes[0]) < SMALLEST * max(sizes[0]) else ""
            small = min(self.size) > min(sizes[0])
            change, why = ("enlarged", "show little") if small else ("scaled down", "take long to train on")
            return f"{size}{cut}, {change} from {pixels(sizes[0])}, which would {why}"
        side = median_low(map(min, self.seen.sizes))
        half = f"half of the pictures have a shorter side of {side} pixels or less"
        if side > LARGEST:
            return f"{size} by {resize.how}, the largest that trains in minutes; {half}"
        if side < SMALLEST:
            return f"{size} by {resize.how}, the smallest that shows much; {half}"
        return f"{size} by {resize.how}, as {half}"

    def _classes(self) -> str:
        counts = self.counts["train"]
        few, many = min(counts), max(counts)
        if many <= UNEQUAL * few:
            return "classes: of about equal size"
        small, large = (self.seen.classes[counts.index(count)] for count in (few, many))
        return (
            f'classes: unequal, {many:,} pictures of "{large}" and {few:,} of "{small}"; '
            f"those of rare classes count for more in training"
        )

    def _few(self) -> list[str]:
        counts = self.counts["train"]
        if (fewest := min(counts)) >= FEW:
            return []
        label = self.seen.classes[counts.index(fewest)]
        return [f'few pictures: {fewest} of class "{label}" teach little, and test even less; add some if you can']

    def _others(self) -> list[str]:
        lines = [f"passed over: {self.seen.ignored_files}"] if self.seen.ignored_files else []
        if self.seen.unreadable:
            mend = "mend or remove such files, or set skip_bad_images = true"
            lines.append(f"not read: {len(self.seen.unreadable):,}; {self.seen.unreadable[0]}; {mend}")
        return lines


def _trained_on(seen: Inspection, validation: float) -> int:
    """How many pictures remain to train on. Raises DataError where a class is too small to be divided."""
    y = np.array([seen.classes.index(member.label) for member in seen.members if member.split == "train"], np.int64)
    if "test" not in seen.splits:
        y = y[stratified_split(y, TEST_SIZE, TEST_SEED, seen.classes, "test")[0]]
    if "validation" not in seen.splits and validation:
        y = y[stratified_split(y, validation, 0, seen.classes, "validation")[0]]
    return len(y)
