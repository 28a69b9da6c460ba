"""The API as desk, board and command line see it: the same doors as for any other helpdesk."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from assistant.errors import WaypostError


class ApiError(WaypostError):
    """The server answered with a problem; `status` is its HTTP status, 0 when it did not answer."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Client:
    """A thin client; every failure is an `ApiError` with the server's own words."""

    def __init__(self, url: str, key: str, *, timeout_s: float = 60.0) -> None:
        self._http = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=timeout_s, trust_env=False
        )

    def get(self, path: str, parameters: Mapping[str, Any] | None = None) -> Any:
        """GET; parameters that are None or empty are left out."""
        wanted = {name: value for name, value in (parameters or {}).items() if value not in (None, "")}
        return self._send("GET", path, params=wanted)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """POST JSON."""
        return self._send("POST", path, json=body)

    def stream(self, path: str, body: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        """POST JSON; the reply's server-sent events as they come: name and data. An `error` event is raised."""
        try:
            with self._http.stream("POST", path, json=body) as response:
                if response.is_error:
                    response.read()
                    raise ApiError(_detail(response), response.status_code)
                name = ""
                for line in response.iter_lines():
                    field, _, value = line.partition(": ")
                    name = value if field == "event" else name
                    if field == "data":
                        data = json.loads(value)
                        if name == "error":
                            raise ApiError(str(data["detail"]), int(data["status"]))
                        yield name, data
        except httpx.HTTPError as error:
            raise ApiError(
                f"The server does not answer ({type(error).__name__}). Is `waypost serve` running?", 0
            ) from error

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        """PATCH JSON."""
        return self._send("PATCH", path, json=body)

    def put(self, path: str, body: Mapping[str, Any]) -> Any:
        """PUT JSON."""
        return self._send("PUT", path, json=body)

    def delete(self, path: str) -> Any:
        """DELETE."""
        return self._send("DELETE", path)

    def text(self, path: str, parameters: Mapping[str, Any] | None = None) -> str:
        """GET of a file: its text."""
        wanted = {name: value for name, value in (parameters or {}).items() if value not in (None, "")}
        return self._answer("GET", path, params=wanted).text

    def close(self) -> None:
        """Close connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _send(self, method: str, path: str, **arguments: Any) -> Any:
        return self._answer(method, path, **arguments).json()

    def _answer(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        try:
            response = self._http.request(method, path, **arguments)
        except httpx.HTTPError as error:
            raise ApiError(
                f"The server does not answer ({type(error).__name__}). Is `waypost serve` running?", 0
            ) from error
        if response.is_error:
            raise ApiError(_detail(response), response.status_code)
        return response


def _detail(response: httpx.Response) -> str:
    try:
        return str(response.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"The server answered {response.status_code} {response.reason_phrase}."
