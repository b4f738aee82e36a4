"""Whole epochs on real images, data loading and validation included: what a person waits for.

    two_layer   CIFAR-10, 3072-80-10, batch 400                         fer_cnn     FER2013, the study fer2013-cnn
    resnet50    FER2013, the study fer2013-resnet50 (imagenet stem)     twelve      MNIST, four networks times three
                                                                                    learning rates, 15 epochs each

An epoch's figure is the shortest of those after the first, or the only one's.
usage: python benchmarks/epochs.py [--data-dir $BACKHAND_DATA] [--only two_layer,...]
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from backhand import backend
from backhand.errors import BackhandError
from backhand.experiments.build import build_model, build_solver, load_feeds
from backhand.machine import cores, cpu
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
    """The records of its epochs."""
    feeds = load_feeds(study, data_dir)
    model = build_model(study, feeds.train.data.x.shape[1:], len(feeds.splits.classes))
    return build_solver(study, model, feeds).fit(feeds.train, feeds.validation, epochs=study.train.epochs)


def timed_epochs(name: str, epochs: int, *overrides: str) -> Callable[[Path | None], None]:
    def timed(data_dir: Path | None) -> None:
        records = train(load(name, (*overrides, f"train.epochs={epochs}"), 0), data_dir)
        seconds = min(record["seconds"] for record in records[epochs > 1 :])
        accuracy = records[-1]["validation_accuracy"]
        print(f"{name}: {seconds:.2f} s an epoch; validation accuracy {accuracy:.1%} after {epochs}", flush=True)

    return timed


def twelve_trainings(data_dir: Path | None) -> None:
    begin = time.perf_counter()
    for network, (name, overrides) in NETWORKS.items():
        for lr in RATES:
            start = time.perf_counter()
            changes = (*PLAIN, *overrides, f"train.optimizer.lr={lr}", "train.epochs=15", "train.batch_size=100")
            record = train(load(name, changes, 0), data_dir)[-1]
            seconds, accuracy = time.perf_counter() - start, record["validation_accuracy"]
            print(f"{network}, learning rate {lr:g}: {accuracy:.2%} validation, {seconds:.1f} s", flush=True)
    print(f"twelve trainings: {time.perf_counter() - begin:.1f} s", flush=True)


SMALL = "model.hidden=[80]", "model.dropout=0", "model.batchnorm=false", "train.batch_size=400"
TASKS: dict[str, Callable[[Path | None], None]] = {
    "two_layer": timed_epochs("cifar10-mlp", 5, *SMALL, "train.label_smoothing=0", "train.optimizer.lr=0.002"),
    "fer_cnn": timed_epochs("fer2013-cnn", 2),
    "resnet50": timed_epochs("fer2013-resnet50", 1),
    "twelve": twelve_trainings,
}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--only", metavar="NAME,...", help="some of " + ", ".join(TASKS))
    arguments = parser.parse_args(arguments)
    names = arguments.only.split(",") if arguments.only else list(TASKS)
    print(f"{cpu()}, {cores()} cores; {backend.describe()}")
    try:
        for name in names:
            if name not in TASKS:
                raise BackhandError(f'there is no "{name}"; there are {", ".join(TASKS)}')
            TASKS[name](arguments.data_dir)
    except BackhandError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
