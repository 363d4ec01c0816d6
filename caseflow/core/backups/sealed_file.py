"""A file in encrypted chunks: each is bound to its place and the last one marked, so that a cut is noticed.

Head: the magic line, two bytes of length, the file's key as `master_keys.seal` wraps it. Chunk: four bytes of length,
AES-256-GCM under the file's key; the nonce is the chunk's number (11 bytes) and whether it is the last (1 byte), the
associated data SHA-256 of the head. A key is used for one file only, so no nonce comes twice.
"""

import hashlib
import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from caseflow.core import master_keys
from caseflow.core.backups import BackupError

MAGIC = b"caseflow backup 1\n"
CHUNK = 2**20
_TAG = 16


class SealedWriter(io.RawIOBase):
    """Writes chunks into `file`; `finish` marks the last one, without which the file is a broken one."""

    def __init__(self, file: IO[bytes], keys: Mapping[str, bytes]) -> None:
        super().__init__()
        self.file = file
        key = AESGCM.generate_key(256)
        wrapped = master_keys.seal(key, MAGIC, keys=keys)
        head = MAGIC + len(wrapped).to_bytes(2, "big") + wrapped
        self.file.write(head)
        self._cipher, self._bound = AESGCM(key), hashlib.sha256(head).digest()
        self._number, self._waiting = 0, bytearray()

    def writable(self) -> bool:
        """It is only written to."""
        return True

    def write(self, data: Any, /) -> int:
        """Take bytes; a chunk leaves when it is full and more comes."""
        self._waiting += data
        while len(self._waiting) > CHUNK:
            self._seal(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]
        return len(data)

    def finish(self) -> None:
        """Write what waits as the last chunk."""
        self._seal(bytes(self._waiting), last=True)
        self._waiting.clear()

    def _seal(self, data: bytes, *, last: bool) -> None:
        sealed = self._cipher.encrypt(_nonce(self._number, last), data, self._bound)
        self.file.write(len(sealed).to_bytes(4, "big") + sealed)
        self._number += 1


class SealedReader(io.RawIOBase):
    """Reads the chunks of the file at `path`; raises BackupError where one was changed or the end is missing."""

    def __init__(self, path: Path, keys: Mapping[str, bytes]) -> None:
        super().__init__()
        self.path = path
        try:
            self.file: IO[bytes] = path.open("rb")
        except OSError as error:
            raise BackupError(f"{path} cannot be read: {os.strerror(error.errno or 0)}") from error
        try:
            magic, length = self.file.read(len(MAGIC)), self.file.read(2)
            if magic != MAGIC:
                raise BackupError(f"{path} is not a backup of caseflow")
            wrapped = self.file.read(int.from_bytes(length, "big"))
            key = master_keys.unseal(wrapped, MAGIC, keys=keys)
        except BaseException:
            self.file.close()
            raise
        self._cipher, self._bound = AESGCM(key), hashlib.sha256(magic + length + wrapped).digest()
        self._number, self._open, self._ended = 0, memoryview(b""), False
        self._length = self.file.read(4)

    def readable(self) -> bool:
        """It is only read."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Fill the buffer with what the chunks hold; 0 at the end that was marked as the end."""
        while not self._open and not self._ended:
            self._open = memoryview(self._next())
        some = min(len(buffer), len(self._open))
        buffer[:some] = self._open[:some]
        self._open = self._open[some:]
        return some

    def close(self) -> None:
        """Close the file."""
        self.file.close()
        super().close()

    def _next(self) -> bytes:
        length = int.from_bytes(self._length, "big")
        if len(self._length) < 4:
            raise BackupError(self._cut())
        if not _TAG <= length <= CHUNK + _TAG:
            raise BackupError(self._changed())
        sealed = self.file.read(length)
        self._length = self.file.read(4)
        if len(sealed) < length:
            raise BackupError(self._cut())
        last = not self._length
        try:
            clear = self._cipher.decrypt(_nonce(self._number, last), sealed, self._bound)
        except InvalidTag:
            raise BackupError(self._cut() if last and self._opens(sealed) else self._changed()) from None
        self._number += 1
        self._ended = last
        return clear

    def _opens(self, sealed: bytes) -> bool:
        """Whether the chunk is whole, and was not the last one when it was written."""
        try:
            self._cipher.decrypt(_nonce(self._number, last=False), sealed, self._bound)
        except InvalidTag:
            return False
        return True

    def _cut(self) -> str:
        return f"{self.path} was cut off: it ends in part {self._number + 1}, which is not its last"

    def _changed(self) -> str:
        return f"{self.path} was changed or is damaged: part {self._number + 1} does not open"


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
