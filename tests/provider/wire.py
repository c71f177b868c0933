"""HTTP/1.1 on asyncio streams: requests in, replies out, as hand-made as the faults need it."""

from __future__ import annotations

import asyncio
import socket
import struct
import zlib
from dataclasses import dataclass

from faults import Fault

REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 415: "Unsupported Media Type",
           426: "Upgrade Required", 429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway",
           503: "Service Unavailable", 529: "Overloaded"}


class Gone(Exception):
    """The connection ended before the reply did: the client left, or a fault cut it."""


class BadRequest(Exception):
    """What came in was no request that we can read."""


@dataclass
class Incoming:
    method: str
    target: str
    version: str
    headers: dict[str, str]
    body: bytes
    raw_size: int

    @property
    def path(self) -> str:
        return self.target.split("?", 1)[0]


async def read_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Incoming | None:
    """The next request of the connection. None: the client closed between requests."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    except asyncio.LimitOverrunError as error:
        raise BadRequest("header too large") from error
    line, *fields = head.decode("latin-1").split("\r\n")
    try:
        method, target, version = line.split(" ", 2)
    except ValueError as error:
        raise BadRequest(f"request line {line[:80]!r}") from error
    headers = {k.strip().lower(): v.strip() for k, _, v in (f.partition(":") for f in fields if f)}
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    try:
        raw = await read_body(reader, headers)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    body = await decode(raw, headers.get("content-encoding", ""))
    return Incoming(method, target, version, headers, body, len(raw))


async def read_body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if "chunked" not in headers.get("transfer-encoding", ""):
        return await reader.readexactly(int(headers.get("content-length") or 0))
    parts = []
    while size := int((await reader.readline()).split(b";")[0], 16):
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
    while (await reader.readline()).strip():
        pass  # trailers
    return b"".join(parts)


async def decode(body: bytes, encoding: str) -> bytes:
    for name in reversed([e.strip().lower() for e in encoding.split(",") if e.strip()]):
        if name in ("gzip", "x-gzip", "deflate"):
            body = zlib.decompress(body, wbits=47)
        elif name == "zstd":
            body = await unzstd(body)
        elif name != "identity":
            raise BadRequest(f"content-encoding {name!r} is not understood")
    return body


async def unzstd(body: bytes) -> bytes:
    """Python 3.11 has no zstd: the `zstd` program does it."""
    try:
        child = await asyncio.create_subprocess_exec(
            "zstd", "-dcq", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL)
    except FileNotFoundError as error:
        raise BadRequest("zstd body, but no `zstd` program is installed (apt install zstd)") from error
    out, _ = await child.communicate(body)
    if child.returncode:
        raise BadRequest("broken zstd body")
    return out


class Reply:
    """One reply going out. Every byte passes `_put`, where the faults sit. Raises Gone once the connection can't carry it on."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, fault: Fault | None, half_close: str):
        self.reader, self.writer = reader, writer
        self.fault = fault
        self.half_close = half_close
        self.sent = 0
        self.keep_alive = True
        self._chunked = False
        self._zip = None

    async def head(self, status: int, headers: dict[str, str], length: int | None, encode: str = "") -> None:
        """Begins the reply. Length None: chunked."""
        fields = dict(headers)
        if encode == "gzip":
            fields["content-encoding"] = "gzip"
            self._zip = zlib.compressobj(wbits=31)
            length = None
        self._chunked = length is None
        if length is not None:
            fields["content-length"] = str(length + (self.fault.delta if self.fault and self.fault.kind == "length" else 0))
        else:
            fields["transfer-encoding"] = "chunked"
        lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Unknown')}", *(f"{k}: {v}" for k, v in fields.items())]
        if self.fault and self.fault.kind == "headers":
            lines += [f"x-filler-{i}: {i}" for i in range(self.fault.count)]
        await self._put(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))

    async def send(self, data: bytes) -> None:
        if self._zip:
            data = self._zip.compress(data) + self._zip.flush(zlib.Z_SYNC_FLUSH)
        await self._put(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)

    async def end(self) -> None:
        if self._chunked:
            if self._zip and (rest := self._zip.flush()):
                await self._put(b"%x\r\n%b\r\n" % (len(rest), rest))
            await self._put(b"0\r\n\r\n")
        if self.fault and self.fault.kind == "length":
            self.keep_alive = False

    async def sleep(self, seconds: float | None) -> None:
        """Waits, but notices a client that leaves. None: for as long as the client stays."""
        loop = asyncio.get_running_loop()
        until = None if seconds is None else loop.time() + seconds
        while until is None or (left := until - loop.time()) > 0:
            await asyncio.sleep(0.02 if until is None else min(0.02, left))
            self._check()

    def _check(self) -> None:
        if self.writer.is_closing() or self.reader.exception() or (self.half_close == "gone" and self.reader.at_eof()):
            raise Gone

    async def _put(self, data: bytes) -> None:
        self._check()
        fault = self.fault
        if fault and fault.kind == "slow":
            for at in range(0, len(data), fault.bytes):
                await self._write(data[at:at + fault.bytes])
                await self.sleep(fault.ms / 1000)
            return
        if fault and fault.kind in ("reset", "close", "stall") and fault.at_byte is not None and self.sent + len(data) > fault.at_byte:
            left = max(0, fault.at_byte - self.sent)
            await self._write(data[:left])
            data, fault.at_byte = data[left:], None
            if fault.kind == "stall":
                await self.sleep(fault.seconds)
            else:
                self._cut(fault.kind)
        await self._write(data)

    async def _write(self, data: bytes) -> None:
        try:
            self.writer.write(data)
            self.sent += len(data)
            await self.writer.drain()
        except ConnectionError as error:
            raise Gone from error

    def _cut(self, kind: str) -> None:
        """Ends the connection now: a reset loses what the peer has not read, a close ends in order."""
        if kind == "reset":
            sock = self.writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.writer.transport.abort()
        else:
            self.writer.close()
        raise Gone
