"""A client of OpenAI-compatible endpoints (POST /chat/completions): a reply or a reason, whatever the server does."""

import hashlib
import json
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from modelworks.build.errors import ModelworksError

_PASSING = frozenset({408, 409, 425, 429})  # and 500 and above: worth another try
_MOST_BYTES = 1 << 23
_LONGEST_PAUSE_S = 60.0
_LONGEST_WISH_S = 600.0  # of a server, in Retry-After
_SHORTEST_SECRET = 8  # a shorter key, as of a server at home, may well be a word of an answer
_MOST_ERROR_TEXT = 300


class EndpointError(ModelworksError):
    """An endpoint cannot be asked at all."""


class NoReply(Exception):
    """A request has failed for good; the text says why, in one line without the key."""


class _TryAgain(NoReply):
    def __init__(self, text: str, wish_s: float = 0.0) -> None:
        super().__init__(text)
        self.wish_s = wish_s


@dataclass(frozen=True)
class Reply:
    """What a model said; `cut` if it had to stop at the most tokens. Tokens are None where the server counts none."""

    text: str
    cut: bool
    prompt_tokens: int | None
    completion_tokens: int | None


@dataclass(frozen=True)
class Access:
    """How to reach an endpoint: none of it changes what is answered."""

    url: str
    key: str | None = field(repr=False)
    retries: int
    timeout_s: float
    concurrency: int


class Client:
    """Asks an endpoint from any number of threads. Close it, or use it in a `with`."""

    def __init__(self, access: Access, sleep: Callable[[float], object] | None = None) -> None:
        self._access = access
        self._stopped = threading.Event()
        self._sleep = sleep or self._stopped.wait
        self._http = httpx.Client(
            # Compressed, a reply of any size passes for a small one.
            headers={"Accept-Encoding": "identity"} | ({"Authorization": f"Bearer {access.key}"} if access.key else {}),
            follow_redirects=False,  # the key is for this host alone
            timeout=access.timeout_s,
            limits=httpx.Limits(max_connections=access.concurrency),
        )

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def stop(self) -> None:
        """Have all threads give up as soon as they can: no further try, no pause."""
        self._stopped.set()

    def ask(self, body: Mapping[str, Any], name: str) -> Reply:
        """The reply to one request. `name` seeds the pauses between tries.

        Pauses double from a second to a minute, less a random part of up to a half; a server's Retry-After counts where
        it is longer. Raises NoReply when no try is left or none would help, EndpointError if the key is not accepted or
        the address is none.
        """
        for attempt in range(self._access.retries + 1):
            try:
                return self._once(body)
            except _TryAgain as error:
                if attempt == self._access.retries or self._stopped.is_set():
                    raise NoReply(f"{error} ({attempt + 1} tries)" if attempt else str(error)) from None
                self._sleep(max(error.wish_s, pause(name, attempt)))
        raise AssertionError

    def hide(self, text: str) -> str:
        """A text without the key."""
        return text.replace(self._access.key, "[key]") if self._access.key else text

    def _once(self, body: Mapping[str, Any]) -> Reply:
        try:
            status, headers, content = self._post(body)
        except httpx.TimeoutException:
            raise _TryAgain(f"no reply within {self._access.timeout_s:g} s") from None
        except httpx.HTTPError as error:
            raise _TryAgain(self._said(f"{type(error).__name__}: {error}")) from None
        except (httpx.InvalidURL, UnicodeError) as error:
            raise EndpointError(f"{self._access.url}: not an address: {self._said(str(error))}") from None
        if status == 401:
            raise EndpointError(
                f"{self._access.url}: HTTP 401, the key is not accepted: {self._said(_reason(content))}"
            )
        if status != 200:
            text = self._said(f"HTTP {status}: {_reason(content)}")
            if status in _PASSING or status >= 500:
                raise _TryAgain(text, _wish(headers.get("Retry-After", "")))
            raise NoReply(text)
        packed = headers.get("Content-Encoding", "identity")
        if packed != "identity":
            raise NoReply(self._said(f"the reply is compressed ({packed}), which was not asked for"))
        return self._reply(content)

    def _post(self, body: Mapping[str, Any]) -> tuple[int, httpx.Headers, bytes]:
        """Raises ReadTimeout too if the body as a whole takes longer than the limit, however steadily it drips."""
        end = time.monotonic() + self._access.timeout_s
        content = bytearray()
        with self._http.stream("POST", f"{self._access.url.rstrip('/')}/chat/completions", json=body) as response:
            for chunk in response.iter_raw():
                content += chunk
                if time.monotonic() > end:
                    raise httpx.ReadTimeout("the reply as a whole")
                if len(content) > _MOST_BYTES:
                    raise NoReply(f"the reply is larger than {_MOST_BYTES} bytes")
            return response.status_code, response.headers, bytes(content)

    def _reply(self, content: bytes) -> Reply:
        try:
            found = json.loads(content)
        except (ValueError, RecursionError):
            raise _TryAgain(f"the reply of {len(content)} bytes is not JSON, or cut off") from None
        choices = found.get("choices") if isinstance(found, dict) else None
        if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
            raise _TryAgain(self._said(f"the reply has no choices: {_reason(content)}"))
        message, reason = choices[0].get("message"), choices[0].get("finish_reason")
        text = message.get("content") if isinstance(message, dict) else None
        if text is None and reason == "length":
            text = ""  # all tokens went into thoughts
        if not isinstance(text, str):
            raise _TryAgain(self._said(f"the reply has no text (finish_reason {reason})"))
        if self._access.key and len(self._access.key) >= _SHORTEST_SECRET:
            text = self.hide(text)
        usage = found.get("usage")
        counted = usage if isinstance(usage, dict) else {}
        return Reply(
            text.encode("utf-8", "replace").decode(),  # a lone surrogate is no text
            reason == "length",
            *(_count(counted.get(f"{part}_tokens")) for part in ("prompt", "completion")),
        )

    def _said(self, text: str) -> str:
        line = "".join(char for char in " ".join(text.split()) if char.isprintable())
        return self.hide(line)[:_MOST_ERROR_TEXT]  # the key may have come apart, and is whole again only here


def pause(name: str, attempt: int) -> float:
    """Seconds to wait after a try, from 0: the same for the same request, spread over different ones."""
    seed = int.from_bytes(hashlib.sha256(f"{name}:{attempt}".encode()).digest()[:8], "big")
    return float(min(_LONGEST_PAUSE_S, 2.0**attempt) * random.Random(seed).uniform(0.5, 1.0))


def _wish(text: str) -> float:
    """Seconds that a Retry-After header asks for, as a number or a date; 0 where it says nothing."""
    try:
        wanted = float(text)
    except ValueError:
        try:
            wanted = parsedate_to_datetime(text).timestamp() - time.time()
        except (ValueError, TypeError, OverflowError):
            return 0.0
    return min(_LONGEST_WISH_S, wanted) if wanted > 0 else 0.0


def _reason(content: bytes) -> str:
    """What a reply says is wrong: the message of its error where it has one, else its beginning."""
    try:
        found = json.loads(content)["error"]
        return str(found["message"] if isinstance(found, dict) else found)
    except (ValueError, KeyError, TypeError, RecursionError):
        return content.decode("utf-8", "replace")


def _count(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value < 1 << 63 else None
