"""Fashion-MNIST: 70,000 articles of clothing of 28 x 28 pixels, in files with the names of MNIST's."""

from backhand.data.provenance import Publication
from backhand.data.sets.idx_images import IdxImages, originals

MIRRORS = (
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
)
# The name, the SHA-256 of the published .gz, and the SHA-256 of its content.
FILES = (
    (
        "train-images-idx3-ubyte",
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    ),
    (
        "train-labels-idx1-ubyte",
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    ),
    (
        "t10k-images-idx3-ubyte",
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    ),
    (
        "t10k-labels-idx1-ubyte",
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
)
CLASSES = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)
PUBLISHED = Publication(
    "Fashion-MNIST",
    "70,000 articles of clothing of 28 x 28 pixels (Xiao, Rasul and Vollgraf, 2017)",
    "grey images of 28 x 28 pixels",
    {"train": (6000,) * 10, "test": (1000,) * 10},
)

ENTRY = IdxImages(
    "fashion_mnist",
    CLASSES,
    PUBLISHED,
    originals(FILES, MIRRORS),
).entry(
    "70,000 clothes, 28 x 28 grey",
    subfolders=("fashion_mnist", "fashion-mnist", "FashionMNIST/raw"),
)
