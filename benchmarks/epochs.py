"""Times whole epochs on real images, including the loading of data and the validation.

    two_layer   CIFAR-10, 3072-80-10, batch 400                         fer_cnn     FER2013, the study fer2013-cnn
    resnet50    FER2013, the study fer2013-resnet50 (imagenet stem)     twelve      MNIST, four networks times three
                                                                                    learning rates, 15 epochs each

The time of an epoch is the shortest of those after the first, or that of the only one.
usage: python benchmarks/epochs.py [--data-dir $BACKHAND_DATA] [--only two_layer,...]
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from backhand import backend
from backhand.console.exits import run_to_exit_status
from backhand.console.options import Names
from backhand.errors import BackhandError, closest
from backhand.experiments.build import build_model, build_solver, load_feeds
from backhand.machine import cores, cpu
from backhand.page.numbers import counted
from backhand.study import Study, load

PLAIN = "train.optimizer.momentum=0", "train.schedule={kind='constant'}", "train.l2=0"
NETWORKS = {
    "linear": ("mnist-mlp", ("model.hidden=[]", "model.dropout=0", "train.label_smoothing=0")),
    "one hidden layer": ("mnist-mlp", ("model.hidden=[256]", "model.dropout=0", "train.label_smoothing=0")),
    "two hidden layers": ("mnist-mlp", ("model.hidden=[256,128]", "model.dropout=0", "train.label_smoothing=0")),
    "convolutional": ("mnist-model4", ()),
}
RATES = 1e-4, 5e-3, 0.1


def train(study: Study, data_dir: Path | None) -> list[dict[str, float]]:
    """Train the study, and return the records of its epochs."""
    feeds = load_feeds(study, data_dir)
    model = build_model(study, feeds.train.data.x.shape[1:], len(feeds.splits.classes))
    return build_solver(study, model, feeds).fit(feeds.train, feeds.validation, epochs=study.train.epochs)


def timed_epochs(name: str, epochs: int, *overrides: str) -> Callable[[Path | None], None]:
    def timed(data_dir: Path | None) -> None:
        records = train(load(name, (*overrides, f"train.epochs={epochs}"), 0), data_dir)
        seconds = min(record["seconds"] for record in records[epochs > 1 :])
        accuracy = records[-1]["validation_accuracy"]
        result = f"validation accuracy {accuracy:.1%} after {counted(epochs, 'epoch')}"
        print(f"{name}: {seconds:.2f} s per epoch; {result}", flush=True)

    return timed


def twelve_trainings(data_dir: Path | None) -> None:
    whole_start = time.perf_counter()
    for network, (name, overrides) in NETWORKS.items():
        for lr in RATES:
            start = time.perf_counter()
            changes = (*PLAIN, *overrides, f"train.optimizer.lr={lr}", "train.epochs=15", "train.batch_size=100")
            record = train(load(name, changes, 0), data_dir)[-1]
            seconds, accuracy = time.perf_counter() - start, record["validation_accuracy"]
            print(f"{network}, learning rate {lr:g}: {accuracy:.2%} validation, {seconds:.1f} s", flush=True)
    print(f"twelve trainings: {time.perf_counter() - whole_start:.1f} s", flush=True)


SMALL = "model.hidden=[80]", "model.dropout=0", "model.batchnorm=false", "train.batch_size=400"
TASKS: dict[str, Callable[[Path | None], None]] = {
    "two_layer": timed_epochs("cifar10-mlp", 5, *SMALL, "train.label_smoothing=0", "train.optimizer.lr=0.002"),
    "fer_cnn": timed_epochs("fer2013-cnn", 2),
    "resnet50": timed_epochs("fer2013-resnet50", 1),
    "twelve": twelve_trainings,
}


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", type=Path, help="Look for data sets in this folder.")
    known = ", ".join(TASKS)
    parser.add_argument("--only", type=Names.parse, metavar="NAME,...", help=f"Time only some of {known}.")
    arguments = parser.parse_args(words)
    names = arguments.only or tuple(TASKS)
    print(f"{cpu()}, {cores()} cores; {backend.describe()}")
    for name in names:
        if name not in TASKS:
            raise BackhandError(f'unknown task "{name}"{closest(name, TASKS)}')
        TASKS[name](arguments.data_dir)


if __name__ == "__main__":
    sys.exit(run_to_exit_status(main))
