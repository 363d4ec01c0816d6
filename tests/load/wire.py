"""A wire between the product and a server of its, which can be cut as real ones are.

`Cut.RESET` ends what runs over it and refuses what is new, as a restarted router does. `Cut.DROP` swallows every packet
on its way, so that nobody gets an answer and nobody an error, as a pulled cable does: a packet filter on the sockets
drops what arrives before TCP sees it (Linux), and when the cable is in again what was sent meanwhile comes through.
"""

import contextlib
import ctypes
import enum
import os
import selectors
import socket
import struct
import threading
from typing import Any

_ATTACH, _DETACH = 26, 27  # SO_ATTACH_FILTER, SO_DETACH_FILTER
_CHUNK = 65536


class Cut(enum.Enum):
    """How a wire fails."""

    DROP = "drop"
    RESET = "reset"


class _Deaf:
    """A classic packet filter of one instruction: take zero bytes of every packet."""

    def __init__(self) -> None:
        self.code = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))
        self.program = struct.pack("HL", 1, ctypes.addressof(self.code))

    def put(self, one: socket.socket) -> None:
        with contextlib.suppress(OSError):  # closed meanwhile
            one.setsockopt(socket.SOL_SOCKET, _ATTACH, self.program)

    @staticmethod
    def take(one: socket.socket) -> None:
        with contextlib.suppress(OSError):
            one.setsockopt(socket.SOL_SOCKET, _DETACH, 0)


class Wire:
    """Listens on a free port of 127.0.0.1 and carries both ways to the port that `lead` names; a context manager."""

    def __init__(self) -> None:
        self.entrance = self._listen(0)
        self.port: int = self.entrance.getsockname()[1]
        self.target: int | None = None
        self.cut: Cut | None = None
        self._deaf = _Deaf()
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._ways = selectors.DefaultSelector()
        self._asked: list[tuple[Any, threading.Event]] = []
        self._bell, self._ear = socket.socketpair()
        self._ways.register(self._ear, selectors.EVENT_READ)
        self._ways.register(self.entrance, selectors.EVENT_READ)
        self._over = False
        self._thread = threading.Thread(target=self._carry, name="wire", daemon=True)
        self._thread.start()

    def __enter__(self) -> "Wire":
        """The wire works from its making on."""
        return self

    def __exit__(self, *_: object) -> None:
        """Take it away, with all that ran over it."""
        self._do(self._end)
        self._thread.join(10)
        self._ways.close()
        for one in (self._bell, self._ear):
            one.close()

    def lead(self, port: int) -> None:
        """From now on new connections go to this port."""
        self.target = port

    def fail(self, how: Cut) -> None:
        """Cut it."""
        self._do(lambda: self._fail(how))

    def mend(self) -> None:
        """Put it together again."""
        self._do(self._mend)

    def _do(self, act: Any) -> None:
        """Only the carrying thread touches sockets."""
        done = threading.Event()
        self._asked.append((act, done))
        self._bell.send(b"!")
        done.wait(10)

    def _fail(self, how: Cut) -> None:
        self.cut = how
        if how is Cut.RESET:
            self._ways.unregister(self.entrance)
            self.entrance.close()
            for one in list(self._pairs):
                self._close(one, reset=True)
        else:
            for one in (*self._pairs, self.entrance):
                self._deaf.put(one)

    def _mend(self) -> None:
        if self.cut is Cut.RESET:
            self.entrance = self._listen(self.port)
            self._ways.register(self.entrance, selectors.EVENT_READ)
        elif self.cut is Cut.DROP:
            for one in (*self._pairs, self.entrance):
                self._deaf.take(one)
        self.cut = None

    def _end(self) -> None:
        self._over = True
        for one in list(self._pairs):
            self._close(one, reset=True)
        self.entrance.close()

    @staticmethod
    def _listen(port: int) -> socket.socket:
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind(("127.0.0.1", port))
        one.listen(128)
        return one

    def _carry(self) -> None:
        while not self._over:
            for key, _events in self._ways.select():
                if key.fileobj is self._ear:
                    self._obey()
                elif key.fileobj is self.entrance and self.cut is None:
                    self._accept()
                elif key.fileobj in self._pairs and self.cut is None:
                    self._pass(key.fileobj)
            if self.cut is Cut.DROP:
                self._wait_deaf()

    def _wait_deaf(self) -> None:
        """While the cable is out, only orders are heard: what came just before stays where it is."""
        while self.cut is Cut.DROP and not self._over:
            self._obey()

    def _obey(self) -> None:
        self._ear.recv(1)
        act, done = self._asked.pop(0)
        try:
            act()
        finally:
            done.set()

    def _accept(self) -> None:
        inner, _address = self.entrance.accept()
        try:
            outer = socket.create_connection(("127.0.0.1", self.target or 0), timeout=5)
        except OSError:
            inner.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            inner.close()
            return
        for one, other in ((inner, outer), (outer, inner)):
            one.settimeout(20)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._pairs[one] = other
            self._ways.register(one, selectors.EVENT_READ)

    def _pass(self, one: socket.socket) -> None:
        try:
            data = one.recv(_CHUNK)
            if data:
                self._pairs[one].sendall(data)
            else:
                self._close(one)
        except OSError:
            self._close(one, reset=True)

    def _close(self, one: socket.socket, *, reset: bool = False) -> None:
        other = self._pairs.pop(one, None)
        if other is None:
            return
        self._pairs.pop(other, None)
        for end in (one, other):
            with contextlib.suppress(KeyError, ValueError):
                self._ways.unregister(end)
            if reset:
                with contextlib.suppress(OSError):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            end.close()


assert os.name == "posix"
