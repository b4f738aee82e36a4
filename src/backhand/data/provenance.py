"""Tells whether a data set is the one that its authors published: only then a report names it so."""

import gzip
import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from backhand.data.dataset import Dataset
from backhand.data.files import digest_of, digest_of_unpacked


@dataclass(frozen=True)
class PublishedFile:
    """A file as its authors publish it.

    urls: the mirrors, in the order in which they are tried.   sha256, unpacked_sha256, md5: hexadecimal digests, ""
    where they are not known. Of the SHA-256 there may be only the first digits, where no more are published.
    """

    name: str
    urls: tuple[str, ...] = ()
    sha256: str = ""
    unpacked_sha256: str = ""
    md5: str = ""

    def matching_checksum(self, path: Path) -> str:
        """The published checksum that the file has, in words, or "". A repacked .gz has that of its content."""
        if self.sha256 and self.has(digest_of(path)):
            return "SHA-256 as published"
        if self.unpacked_sha256 and digest_of_unpacked(path) == self.unpacked_sha256:
            return "SHA-256 of the unpacked bytes as published"
        return "MD5 as published" if self.md5 and digest_of(path, "md5") == self.md5 else ""

    def has(self, digest: str) -> bool:
        """Whether this is the published SHA-256."""
        return bool(self.sha256) and digest.startswith(self.sha256)

    def matches(self, content: bytes) -> bool | None:
        """Whether these bytes, plain or gzip, are the published ones; None without a known checksum for their form."""
        if self.sha256 and self.has(hashlib.sha256(content).hexdigest()):
            return True
        if self.unpacked_sha256:
            return hashlib.sha256(_unpacked(content)).hexdigest() == self.unpacked_sha256
        return hashlib.md5(content).hexdigest() == self.md5 if self.md5 else None


def _unpacked(content: bytes) -> bytes:
    try:
        return gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
    except (OSError, EOFError, zlib.error):
        return b""


@dataclass(frozen=True)
class Publication:
    """A data set as its authors describe it.

    title, content: the name, and what follows it in a report, such as "MNIST" and "70,000 handwritten digits ...".
    samples: the words for other data of this form, such as "grey images of 28 x 28 pixels".
    counts: the number of samples in each split, by class where these numbers are known, else in total.
    """

    title: str
    content: str
    samples: str
    counts: Mapping[str, int | tuple[int, ...]]

    def first_difference(self, splits: Mapping[str, Dataset]) -> str:
        """The first number of samples that differs from the published one, in words; "" where none differs."""
        for name, published in self.counts.items():
            labels = splits[name].y if name in splits else np.empty(0, np.int64)
            expected = published if isinstance(published, int) else sum(published)
            if len(labels) != expected:
                return f"the {name} split has {len(labels):,} samples, not {expected:,}"
            if isinstance(published, tuple):
                actual = np.bincount(labels, minlength=len(published)).tolist()
                for k, (ours, theirs) in enumerate(zip(actual, published, strict=True)):
                    if ours != theirs:
                        return f"class {k} has {ours:,} samples in the {name} split, not {theirs:,}"
        return ""

    def source(self, splits: Mapping[str, Dataset], form: str, *, matches: bool | None = None, copy: str = "") -> str:
        """The sentence for `Splits.source`. It names the authors only where the checksums, or else the counts, match.

        form: such as "from its IDX files".   matches: whether the checksums are the published ones; None where none is
        known for this form.   copy: a word behind the title, such as "JPEG copy".
        """
        title = f"{self.title} ({copy})" if copy else self.title
        if matches or (matches is None and not self.first_difference(splits)):
            return f"{title}, {self.content}{form and f', {form}'}"
        total = sum(map(len, splits.values()))
        reason = self.first_difference(splits) or "the checksums differ"
        return f"Data in the form of {title}, {total:,} {self.samples}, not those published: {reason}"
