"""One interface to folders, zip archives and tar archives: names, and the bytes of each member."""

import zipfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from backhand.data.files import walk_folder
from backhand.data.formats.archives import DECOMPRESSORS, TarTree, ZipTree
from backhand.data.formats.members import BadMemberError, Tree, damage_as_data_error, printable
from backhand.data.formats.picture_files import is_picture
from backhand.errors import DataError

UNSUPPORTED = {b"7z\xbc\xaf": "7z", b"Rar!": "RAR", b"\x28\xb5\x2f\xfd": "zstd", b"\x1f\x9d": "compress"}
__all__ = ["FolderTree", "Tree", "is_archive", "open_tree"]


@contextmanager
def open_tree(path: Path) -> Iterator[Tree]:
    """Open a folder, a zip or a tar, plain or packed by gzip, bzip2 or xz. The content decides which it is.

    Raises DataError for a file of another kind.
    """
    if path.is_dir():
        yield FolderTree(path)
    elif not is_archive(path):
        packers = (packer for mark, packer in UNSUPPORTED.items() if _head(path).startswith(mark))
        remark = f", but packed as {packer}" if (packer := next(packers, "")) else ""
        raise DataError(f"{path} is neither a folder nor a zip or tar archive{remark}; give one of these")
    elif _head(path).startswith(b"PK"):
        with damage_as_data_error(str(path)):
            archive = zipfile.ZipFile(path)
        with archive:
            yield ZipTree(path, archive)
    else:
        yield TarTree(path)


def is_archive(path: Path) -> bool:
    """Whether a file begins like a zip, a tar or a packed file."""
    with damage_as_data_error(str(path)):
        head = _head(path)
    return head.startswith((b"PK", *DECOMPRESSORS)) or head[257:262] == b"ustar"


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(512)


class FolderTree(Tree):
    """A folder on disk. Links are followed; a link to a folder that contains it raises DataError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._on_disk: dict[str, str] = {}  # the names on disk by the printable ones, filled by `names`

    def names(self) -> list[str]:
        """The names of all files and folders below, sorted; hidden folders are not entered."""
        self._on_disk = {printable(name): name for name in walk_folder(self.path)}
        for name, on_disk in self._on_disk.items():
            # A missing picture may be skipped, but anything else that is missing may be a whole folder of pictures.
            if not (is_picture(name) or (self.path / on_disk).exists()):
                raise DataError(f"{self.path}/{name} {_file_problem(self.path / on_disk)}; correct or remove it")
        return sorted(self._on_disk)

    def readers(self, wanted: Collection[str]) -> Iterator[tuple[str, Callable[[], bytes]]]:
        """The wanted files, in their order."""
        for name in wanted:
            yield name, partial(self._read, name)

    def _read(self, name: str) -> bytes:
        path = self.path / self._on_disk.get(name, name)
        try:
            if not path.is_file():  # a pipe or a device would never end
                raise BadMemberError(f"{self.path}/{name} {_file_problem(path)}")
            return path.read_bytes()
        except OSError as error:
            raise BadMemberError(f"{self.path}/{name} cannot be read ({error.strerror})") from error


def _file_problem(path: Path) -> str:
    if path.is_symlink() and not path.exists():
        return f"is a link to {printable(str(path.readlink()))}, which does not exist"
    return "is not a file" if path.exists() else "does not exist"
