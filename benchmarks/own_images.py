"""Measures the study `images`, as it ships, on folders of ordinary pictures, against logistic regression.

The folders are made of CIFAR-10 and FER2013 pictures (zips of train|test/CLASS/*.jpg and Training|PrivateTest/CLASS/
*.jpg). They have few or many pictures per class, small or large, of one size or of many, in all formats, in grey and in
colour. The study is trained and tested with several seeds on each. The regression uses the same standardised pixels and
the best of three penalties by cross-validation. The largest class is the accuracy of always naming that class.

usage: python benchmarks/own_images.py DATA [--out FOLDER] [--only cats-dogs,...] [--seeds 5] [--threads 2]
"""

import argparse
import io
import json
import resource
import shutil
import sys
import time
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegressionCV

from backhand import backend
from backhand.console.exits import run_to_exit_status
from backhand.experiments.build import load_feeds
from backhand.experiments.run import work
from backhand.study import Study, load

CIFAR = "cifar10-images.zip", ("train", "test")
FACES = "fer2013-images.zip", ("Training", "PrivateTest")
ALL_FORMATS = "jpg", "png", "webp", "bmp"
OPTIONS = {"jpg": {"quality": 90}, "webp": {"quality": 90}, "png": {}, "bmp": {}}


@dataclass(frozen=True)
class Folder:
    """A folder of pictures.

    counts: the training pictures of each class; there are half as many test pictures, but between 60 and `most`.
    side: of a square, in pixels; or the smallest and the largest side, drawn for each picture, whose aspect then varies
    by up to a third; 0 to keep the size.   grey: the share of pictures that are saved in grey.
    """

    source: tuple[str, tuple[str, str]]
    counts: dict[str, int]
    side: int | tuple[int, int] = 0
    formats: Sequence[str] = ("jpg",)
    grey: float = 0.0
    most: int = 250


def _equal_counts(classes: str, count: int) -> dict[str, int]:
    return dict.fromkeys(classes.split(), count)


TEN = "airplane automobile bird cat deer dog frog horse ship truck"
FOLDERS = {
    "cats-dogs": Folder(CIFAR, _equal_counts("cat dog", 500)),
    "sixty": Folder(CIFAR, _equal_counts("automobile ship", 60), (24, 96), ALL_FORMATS, grey=0.3),
    "faces": Folder(FACES, _equal_counts("happy sad surprise", 300), formats=("png",)),
    "unequal": Folder(CIFAR, {"cat": 900, "frog": 300, "truck": 90}, 40, ("webp",), most=300),
    "tiny": Folder(CIFAR, _equal_counts("bird deer horse truck", 150), 24, ("bmp",)),
    "mixed": Folder(CIFAR, _equal_counts(TEN, 200), (24, 96), ALL_FORMATS, grey=0.1, most=100),
    "two-unequal": Folder(CIFAR, {"dog": 1000, "cat": 200}, formats=("jpg", "png"), most=500),
    "large": Folder(CIFAR, _equal_counts("airplane cat frog truck", 2000), 96),
}


