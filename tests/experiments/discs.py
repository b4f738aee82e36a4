"""A regression on images: discs of a random radius at a random place, with a study that predicts both."""

from pathlib import Path

import numpy as np

STUDY = """
name = "discs"
[data]
name = "npz"
path = "discs.npz"
target = ["radius", "column"]
[data.augment]
cutout = 2
[model]
name = "cnn"
blocks = [{ outputs = 4 }, { outputs = 6 }]
[train]
epochs = 4
batch_size = 40
optimizer = { kind = "adam", lr = 0.01 }
"""


def write(folder: Path) -> Path:
    """Write the archive and the study into the folder, and return it."""
    rng = np.random.default_rng(0)
    row, column, radius = rng.uniform(4, 8, 400), rng.uniform(4, 8, 400), rng.uniform(1.5, 4, 400)
    y, x = np.mgrid[:12, :12]
    distance = np.hypot(y - row[:, None, None], x - column[:, None, None])
    images = (255 * np.clip(radius[:, None, None] - distance, 0, 1)).astype(np.uint8)
    np.savez(folder / "discs.npz", x=images, y=np.c_[radius, column])
    (folder / "discs.toml").write_text(STUDY)
    return folder
