"""EMNIST: up to 814,255 handwritten digits and letters of 28 x 28 pixels, in six divisions of one archive.

Source: Cohen, Afshar, Tapson and van Schaik 2017, arXiv:1702.05373.
"""

from string import ascii_lowercase, ascii_uppercase, digits

from backhand.data.entry import OnDisk
from backhand.data.provenance import Publication, PublishedFile
from backhand.data.sets.idx_images import IdxImages

ARCHIVE = PublishedFile(
    "gzip.zip",
    ("https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip",),
    "fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e",
)
# A small letter that looks like its capital, such as c, is in one class with it.
MERGED = tuple(digits + ascii_uppercase + "abdefghnqrt")
Counts = dict[str, int | tuple[int, ...]]


def _entry(division: str, classes: tuple[str, ...], counts: Counts, what: str, first_label: int = 0) -> OnDisk:
    sizes = [count if isinstance(count, int) else sum(count) for count in counts.values()]
    published = Publication(
        f"EMNIST {division}",
        f"{sum(sizes):,} {what} of 28 x 28 pixels (Cohen et al., 2017)",
        "grey images of 28 x 28 pixels",
        counts,
    )
    prefix = f"emnist-{division}"
    images = f"{prefix}-train-images-idx3-ubyte"
    return IdxImages(
        f"emnist_{division}",
        classes,
        published,
        (ARCHIVE,),
        stems=(f"{prefix}-train", f"{prefix}-test"),
        first_label=first_label,
        is_transposed=True,
    ).entry(
        f"{sum(sizes):,} {what}, 28 x 28 grey",
        files=(f"{images}.gz", images, "gzip.zip", "emnist*.zip"),
        subfolders=("emnist", "", "EMNIST/raw", "EMNIST/raw/gzip"),
    )


ENTRIES = (
    _entry("balanced", MERGED, {"train": (2400,) * 47, "test": (400,) * 47}, "digits and letters"),
    _entry(
        "byclass",
        tuple(digits + ascii_uppercase + ascii_lowercase),
        {"train": 697_932, "test": 116_323},
        "digits and letters",
    ),
    _entry("bymerge", MERGED, {"train": 697_932, "test": 116_323}, "digits and letters"),
    _entry("digits", tuple(digits), {"train": (24_000,) * 10, "test": (4_000,) * 10}, "digits"),
    _entry("letters", tuple(ascii_uppercase), {"train": (4_800,) * 26, "test": (800,) * 26}, "letters", first_label=1),
    _entry("mnist", tuple(digits), {"train": 60_000, "test": 10_000}, "digits"),
)
