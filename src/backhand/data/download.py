"""Downloads that can be resumed, and whose checksums are compared before they are kept."""

import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit

from backhand.data.entry import BuiltIn
from backhand.data.files import CHUNK, digest_of
from backhand.data.progress import progress_bar
from backhand.data.provenance import PublishedFile
from backhand.data.registry import get_entry
from backhand.errors import DataError
from backhand.files import locations
from backhand.files.locks import locked
from backhand.files.paths import PathLike, as_path

TIMEOUT = 30  # seconds without a byte
NETWORK_ERRORS = (OSError, HTTPException)  # URLError, HTTPError and timeouts are subclasses of OSError


def fetch_data_set(name: str, data_dir: PathLike | None = None) -> list[Path]:
    """Download the files of a data set to its subfolder of `data_dir`, and return their paths.

    Raises DataError for a data set that cannot be downloaded.
    """
    entry = get_entry(name)
    if isinstance(entry, BuiltIn):
        raise DataError(f"{name} is built in; there is nothing to fetch")
    files = [file for file in entry.published_files if file.urls]
    if not files:
        raise DataError(f"{name} cannot be downloaded; {entry.instructions}")
    parent = as_path(data_dir) or locations.data_dir()
    if parent is None:
        raise DataError("there is no home folder to download to; name a folder with --data-dir or BACKHAND_DATA")
    folder = entry.folders(parent)[0]
    return [fetch_file(file, folder) for file in files]


def fetch_file(file: PublishedFile, folder: Path) -> Path:
    """Download a file to `folder`, unless it is there already, and return its path.

    The mirrors are tried in turn. An interrupted download leaves `<name>.part`, and the next one continues at its end.
    Raises DataError where a file of that name has another content, and where no mirror has the right one.
    """
    with locked(folder / f".{file.name}.lock", wait=True):  # two processes that download at once would mix their bytes
        target = folder / file.name
        if not target.is_file():
            return _download(file, folder)
        if not file.matching_checksum(target):
            raise DataError(f"{target} is not the published file (its checksum differs); move it away and fetch again")
        return target


def _download(file: PublishedFile, folder: Path) -> Path:
    target = folder / file.name
    failures = []
    for url in file.urls:
        download = ResumableDownload(url, folder / f"{file.name}.part")
        try:
            download.complete()
        except NETWORK_ERRORS as error:
            failures.append(f"{_host(url)}: {_reason(error)}")
            continue
        if file.has(digest_of(download.part)):
            download.part.replace(target)
            return target
        download.part.unlink()  # the next attempt would otherwise continue at the end of wrong bytes
        failures.append(f"{_host(url)}: not the published file (its checksum differs)")
    raise DataError(f"cannot fetch {file.name} ({'; '.join(failures)}); try later, or put the file into {folder}")


def _host(url: str) -> str:
    return urlsplit(url).netloc


def _reason(error: Exception) -> str:
    text = str(error).removeprefix("<urlopen error ").removesuffix(">")
    return text or type(error).__name__


@dataclass(frozen=True)
class ResumableDownload:
    """A download from `url` to the file `part`, which continues where an earlier one stopped (HTTP Range)."""

    url: str
    part: Path

    def complete(self) -> None:
        """Download until `part` is whole, with a progress bar.

        Raises an OSError or HTTPException where the server does not answer, or breaks off before it has sent anything.
        """
        while not self._download_more():
            pass

    def _size(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _download_more(self) -> bool:
        """Make one request. True if the file is complete, False if the connection broke after some progress."""
        size = self._size()
        try:
            self._request(size)
        except HTTPError as error:
            error.close()  # it holds the connection
            if error.code != 416 or not size:
                raise
            # The server has nothing beyond our size: the file is complete, or it is another one and starts anew.
            is_complete = error.headers.get("Content-Range", "") == f"bytes */{size}"
            if not is_complete:
                self.part.unlink()
            return is_complete
        except NETWORK_ERRORS:
            if self._size() <= size:
                raise
            return False
        return True

    def _request(self, size: int) -> None:
        request = urllib.request.Request(self.url, headers={"Range": f"bytes={size}-"} if size else {})
        with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
            if response.status == 206 and not response.headers.get("Content-Range", "").startswith(f"bytes {size}-"):
                raise OSError("the server sent another range than the one requested")
            start = size if response.status == 206 else 0
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
