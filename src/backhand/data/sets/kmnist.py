"""KMNIST, Kuzushiji-MNIST: 70,000 cursive hiragana of 28 x 28 pixels, in files with the names of MNIST's."""

from backhand.data.provenance import Publication, PublishedFile
from backhand.data.sets.idx_images import IdxImages

MIRROR = "https://codh.rois.ac.jp/kmnist/dataset/kmnist/"
# The name and the SHA-256 of the published .gz; none is published for its content.
FILES = {
    "train-images-idx3-ubyte.gz": "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4",
    "train-labels-idx1-ubyte.gz": "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17",
    "t10k-images-idx3-ubyte.gz": "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5",
    "t10k-labels-idx1-ubyte.gz": "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c",
}
PUBLISHED = Publication(
    "KMNIST",
    "70,000 cursive Japanese characters of 28 x 28 pixels (Clanuwat et al., 2018)",
    "grey images of 28 x 28 pixels",
    {"train": (6000,) * 10, "test": (1000,) * 10},
)

ENTRY = IdxImages(
    "kmnist",
    ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
    PUBLISHED,
    tuple(PublishedFile(name, (f"{MIRROR}{name}",), digest) for name, digest in FILES.items()),
).entry(
    "70,000 hiragana, 28 x 28 grey",
    subfolders=("kmnist", "KMNIST/raw"),
)
