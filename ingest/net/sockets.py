"""The sockets below httpx: connected to checked addresses only, and cut at a deadline however slowly bytes drip."""

from __future__ import annotations

import ssl
import time
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import httpcore
import httpx

from ingest.net.addresses import Resolver, checked_addresses, system_resolver


class PinnedBackend(httpcore.NetworkBackend):
    """Resolves a name once, checks every address, connects to one of those.

    `deadline` (of `time.monotonic`) holds for every connection; None is no deadline. TLS still checks the
    certificate against the host's name, since only the address below was replaced.
    """

    def __init__(
        self,
        *,
        private_hosts: Collection[str] = (),
        resolve: Resolver = system_resolver,
        inner: httpcore.NetworkBackend | None = None,
    ) -> None:
        self.deadline: float | None = None
        self._private_hosts = frozenset(host.lower() for host in private_hosts)
        self._resolve = resolve
        self._inner = inner or httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first checked address that answers."""
        addresses = checked_addresses(host, port, resolve=self._resolve, private_hosts=self._private_hosts)
        failure: Exception | None = None
        for address in addresses:
            try:
                stream = self._inner.connect_tcp(address, port, self.left(timeout), local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _BoundedStream(stream, self)
        raise failure or httpcore.ConnectError(f"no address of {host} answers")

    def connect_unix_socket(
        self,
        path: str,  # noqa: ARG002 - the signature is httpcore's
        timeout: float | None = None,  # noqa: ARG002
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        """Never: a source is somewhere else."""
        raise httpcore.UnsupportedProtocol("sockets of this machine are no source")

    def left(self, timeout: float | None) -> float | None:
        """The smaller of `timeout` and what is left until the deadline, in seconds.

        Raises:
            httpcore.ReadTimeout: nothing is left.
        """
        if self.deadline is None:
            return timeout
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the whole request took too long")
        return left if timeout is None else min(timeout, left)


class _BoundedStream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, backend: PinnedBackend) -> None:
        self._inner = inner
        self._backend = backend

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._backend.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._backend.left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secured = self._inner.start_tls(ssl_context, server_hostname, self._backend.left(timeout))
        return _BoundedStream(secured, self._backend)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class PinnedTransport(httpx.BaseTransport):
    """httpx over our sockets: no proxy and no setting of the environment changes where it connects."""

    def __init__(self, backend: PinnedBackend) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=False),
            max_connections=4,
            keepalive_expiry=15.0,
            network_backend=backend,
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; failures are httpx's own errors."""
        sent = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _InHttpxWords():
            reply = self._pool.handle_request(sent)
        assert not isinstance(reply.stream, bytes)
        return httpx.Response(reply.status, headers=reply.headers, stream=_Body(reply), extensions=reply.extensions)

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, reply: httpcore.Response) -> None:
        self._reply = reply

    def __iter__(self) -> Iterator[bytes]:
        with _InHttpxWords():
            yield from self._reply.iter_stream()

    def close(self) -> None:
        self._reply.close()


class _InHttpxWords:
    """Every failure below becomes one error of httpx, which callers know."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, httpcore.TimeoutException):
            raise httpx.ReadTimeout(str(error)) from error
        if isinstance(
            error, httpcore.NetworkError | httpcore.ProtocolError | httpcore.UnsupportedProtocol | httpcore.ProxyError
        ):
            raise httpx.TransportError(str(error) or type(error).__name__) from error
