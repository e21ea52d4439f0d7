"""One call to pagoda over HTTP: the token, the time-outs, the retries, and answers turned into values or typed errors.

Promises: the token goes to the configured address only (no redirects, no .netrc) and into no error text; a call ends
by its time limit even if the answer trickles; only failures that may pass by themselves are tried again.
"""

from __future__ import annotations

import html
import ipaddress
import json
import math
import re
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import requests
import tenacity
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError, ReadTimeoutError

from fannel.directory.errors import (
    PagodaAuthError,
    PagodaError,
    PagodaFailed,
    PagodaTimeout,
    PagodaUnreachable,
    PermissionDenied,
    TokenExpired,
    UnexpectedAnswer,
)
from fannel.directory.garbage import uncollected

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

AUTH_CODE: Final = "AE-000000"
PERMISSION_CODE: Final = "AE-210000"
CALLS_AT_ONCE: Final = 4
# A page of 1,000 devices with eight attributes is 0.8 MB.
MAX_ANSWER_BYTES: Final = 64 * 2**20
_GATEWAY = frozenset({502, 503, 504})
_CHUNK = 64 * 1024
_MAX_TEXT = 200
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_TOKEN = re.compile(r"[\x21-\x7e]+\Z")


class NotFound(UnexpectedAnswer):
    """pagoda knows no model or item of this id (404 with AE-230000)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds: for the handshake, for a small answer, for a page of a list, for all attempts at one call together,
    and for all calls together, counted from the first one.
    """

    connect_s: float = 3
    lookup_s: float = 10
    page_s: float = 60
    retry_s: float = 20
    all_s: float = math.inf


