"""MNIST: 70,000 handwritten digits of 28 x 28 pixels."""

from backhand.data.provenance import Publication
from backhand.data.sets.idx_images import IdxImages, originals

MIRRORS = ("https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/")
# The name, the SHA-256 of the published .gz, and the SHA-256 of its content.
FILES = (
    (
        "train-images-idx3-ubyte",
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    (
        "train-labels-idx1-ubyte",
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    (
        "t10k-images-idx3-ubyte",
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    (
        "t10k-labels-idx1-ubyte",
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
)
PUBLISHED = Publication(
    "MNIST",
    "70,000 handwritten digits of 28 x 28 pixels (LeCun, Cortes and Burges)",
    "grey images of 28 x 28 pixels",
    {
        "train": (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949),
        "test": (980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009),
    },
)

MNIST = IdxImages(
    "mnist",
    tuple("0123456789"),
    PUBLISHED,
    originals(FILES, MIRRORS),
)
ENTRY = MNIST.entry(
    "70,000 digits, 28 x 28 grey",
    subfolders=("mnist", "", "MNIST/raw"),
)
