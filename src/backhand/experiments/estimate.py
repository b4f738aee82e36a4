"""An estimate of a training on a folder of pictures: what the folder holds, which size suits it, and what it costs."""

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
    """What a study makes of a folder or archive of pictures, and what it costs, before anything is decoded.

    pictures: what the folder holds.   samples: the number of pictures to train on, which are not held out.
    """

    study: Study
    path: Path
    pictures: Inspection
    samples: int

    @classmethod
    def of(cls, study: Study, path: Path) -> "Estimate":
        """Raises DataError where there are no pictures in class folders, those of one class alone, too few, or
        pictures that do not fit the network.
        """
        if not path.exists():
            raise DataError(f"{path} does not exist; give the folder that holds the class folders")
        pictures = inspect_pictures(path)
        if not any(pictures.counts("train")):
            raise DataError(f"{path} has no train folder beside {' and '.join(pictures.splits)}; add one")
        if len(pictures.classes) < 2:
            raise DataError(
                f'{path} has the one class "{pictures.classes[0]}"; to tell apart, there must be two or more'
            )
        estimate = cls(study, path, pictures, _training_samples(pictures, study.data.validation))
        estimate.model()
        return estimate

    @cached_property
    def size(self) -> Size:
        """The height and width that the pictures are brought to."""
        resize = self.study.data.resize
        size = None if resize is None else resize.make().with_size_for(self.pictures.sizes).size
        return size or self.pictures.sizes[0]

    @property
    def counts(self) -> dict[str, tuple[int, ...]]:
        """Pictures of each class by split, as their folders say."""
        return {split: self.pictures.counts(split) for split in self.pictures.splits}

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
        shape = (*self.size, 3 if "RGB" in self.pictures.colours else 1)
        try:
            return build_model(self.study, shape, len(self.pictures.classes))
        except ModelError as error:
            raise DataError(f"the pictures of {self.path}, at {pixels(self.size)}, do not fit: {error}") from error

    def remarks(self) -> list[str]:
        """What the folder holds and what is made of it, a sentence each."""
        return [*self._pictures(), self._scaling(), self._classes(), *self._few(), *self._others()]

    def _pictures(self) -> list[str]:
        pictures = self.pictures
        counts = {"in colour": pictures.colours.count("RGB"), "in grey": pictures.colours.count("L")}
        kinds = [f"{count:,} {word}" for word, count in counts.items() if count]
        colours = " and ".join(kinds) if len(kinds) > 1 else kinds[0].partition(" ")[2]
        return [f"{len(pictures.sizes):,} pictures of {len(pictures.classes)} classes, {colours}, {self._extent()}"]

    def _extent(self) -> str:
        sizes = set(self.pictures.sizes)
        if len(sizes) == 1:
            return f"all of {pixels(sizes.pop())}"
        least, most = min(map(min, sizes)), max(map(max, sizes))
        return f"of {len(sizes):,} sizes, with sides from {least} to {most} pixels"

    def _scaling(self) -> str:
        sizes, resize = sorted(set(self.pictures.sizes)), self.study.data.resize
        size = f"size: {pixels(self.size)}"
        if resize is None or sizes == [self.size]:
            return f"{size}, as they are"
        if len(sizes) == 1:
            cut = f" by {resize.how}" if LONGEST * min(sizes[0]) < SMALLEST * max(sizes[0]) else ""
            small = min(self.size) > min(sizes[0])
            change, why = ("enlarged", "show little") if small else ("scaled down", "take long to train on")
            return f"{size}{cut}, {change} from {pixels(sizes[0])}, which would {why}"
        side = median_low(map(min, self.pictures.sizes))
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
        small, large = (self.pictures.classes[counts.index(count)] for count in (few, many))
        return (
            f'classes: unequal, {many:,} pictures of "{large}" and {few:,} of "{small}"; '
            f"those of rare classes count for more in training"
        )

    def _few(self) -> list[str]:
        counts = self.counts["train"]
        if (fewest := min(counts)) >= FEW:
            return []
        label = self.pictures.classes[counts.index(fewest)]
        return [f'few pictures: {fewest} of class "{label}" teach little, and test even less; add some if you can']

    def _others(self) -> list[str]:
        lines = [f"passed over: {self.pictures.ignored_files}"] if self.pictures.ignored_files else []
        if self.pictures.unreadable:
            mend = "mend or remove such files, or set skip_bad_images = true"
            lines.append(f"not read: {len(self.pictures.unreadable):,}; {self.pictures.unreadable[0]}; {mend}")
        return lines


def _training_samples(pictures: Inspection, validation: float) -> int:
    """The number of pictures that remain to train on. Raises DataError where a class is too small to be divided."""
    y = np.array(
        [pictures.classes.index(member.label) for member in pictures.members if member.split == "train"], np.int64
    )
    if "test" not in pictures.splits:
        y = y[stratified_split(y, TEST_SIZE, TEST_SEED, pictures.classes, "test")[0]]
    if "validation" not in pictures.splits and validation:
        y = y[stratified_split(y, validation, 0, pictures.classes, "validation")[0]]
    return len(y)
