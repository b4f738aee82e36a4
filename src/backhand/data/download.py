"""Downloads that resume, checked before they are kept."""

import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

from backhand.data.entry import BuiltIn
from backhand.data.files import CHUNK
from backhand.data.progress import progress_bar
from backhand.data.provenance import PublishedFile
from backhand.data.registry import get_entry
from backhand.errors import DataError
from backhand.files import locations
from backhand.files.locks import locked
from backhand.files.paths import PathLike, as_path

TIMEOUT = 30  # seconds without a byte
NETWORK_ERRORS = (OSError, HTTPException)  # URLError, HTTPError and timeouts are OSErrors


def fetch_data_set(name: str, data_dir: PathLike | None = None) -> list[Path]:
    """The files of a data set, in its subfolder of `data_dir`; DataError where none can be downloaded."""
    found = get_entry(name)
    if isinstance(found, BuiltIn):
        raise DataError(f"{name} is built in; there is nothing to fetch")
    published = [original for original in found.published_files if original.urls]
    if not published:
        raise DataError(f"{name} cannot be fetched; {found.instructions}")
    above = as_path(data_dir) or locations.data_dir()
    if above is None:
        raise DataError("there is no home folder to download to; name one with --data-dir or BACKHAND_DATA")
    folder = found.folders(above)[0]
    return [fetch_file(original, folder) for original in published]


def fetch_file(original: PublishedFile, folder: Path) -> Path:
    """The file in `folder`, downloaded from the first mirror that gives it whole; kept if it is there already.

    A download that breaks off leaves `<name>.part`, and the next one goes on from its end. Raises DataError where a
    file of that name has another content, and where no mirror gives the right one.
    """
    with locked(folder / f".{original.name}.lock", wait=True):  # two that fetch it at once would mix their bytes
        target = folder / original.name
        if not target.is_file():
            return _download(original, folder)
        if not original.matching_checksum(target):
            raise DataError(f"{target} is not the published file (its checksum differs); move it away and fetch again")
        return target


def _download(original: PublishedFile, folder: Path) -> Path:
    import pooch

    target = folder / original.name
    pooch.get_logger().setLevel("WARNING")
    failures = []
    for url in original.urls:
        try:
            resume = ResumingDownloader(target.with_name(f"{original.name}.part"))
            pooch.retrieve(url, f"sha256:{original.sha256}", fname=original.name, path=folder, downloader=resume)
            return target
        except NETWORK_ERRORS as error:
            failures.append(f"{_host(url)}: {_reason(error)}")
        except ValueError:  # what pooch raises for a wrong checksum
            failures.append(f"{_host(url)}: not the published file (its checksum differs)")
    raise DataError(f"cannot fetch {original.name} ({'; '.join(failures)}); try later, or put the file into {folder}")


def _host(url: str) -> str:
    return urlsplit(url).netloc


def _reason(error: Exception) -> str:
    text = str(error).removeprefix("<urlopen error ").removesuffix(">")
    return text or type(error).__name__


class ResumingDownloader:
    """A downloader for pooch that goes on where an earlier one stopped (HTTP Range), with a progress bar."""

    def __init__(self, part: Path) -> None:
        self.part = part

    def __call__(self, url: str, output_file: str, _pooch: Any) -> None:
        """Fills the .part file, and once it is whole renames it to `output_file`."""
        while not self._advance(url):
            pass
        self.part.replace(output_file)

    def _size(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _advance(self, url: str) -> bool:
        """One request. True when the file is whole, False when the connection broke but something new came."""
        have = self._size()
        try:
            self._request(url, have)
        except HTTPError as error:
            if error.code != 416 or not have:
                raise
            error.close()
            # Nothing lies beyond what we have: it is whole, or it is of another file and starts anew.
            whole = error.headers.get("Content-Range", "") == f"bytes */{have}"
            if not whole:
                self.part.unlink()
            return whole
        except NETWORK_ERRORS:
            if self._size() <= have:
                raise
            return False
        return True

    def _request(self, url: str, have: int) -> None:
        request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
        with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
            if response.status == 206 and not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
                raise OSError("the server sent another part than was asked for")
            start = have if response.status == 206 else 0
            total = start + int(response.headers.get("Content-Length") or 0)
            name = self.part.name.removesuffix(".part")
            with progress_bar(f"Fetching {name}", total, is_bytes=True) as advance, self.part.open("ab") as file:
                file.truncate(start)
                advance(start)
                while data := response.read(CHUNK):
                    file.write(data)
                    advance(len(data))
        if self._size() < total:
            raise OSError(f"the connection closed after {self._size():,} of {total:,} bytes")