class _TokenAuth(AuthBase):
    """Sets the header itself: without an auth object requests would let a .netrc entry replace it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Token {self._token}"
        return request


class Transport:
    """Calls to one pagoda, at most four at once. Safe to share between threads."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        ca_file: Path | str | None = None,
        verify: bool = True,
        timeouts: Timeouts | None = None,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """A URL or token that cannot be right is reported by every call, as an outage is: alerts go on without it."""
        self._wrong: PagodaError | None = None
        self.url, self._token = "pagoda", ""
        try:
            self.url, self._token = _checked_url(url), _checked_token(token)
        except PagodaError as error:
            self._wrong = error
        self.timeouts = timeouts or Timeouts()
        self._sleep = sleep
        self._monotonic = monotonic
        self._began: float | None = None
        self._slots = threading.BoundedSemaphore(CALLS_AT_ONCE)
        self._session = requests.Session()
        self._session.auth = _TokenAuth(self._token)
        self._session.headers["Accept"] = "application/json"
        # Given with every request: requests lets REQUESTS_CA_BUNDLE win over what a session says.
        self._verify: str | bool = str(ca_file) if ca_file and verify else verify
        # A proxy cannot reach this machine's own loopback.
        self._session.trust_env = not _is_loopback(self.url)
        adapter = HTTPAdapter(pool_maxsize=CALLS_AT_ONCE)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()

    def call(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, str] | None = None,
        body: dict[str, Any] | None = None,
        within_s: float,
        retry: bool = True,
    ) -> Any:  # noqa: ANN401  (any JSON value)
        """The JSON answer of one call. Each attempt ends within `within_s`; raises PagodaError."""
        if self._wrong is not None:
            raise self._wrong.with_traceback(None)
        if not retry:
            return self._attempt(method, path, params, body, within_s)
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_may_pass),
            stop=tenacity.stop_after_attempt(4) | tenacity.stop_after_delay(min(self.timeouts.retry_s, self._left_s())),
            wait=tenacity.wait_random_exponential(multiplier=0.5, max=5),
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(self._attempt, method, path, params, body, within_s)

    def _attempt(
        self, method: str, path: str, params: dict[str, str] | None, body: dict[str, Any] | None, within_s: float
    ) -> Any:  # noqa: ANN401  (any JSON value)
        within_s = min(within_s, self._left_s())
        if within_s <= 0:
            raise PagodaTimeout(f"{self.url} took more than {self.timeouts.all_s:g} s in all")
        deadline = self._monotonic() + within_s
        if not self._slots.acquire(timeout=within_s):
            msg = f"{self.url}: {CALLS_AT_ONCE} calls are under way and none ended within {within_s:.3g} s"
            raise PagodaTimeout(msg)
        try:
            with self._session.request(
                method,
                self.url + path,
                params=params,
                json=body,
                timeout=(min(self.timeouts.connect_s, within_s), within_s),
                verify=self._verify,
                allow_redirects=False,
                stream=True,
            ) as response:
                content = self._read(response, deadline, within_s)
        except requests.Timeout as error:
            if isinstance(error, requests.ConnectTimeout):
                msg = f"{self.url} does not answer: no connection within {min(self.timeouts.connect_s, within_s):.3g} s"
                raise PagodaUnreachable(msg) from None
            raise PagodaTimeout(f"{self.url} took more than {within_s:.3g} s to answer {path}") from None
        except requests.exceptions.SSLError as error:
            msg = f"{self.url}: TLS failed: {self._words(str(error))}. Is the right CA file configured?"
            raise PagodaUnreachable(msg) from None
        except ReadTimeoutError:
            raise PagodaTimeout(f"{self.url} stopped in the middle of its answer to {path}") from None
        except (requests.RequestException, HTTPError, OSError) as error:
            raise PagodaUnreachable(f"{self.url} cannot be reached: {_reason(error)}") from None
        finally:
            self._slots.release()
        return self._answer(path, response, content)

    def _left_s(self) -> float:
        now = self._monotonic()
        if self._began is None:
            self._began = now
        return self._began + self.timeouts.all_s - now

    def _read(self, response: requests.Response, deadline: float, within_s: float) -> bytes:
        chunks, size = [], 0
        # read1() returns with what is there; iter_content() would wait for a whole chunk, however slowly it drips in.
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            chunks.append(chunk)
            size += len(chunk)
            if size > MAX_ANSWER_BYTES:
                raise UnexpectedAnswer(f"{self.url} answered more than {MAX_ANSWER_BYTES // 2**20} MB")
            if self._monotonic() > deadline:
                raise PagodaTimeout(f"{self.url} had not finished its answer after {within_s:.3g} s")
        return b"".join(chunks)

    def _answer(self, path: str, response: requests.Response, content: bytes) -> Any:  # noqa: ANN401
        status = response.status_code
        where = f"{self.url}{path} answered {status}"
        if status in _GATEWAY:
            raise PagodaUnreachable(f"{where}: pagoda is behind a gateway and away")
        if 300 <= status < 400:
            target = self._words(response.headers.get("Location", ""))
            msg = f"{where}, a redirect to {target}: give that address as pagoda's URL; the token is not sent there"
            raise UnexpectedAnswer(msg)
        try:
            with uncollected():
                body = json.loads(content)
        except (ValueError, RecursionError):
            raise self._not_json(where, status, content) from None
        if status < 300:
            return body
        raise self._refusal(where, status, body)

    def _not_json(self, where: str, status: int, content: bytes) -> PagodaError:
        text = content[:20_000].decode("utf-8", "replace")
        if (title := _TITLE.search(text)) is not None:
            said = self._words(html.unescape(title.group(1)))
            if status >= 500:
                return PagodaFailed(f"{where}: {said}")
            return UnexpectedAnswer(f"{where} with a web page ({said}): is pagoda's URL right?")
        if status >= 500:
            return PagodaFailed(f"{where}: {self._words(text)}")
        return UnexpectedAnswer(f"{where} with {len(content)} bytes that are not JSON: {self._words(text)}")

    def _refusal(self, where: str, status: int, body: object) -> PagodaError:
        code, message = "", self._words(json.dumps(body, ensure_ascii=False))
        if isinstance(body, dict) and isinstance(body.get("message"), str):
            code, message = str(body.get("code", "")), self._words(body["message"])
        if code == PERMISSION_CODE:
            return PermissionDenied(f"{where}: {message} Give pagoda's account for FANNEL read access to it.")
        if code == AUTH_CODE or status == 401:
            if "expired" in message:
                hint = "Make a new token, or set the user's token_lifetime to 0."
                return TokenExpired(f"{where}: {message}. {hint}")
            return PagodaAuthError(f"{where}: {message} Is pagoda's token the current one? A new one replaces the old.")
        if status == 404:
            return NotFound(f"{where}: {message}")
        if status >= 500:
            return PagodaFailed(f"{where}: {message}")
        return UnexpectedAnswer(f"{where}: {message}")

    def _words(self, text: str) -> str:
        """Foreign text on one line, short, printable, and without the token should anyone echo it."""
        flat = " ".join(text.replace(self._token, "***").split())
        printable = "".join(c if c.isprintable() else "\ufffd" for c in flat)
        return printable if len(printable) <= _MAX_TEXT else printable[:_MAX_TEXT] + "…"


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, PagodaUnreachable) and not isinstance(error, PagodaTimeout)


def _checked_url(url: str) -> str:
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if parts.scheme not in {"http", "https"} or not host or parts.query or parts.fragment:
        msg = "pagoda's URL must look like https://pagoda.example.net or https://example.net/pagoda"
        raise UnexpectedAnswer(msg)
    if "@" in parts.netloc:
        msg = "pagoda's URL must not carry a user name or password: pagoda takes a token"
        raise UnexpectedAnswer(msg)
    return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")


def _checked_token(token: str) -> str:
    stripped = token.strip()
    if not stripped:
        raise PagodaAuthError("pagoda's token is empty")
    if not _TOKEN.match(stripped):
        # Said here because http.client would say it with the whole header in its text.
        raise PagodaAuthError("pagoda's token has spaces, control or non-ASCII characters in it: was it copied whole?")
    return stripped


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _reason(error: BaseException) -> str:
    """The innermost reason of a requests error: the operating system's own words, without object addresses."""
    seen: set[int] = set()
    current: BaseException | None = error
    best = type(error).__name__
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        if isinstance(current, OSError) and current.strerror:
            best = current.strerror
        inner = current.args[0] if current.args and isinstance(current.args[0], BaseException) else None
        inner = inner or getattr(current, "reason", None)
        if (
            not isinstance(inner, BaseException)
            and len(current.args) > 1
            and isinstance(current.args[1], BaseException)
        ):
            inner = current.args[1]
        current = inner if isinstance(inner, BaseException) else current.__cause__ or current.__context__
    return best
