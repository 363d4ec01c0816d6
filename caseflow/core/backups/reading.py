"""A backup read from its beginning to its end, with every hash compared; a database is not needed."""

import contextlib
import io
import itertools
import json
import sys
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from caseflow.core.backups import BackupError
from caseflow.core.backups.sealed_file import CHUNK, SealedReader
from caseflow.core.backups.tables import Digest

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

FORMAT = 1
ABOUT = "about.json"
MANIFEST = "manifest.json"
TABLES = "tables/"


class Backup:
    """An open backup: `about` at once, the tables in passing, and `manifest` when all of it was read."""

    def __init__(self, path: Path, plain: Any, tar: tarfile.TarFile) -> None:
        self.path = path
        self._plain = plain
        self._tar = tar
        self._members = iter(tar)
        self.digests: dict[str, Digest] = {}
        self.about: dict[str, Any] = self._json(ABOUT, next(self._members, None))
        if self.about.get("format") != FORMAT:
            raise BackupError(f"{path} is of a format that this version of caseflow does not know")
        self.manifest: dict[str, Any] = {}

    def tables(self) -> Iterator[tuple[str, Iterator[bytes]]]:
        """Each table that holds rows, with its rows in parts; at the end every hash is compared. To be read once."""
        parts = itertools.takewhile(self._is_part, self._members)
        for name, members in itertools.groupby(parts, lambda one: one.name.split("/")[1]):
            yield name, self._rows(name, members)
        for _ in iter(lambda: self._plain.read(CHUNK), b""):
            pass  # to the mark of the end
        wanted = self.manifest.get("tables", {})
        for name, expected in wanted.items():
            if self.digests.get(name, Digest()).told() != expected:
                raise BackupError(f"{self.path}: the rows of {name} are not those that the backup was made of")
        if set(wanted) != set(self.about["tables"]) or not set(self.digests) <= set(wanted):
            raise BackupError(f"{self.path} does not hold the tables that it names")

    def _is_part(self, member: tarfile.TarInfo) -> bool:
        if member.name.startswith(TABLES):
            return True
        self.manifest = self._json(MANIFEST, member)
        return False

    def _rows(self, name: str, members: Iterator[tarfile.TarInfo]) -> Iterator[bytes]:
        found = self.digests[name] = Digest()
        for member in members:
            data = self._read(member)
            found.take(data)
            yield data

    def _read(self, member: tarfile.TarInfo) -> bytes:
        file = self._tar.extractfile(member)
        return b"" if file is None else file.read()

    def _json(self, name: str, member: tarfile.TarInfo | None) -> dict[str, Any]:
        if member is None or member.name != name:
            raise BackupError(f"{self.path} lacks its {name}")
        content: dict[str, Any] = json.loads(self._read(member))
        return content


@contextmanager
def opened(path: Path, keys: Mapping[str, bytes]) -> Iterator[Backup]:
    """The backup in a file; raises BackupError or MasterKeyError in one line."""
    with (
        contextlib.closing(SealedReader(path, keys)) as sealed,
        zstd.ZstdFile(io.BufferedReader(sealed, CHUNK)) as plain,
    ):
        try:
            with tarfile.open(fileobj=plain, mode="r|", bufsize=CHUNK) as tar:
                yield Backup(path, plain, tar)
        except (tarfile.TarError, zstd.ZstdError, EOFError, ValueError) as error:
            raise BackupError(f"{path} opens and cannot be read: {error}") from error


def verify(path: Path, keys: Mapping[str, bytes]) -> dict[str, Any]:
    """Read all of it, and compare every table's rows and hash; gives the manifest and `about` in one."""
    with opened(path, keys) as backup:
        for _name, parts in backup.tables():
            for _ in parts:
                pass
        return backup.about | backup.manifest