def write_pictures(folder: Folder, data: Path, out: Path) -> None:
    """Write the pictures as out/train|test/CLASS/NUMBER.FORMAT, unless that is done already."""
    if (done := out.with_suffix(".done")).exists():
        return
    rng = np.random.default_rng(0)
    archive, splits = folder.source
    with zipfile.ZipFile(data / archive) as pictures:
        names = [name for name in sorted(pictures.namelist()) if name.endswith(".jpg")]
        for split, source in zip(("train", "test"), splits, strict=True):
            for label, count in folder.counts.items():
                own = [name for name in names if name.split("/")[-3:-1] == [source, label]]
                count = count if split == "train" else min(max(count // 2, 60), folder.most)
                (out / split / label).mkdir(parents=True, exist_ok=True)
                for i, name in enumerate(rng.permutation(own)[:count]):
                    image = _vary(Image.open(io.BytesIO(pictures.read(name))), folder, rng)
                    suffix = folder.formats[i % len(folder.formats)]
                    image.save(out / split / label / f"{i:04}.{suffix}", **OPTIONS[suffix])
    done.write_text("")


def _vary(image: Image.Image, folder: Folder, rng: np.random.Generator) -> Image.Image:
    if rng.random() < folder.grey:
        image = image.convert("L")
    if not folder.side:
        return image
    if isinstance(folder.side, int):
        return image.resize((folder.side, folder.side), Image.Resampling.BICUBIC)
    side, aspect = rng.integers(folder.side[0], folder.side[1] + 1), rng.uniform(1, 4 / 3)
    image = image.resize((side, side), Image.Resampling.BICUBIC)
    long = round(side / aspect)  # cut, so that it is not stretched
    return image.crop((0, 0, side, long) if rng.random() < 0.5 else (0, 0, long, side))


def baseline_accuracies(path: Path) -> tuple[float, float]:
    """The test accuracies of logistic regression on the pixels that the study uses, and of the largest class."""
    feeds = load_feeds(load("images", [f'data.path="{path}"', "data.validation=0"]))
    (x, y), (test, labels) = (feed.batch(slice(None)) for feed in (feeds.train, feeds.test))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", (ConvergenceWarning, FutureWarning))
        model = LogisticRegressionCV(Cs=(1e-4, 1e-3, 1e-2), cv=3, tol=1e-2).fit(x.reshape(len(x), -1), y)
    largest = np.bincount(y).argmax()
    return float(model.score(test.reshape(len(test), -1), labels)), float((labels == largest).mean())


def run_seeds(path: Path, out: Path, seeds: int) -> Iterator[dict[str, float]]:
    """The test results of the study with each seed, and the processor time and the elapsed time of the run.

    They are saved beside the run's folder, so that the benchmark continues where it was stopped; a run that was
    interrupted is measured again.
    """
    for seed in range(seeds):
        folder, kept = out / f"seed-{seed}", out / f"seed-{seed}.json"
        if not kept.exists():
            shutil.rmtree(folder, ignore_errors=True)
            kept.write_text(json.dumps(_train_and_measure(load("images", [f'data.path="{path}"'], seed), folder)))
        yield json.loads(kept.read_text())


def _train_and_measure(study: Study, folder: Path) -> dict[str, float]:
    start, processor_start = time.perf_counter(), _processor_seconds()
    metrics = work.run(study, folder, quiet=True)
    test = metrics.test
    return {
        "accuracy": test["accuracy"],
        "recall": test["macro"]["recall"],
        "loss": test["loss"],
        "epochs": metrics.training.epochs,
        "processor": _processor_seconds() - processor_start,
        "clock": time.perf_counter() - start,
        "lr": load(folder / "study.toml").train.optimizer.lr,
    }


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, help="the folder with cifar10-images.zip and fer2013-images.zip")
    parser.add_argument("--out", type=Path, default=Path("own-images"))
    parser.add_argument("--only", default=",".join(FOLDERS), metavar="NAME,...")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--threads", type=int)
    options = parser.parse_args()
    backend.use(backend.chosen(), options.threads)
    print("folder        pictures   study (lowest)  recall  logistic  largest  epochs  rates       processor  clock")
    for name in options.only.split(","):
        folder, path = FOLDERS[name], (options.out / name / "pictures").resolve()
        write_pictures(folder, options.data, path)
        baseline, largest = baseline_accuracies(path)
        runs = list(run_seeds(path, options.out / name, options.seeds))
        mean = {key: float(np.mean([run[key] for run in runs])) for key in runs[0]}
        least = min(run["accuracy"] for run in runs)
        rates = f"{min(run['lr'] for run in runs):g}-{max(run['lr'] for run in runs):g}"
        figures = f"{mean['accuracy']:.1%} ({least:.1%})  {mean['recall']:>6.1%}  {baseline:>8.1%}  {largest:>7.1%}"
        cost = f"{mean['epochs']:>6.0f}  {rates:<12}  {mean['processor']:>5.0f} s  {mean['clock']:>5.0f} s"
        print(f"{name:<12}  {sum(folder.counts.values()):>8,}  {figures}  {cost}", flush=True)


if __name__ == "__main__":
    sys.exit(run_to_exit_status(main))
