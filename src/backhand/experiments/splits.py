"""The samples that a study trains, validates and tests on, before they are scaled."""

from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from backhand import checkpoint, data
from backhand.data.dataset import Dataset, Splits
from backhand.data.formats.colours import NAMES, colour_of
from backhand.data.formats.resize import Resize
from backhand.data.split import Index, random_split, random_subset, stratified_split, stratified_subset
from backhand.data.standardize import Standardizer
from backhand.data.value_range import ValueRange
from backhand.errors import DataError
from backhand.experiments import environment
from backhand.experiments.cluster.places import local
from backhand.experiments.settings import read_study
from backhand.files.paths import PathLike
from backhand.study import Study
from backhand.study.data import DataTable
from backhand.weights.source import file_of

FEW_BATCHES = 2  # of each split, where a run is only to show that everything works


@dataclass(frozen=True)
class StudySplits:
    """The data set, its splits for training and validation, and held-out validation samples of every class.

    watched: the validation samples of the old and of the new classes apart, where a network was extended.
    """

    splits: Splits
    train: Dataset
    validation: Dataset | None
    held_out: Dataset | None
    watched: dict[str, Dataset] = field(default_factory=dict)


def load_study_splits(study: Study, data_dir: PathLike | None = None) -> StudySplits:
    """Load and divide. Raises DataError as the loaders do, and where new classes do not fit a run's old ones.

    data_dir: what is not there of an extension is looked for where data sets lay for the run that it extends.
    """
    if study.extend is None:
        table = study.data
        splits = load_data_set(table, data_dir)
        splits = splits if table.classes is None else splits.select_classes(table.classes)
        return divided(splits if table.groups is None else splits.group_classes(table.groups), study)
    run = local(study.extend.run)
    base = read_study(run)
    old = load_study_splits(base, environment.data_dir_with(base.data.name, run, data_dir))
    splits = _load_new(study, old.splits, environment.data_dir_with(study.extend.name, run, data_dir))
    share = min(len(old.held_out) / len(old.splits.train), 0.5) if old.held_out is not None else 0.0
    halved = study.model_copy(update={"data": study.data.model_copy(update={"validation": share, "train_size": None})})
    return _extended(old, divided(splits, halved), old_data=study.extend.old_data)


def inherited_scaling(study: Study) -> Standardizer | None:
    """The scaling that belongs to the weights of the run that is extended; None where there are none to keep."""
    if study.extend is None or study.extend.afresh:
        return None
    arrays, _ = checkpoint.load(file_of(local(study.extend.run)))
    prefix = "standardizer."
    values = {name.removeprefix(prefix): value for name, value in arrays.items() if name.startswith(prefix)}
    return Standardizer.from_arrays(values)


def divided(splits: Splits, study: Study) -> StudySplits:
    """The data set with a validation split, which is drawn from the training split unless the data set has one."""
    train, validation, table = splits.train, splits.validation, study.data
    if validation is None and table.validation:
        rest, drawn = _split(splits, table.validation, study.data_seed)
        train, validation = train.take(rest), train.take(drawn)
    if table.train_size is not None:
        train = _subset(train, table.train_size, study.data_seed)
    if study.train.overfit_batches is not None:
        size = min(study.train.overfit_batches * study.train.batch_size, len(train))
        train = validation = _subset(train, size, study.data_seed)
    if study.train.fast_dev_run:
        return _few(StudySplits(splits, train, validation, validation), study)
    return StudySplits(splits, train, validation, validation)


def _split(splits: Splits, size: float, seed: int) -> tuple[Index, Index]:
    """The indices of the training samples that stay, and of those that are drawn for validation."""
    train = splits.train
    if splits.is_regression:
        return random_split(len(train), size, seed, "validation")
    return stratified_split(train.y, size, seed, splits.classes, "validation")


def _subset(data: Dataset, size: int, seed: int) -> Dataset:
    """So many of the samples, each class in proportion. Raises DataError for more than there are."""
    if data.y.ndim == 1:
        return data.take(stratified_subset(data.y, size, seed))
    return data.take(random_subset(len(data), size, seed))


def _few(whole: StudySplits, study: Study) -> StudySplits:
    """Two batches of each split, to see whether everything works."""

    def few(data: Dataset) -> Dataset:
        return _subset(data, min(FEW_BATCHES * study.train.batch_size, len(data)), study.data_seed)

    validation = None if whole.validation is None else few(whole.validation)
    splits = replace(whole.splits, train=few(whole.splits.train), test=few(whole.splits.test))
    return StudySplits(splits, few(whole.train), validation, validation)


