"""The user's own table with named columns, from CSV files."""

from pathlib import Path

from backhand.data.dataset import Dataset, Labels, Splits
from backhand.data.entry import OnDisk, ReadOptions
from backhand.data.frames.csv_file import read_csv
from backhand.data.frames.encoding import Encoding, Remedies
from backhand.data.frames.frame import Frame
from backhand.data.frames.options import COLUMNS, TableOptions
from backhand.data.frames.samples import class_names, labels_of, targets_of, weights_of
from backhand.data.split import fixed_split
from backhand.data.tables import read_table
from backhand.data.value_range import range_notes
from backhand.errors import DataError

SPLITS = ("train", "validation", "test")
REMEDIES = Remedies(
    missing='fill it in, remove the row, or set data.missing to "median", "mean" or "most_frequent"',
    leave_out="leave it out by data.drop",
    names="or, where they are names, put the column into data.categories",
)


def load(path: Path, options: TableOptions) -> Splits:
    """Load a table from a file, or from train.csv, test.csv and, where it is there, validation.csv in a folder.

    Of a single file a fifth is the test split, always the same one, unless the options name a file of test rows. The
    columns become numbers by an encoding that is fitted to the training rows, among them those that a study holds out
    for validation later; of a single file, a text that only test rows have is a category, too.
    Raises DataError for what is wrong with the files or the columns.
    """
    if not options.answers:
        raise DataError(f"{path}: name the column to predict, label for classes or target for numbers")
    frames = _frames(path, options)
    train, beside = frames["train"], None
    for name in (*options.named, *options.categories):
        train.column(name)
    names = [name for name in train.columns if name not in options.named]
    classes = () if options.label is None else class_names(frames.values(), options.label)
    if "test" not in frames:
        rest, held_out = fixed_split(_answers(train, options, classes), classes)
        frames["train"], frames["test"] = train.take(rest), train.take(held_out)
        beside = frames["test"]
    encoding = Encoding.fit(
        *(frames["train"], names, options.categories, options.missing), beside=beside, remedies=REMEDIES
    )
    splits = {name: _dataset(frame, encoding, options, classes) for name, frame in frames.items()}
    rows = {f"{name} samples": data for name, data in splits.items() if name != "train"}
    notes = _notes(encoding, options) | range_notes(splits["train"], rows)
    source = f"the table {path.name}"
    targets = options.targets if options.label is None else ()
    return Splits(
        *("csv", classes, splits["train"], splits["test"], splits.get("validation"), source, notes),
        targets=targets,
        features=encoding.features,
        encoding=encoding,
    )


def _frames(path: Path, options: TableOptions) -> dict[str, Frame]:
    """The tables of the splits that there are, by name."""
    if not path.is_dir():
        test = {} if options.test is None else {"test": read_csv(options.test)}
        return {"train": read_csv(path)} | test
    if options.test is not None:
        raise DataError(f"{path} is a folder, whose test rows are in its test.csv; leave out {options.test} (test)")
    candidates = ((name, path / f"{name}{suffix}") for name in SPLITS for suffix in (".csv.gz", ".csv"))
    files = {name: file for name, file in candidates if file.exists()}
    if "train" not in files:
        raise DataError(f"{path} has no train.csv; name a .csv file, or a folder with train.csv and test.csv")
    return {name: read_csv(file) for name, file in files.items()}


def _dataset(frame: Frame, encoding: Encoding, options: TableOptions, classes: tuple[str, ...]) -> Dataset:
    x = read_table(encoding.encode(frame), frame.source)
    weights = None if options.sample_weight is None else weights_of(frame, options.sample_weight)
    return Dataset(x, _answers(frame, options, classes), weights)


def _answers(frame: Frame, options: TableOptions, classes: tuple[str, ...]) -> Labels:
    """The labels (N,) of the rows, or their targets (N, T)."""
    label = options.label
    return targets_of(frame, options.targets) if label is None else labels_of(frame, label, classes)


def _notes(encoding: Encoding, options: TableOptions) -> dict[str, str]:
    """What was done to the columns, for the report."""
    one_hot = [column.name for column in encoding.columns if column.categories]
    notes = {"columns as categories": ", ".join(one_hot), "columns left out": ", ".join(options.drop)}
    if options.missing != "refuse":
        how = options.missing.replace("_", " ")
        notes["missing values"] = f"filled by the {how} of the rows outside the test split"
    return {key: note for key, note in notes.items() if note}


def _read(path: Path, options: ReadOptions) -> Splits:
    return load(path, options.table or TableOptions())


ENTRY = OnDisk(
    "csv",
    "your own table with named columns",
    "label or target",
    _read,
    instructions="pass --path with a .csv file whose first line names the columns",
    columns=COLUMNS,
)
