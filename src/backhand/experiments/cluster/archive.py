"""The folder of a run as one checked archive: it travels with its unit, and takes its place whole or not at all."""

import hashlib
import io
import os
import shutil
import stat
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Self

from backhand.errors import BackhandError
from backhand.files.folders import sync_folder

MODE = 0o644


@dataclass(frozen=True)
class Archive:
    """The files of a folder, or a single one, as a tar archive of equal bytes for equal files.

    content: the archive.   sha256: its checksum.   is_file: whether it was made of a single file.
    """

    content: bytes
    sha256: str
    is_file: bool = False

    @classmethod
    def of(cls, path: Path) -> Self | None:
        """The folder or file as an archive; None where it is missing, or has no files.

        Hidden files are left out: those are locks, and temporary ones of a process that writes. So are links.
        """
        folder, buffer = path.parent if path.is_file() else path, io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
            names = [path.name] if path.is_file() else sorted(_files(folder))
            for name in names:
                content = folder.joinpath(name).read_bytes()
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = len(content), MODE
                archive.addfile(entry, io.BytesIO(content))
        content = buffer.getvalue()
        return cls(content, hashlib.sha256(content).hexdigest(), path.is_file()) if names else None

    def unpack(self, folder: Path) -> None:
        """Put the files into this folder, in place of all that it held.

        They are written beside it first, and take its place once they are on the disk.
        Raises BackhandError, and leaves the folder as it was, where the archive is damaged, holds anything but plain
        files below the folder, or cannot be written.
        """
        if hashlib.sha256(self.content).hexdigest() != self.sha256:
            raise BackhandError(f"the archive of {folder} was damaged on its way; go on by --resume")
        new, old = (folder.with_name(f".{folder.name}.{kind}") for kind in ("new", "old"))
        try:
            _remove(new)  # of a process that was killed here; the experiment's lock keeps others away
            new.mkdir(parents=True)
            for name, content in self._entries(folder):
                _write(new / name, content)
            sync_folder(new)
            _remove(old)
            if folder.exists():
                folder.replace(old)
            new.replace(folder)
            sync_folder(folder.parent)
            _remove(old)
        except OSError as error:
            raise BackhandError(f"cannot write the folder {folder}: {error.strerror or error}") from error
        finally:
            shutil.rmtree(new, ignore_errors=True)

    def _entries(self, folder: Path) -> Iterator[tuple[str, bytes]]:
        """The names and contents of the files. Raises BackhandError for what a packed folder never holds."""
        seen: set[str] = set()
        try:
            with tarfile.open(fileobj=io.BytesIO(self.content), mode="r:") as archive:
                for entry in archive:
                    file = archive.extractfile(entry) if entry.isreg() and _is_inside(entry.name) else None
                    if file is None or entry.name.casefold() in seen:
                        raise BackhandError(f'the archive of {folder} holds "{entry.name}", which no run has')
                    seen.add(entry.name.casefold())
                    yield entry.name, file.read()
        except tarfile.TarError as error:
            raise BackhandError(f"the archive of {folder} cannot be read: {error}") from error


def _files(folder: Path) -> Iterator[str]:
    """The plain files below the folder, by their paths from it, with slashes."""
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(parent, name)
            if not name.startswith(".") and stat.S_ISREG(path.lstat().st_mode):
                yield path.relative_to(folder).as_posix()


def _is_inside(name: str) -> bool:
    """Whether the name is a path that stays below the folder, on any system, and is not hidden."""
    parts = name.split("/")
    plain = all(part and not part.startswith(".") for part in parts)
    windows = PureWindowsPath(name)
    return plain and not PurePosixPath(name).is_absolute() and not windows.anchor and "\\" not in name


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