def load_data_set(table: DataTable, data_dir: PathLike | None = None) -> Splits:
    """The data set of a study, as it is divided by its authors, all its images of one size."""
    resize = None if table.resize is None else table.resize.make()
    skip = table.skip_bad_images
    columns = table.table_options
    return data.load(table.name, data_dir=data_dir, path=table.path, skip_bad_images=skip, resize=resize, table=columns)


def _load_new(study: Study, old: Splits, data_dir: PathLike | None) -> Splits:
    """The data of the new classes, of the shape of the old ones."""
    table = study.extend
    assert table is not None
    old_shape = old.train.x.shape[1:]
    new = _in_colour(study, old_shape, data_dir)
    new = new if table.classes is None else new.select_classes(table.classes)
    known = [name for name in new.classes if name in old.classes]
    if known:
        rest = ",".join(name for name in new.classes if name not in old.classes)
        advice = f"name the new ones alone, --classes {rest}" if rest else "a new class needs another name"
        raise DataError(f'{table.run} knows the class "{known[0]}" of {new.name} already; {advice}')
    new_shape = new.train.x.shape[1:]
    if old_shape != new_shape:
        scale = "; pass --resize to scale them" if _same_channels(old_shape, new_shape) else ""
        raise DataError(
            f"the samples of {new.name} have the shape {new_shape}, and {table.run} takes {old_shape}{scale}"
        )
    return new


def _same_channels(old: tuple[int, ...], new: tuple[int, ...]) -> bool:
    return len(old) == len(new) == 3 and old[2] == new[2]


def _in_colour(study: Study, shape: tuple[int, ...], data_dir: PathLike | None) -> Splits:
    """The new data, at the size and in the colour of the old ones; the notes say where the colour was another."""
    table = study.extend
    assert table is not None
    load = partial(
        data.load,
        table.name,
        data_dir=data_dir,
        path=table.path,
        skip_bad_images=study.data.skip_bad_images or table.skip_bad_images,
        resize=_as_old(study, shape),
        min_classes=1,
    )
    new = load()
    before, colour = colour_of(new.train.x.shape[1:]), colour_of(shape)
    if before is None or colour is None or before == colour:
        return new
    new = load(colour=colour)
    return replace(new, notes=new.notes | {"pictures converted": f"from {NAMES[before]} to {NAMES[colour]}"})


def _as_old(study: Study, shape: tuple[int, ...]) -> Resize | None:
    """How new images come to the size of the old ones: as those did, or stretched where a person asks for it."""
    assert study.extend is not None
    resize = study.data.resize
    if len(shape) != 3 or not (resize or study.extend.resize):
        return None
    return Resize((shape[0], shape[1]), resize.how if resize else "stretch")


def _extended(old: StudySplits, new: StudySplits, *, old_data: bool) -> StudySplits:
    """The data of old and new classes, the new ones last.

    The test split has all classes. Without the old data, training and validation have the new classes alone.
    """
    first = len(old.splits.classes)
    train, test = _renumbered(new.train, first), _renumbered(new.splits.test, first)
    held_out = None if new.held_out is None else _renumbered(new.held_out, first)
    try:
        ValueRange.fit(old.splits.train.x).refuse_mismatch(train.x)
    except DataError as error:
        raise DataError(f"the samples of {new.splits.name} do not fit those of {old.splits.name}: {error}") from error
    splits = Splits(
        f"{old.splits.name}+{new.splits.name}",
        (*old.splits.classes, *new.splits.classes),
        _joined(old.train, train),
        _joined(old.splits.test, test),
        source=f"{old.splits.title} and {new.splits.title}, whose classes are new",
        notes={f"new: {key}": value for key, value in new.splits.notes.items()} | old.splits.notes,
    )
    if old.held_out is None or held_out is None:
        return StudySplits(splits, splits.train if old_data else train, None, None)
    every = _joined(old.held_out, held_out)
    watched = {"old": old.held_out, "new": held_out}
    return StudySplits(splits, splits.train if old_data else train, every if old_data else held_out, every, watched)


def _renumbered(samples: Dataset, first: int) -> Dataset:
    return Dataset(samples.x, samples.y + first)


def _joined(a: Dataset, b: Dataset) -> Dataset:
    return Dataset(np.concatenate([a.x, b.x]), np.concatenate([a.y, b.y]))
