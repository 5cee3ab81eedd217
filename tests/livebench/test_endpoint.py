"""Claims about the client of endpoints, against a server that answers badly."""

import gzip
import json
import threading
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import pytest

from modelworks.livebench.endpoint import Access, Client, EndpointError, NoReply, Reply, pause
from tests.livebench.endpoints import KEY, Said, Server, reply, serving


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def ask(server: Server, retries: int = 3, timeout_s: float = 5.0, key: str | None = KEY) -> tuple[Reply, list[float]]:
    """Ask once; the reply, and the pauses that were made."""
    pauses: list[float] = []
    with Client(Access(server.url, key, retries, timeout_s, 4), pauses.append) as client:
        body = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}
        return client.ask(body, "q"), pauses


def first(*said: Said) -> Callable[[str, int], Said]:
    """A script that says these, one after the other, and then answers well."""
    return lambda text, before: said[before] if before < len(said) else reply("fine")


def test_a_reply_comes_with_its_tokens_and_the_key_goes_into_a_header(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(first()) as server:
        assert ask(server) == (Reply("fine", False, 3, 2), [])
        assert server.requests[0].authorization == f"Bearer {KEY}"
        ask(server, key=None)
        assert server.requests[1].authorization == ""


CUT_JSON = json.dumps(reply("fine").body).encode()[:-20]
PASSING = {
    "429": Said(429, {"error": {"message": "slow down"}}),
    "500": Said(500, b"<html>oops</html>"),
    "503": Said(503, b""),
    "cut JSON": Said(body=CUT_JSON),
    "deep JSON": Said(body=b"[" * 100_000),
    "no choices": Said(body={"choices": [], "usage": None}),
    "an error with status 200": Said(body={"error": {"message": "overloaded"}}),
    "no message": Said(body={"choices": [{"finish_reason": "stop"}]}),
    "no text": reply(None),
    "text of another kind": reply(["a"]),  # type: ignore[arg-type]
    "a list": Said(body=[1]),
    "fewer bytes than said": Said(body=CUT_JSON, headers={"Content-Length": "99999", "Connection": "close"}),
}


@pytest.mark.parametrize("said", PASSING.values(), ids=PASSING.keys())
def test_what_may_pass_is_tried_again(said: Said) -> None:
    with serving(first(said, said)) as server:
        assert ask(server)[0].text == "fine"
        assert len(server.requests) == 3


ERRORS = [
    (Said(429, {"error": {"message": "slow\n down"}}), "HTTP 429: slow down (4 tries)", 4),
    (Said(500, b"<html>oops</html>"), "HTTP 500: <html>oops</html> (4 tries)", 4),
    (Said(body=CUT_JSON), f"the reply of {len(CUT_JSON)} bytes is not JSON, or cut off (4 tries)", 4),
    (Said(body={"choices": []}), 'the reply has no choices: {"choices": []} (4 tries)', 4),
    (Said(body={"error": "overloaded"}), "the reply has no choices: overloaded (4 tries)", 4),
    (reply(None, "content_filter"), "the reply has no text (finish_reason content_filter) (4 tries)", 4),
    (Said(400, {"error": {"message": "too long"}}), "HTTP 400: too long", 1),
    (Said(302, b"", {"Location": "http://127.0.0.1:9/"}), "HTTP 302:", 1),
]


@pytest.mark.parametrize(("said", "text", "requests"), ERRORS)
def test_what_does_not_pass_is_one_line_and_hopeless_requests_are_not_repeated(
    said: Said, text: str, requests: int
) -> None:
    with serving(lambda *_: said) as server:
        with pytest.raises(NoReply) as error:
            ask(server)
        assert str(error.value) == text
        assert len(server.requests) == requests


def test_a_redirect_is_not_followed_and_the_key_goes_to_no_other_host() -> None:
    with serving(first()) as other, serving(lambda *_: Said(307, b"", {"Location": f"{other.url}/chat"})) as server:
        with pytest.raises(NoReply, match=r"^HTTP 307:$"):
            ask(server)
        assert (len(server.requests), other.requests) == (1, [])


def test_a_reply_that_is_too_large_or_compressed_is_not_read() -> None:
    large = Said(body=b" " * ((8 << 20) + 1))
    with serving(lambda *_: large) as server, pytest.raises(NoReply, match=r"^the reply is larger than 8388608 bytes$"):
        ask(server)
    packed = Said(body=gzip.compress(json.dumps(reply("fine").body).encode()), headers={"Content-Encoding": "gzip"})
    with serving(lambda *_: packed) as server:
        with pytest.raises(NoReply, match=r"^the reply is compressed \(gzip\), which was not asked for$"):
            ask(server)
        assert len(server.requests) == 1


@pytest.mark.parametrize("url", ["http://host:port/v1", "http://.../v1"])
def test_an_address_that_is_none_is_said_to_be_so(url: str) -> None:
    with Client(Access(url, KEY, 3, 5.0, 1)) as client, pytest.raises(EndpointError) as error:
        client.ask({}, "q")
    assert str(error.value).startswith(f"{url}: not an address: ")


def test_a_slow_reply_and_one_that_drips_are_given_up() -> None:
    slow, drip = Said(wait_s=0.6), Said(body=b" " * 100, drips=100)
    for said in (slow, drip):
        with serving(first(said)) as server:
            begin = time.monotonic()
            assert ask(server, timeout_s=0.25)[0].text == "fine"
            assert time.monotonic() - begin < 4
            assert len(server.requests) == 2
    with serving(lambda *_: slow) as server, pytest.raises(NoReply, match=r"^no reply within 0\.25 s$"):
        ask(server, retries=0, timeout_s=0.25)


def test_a_server_that_is_not_there_is_an_error_of_the_question() -> None:
    with serving(first()) as server:
        pass
    with pytest.raises(NoReply, match=r"^ConnectError: .* \(2 tries\)$"):
        ask(server, retries=1)


def test_pauses_double_vary_by_request_and_are_the_same_every_time() -> None:
    for attempt in range(20):
        pauses = [pause(f"q{number}", attempt) for number in range(50)]
        longest = min(60.0, 2.0**attempt)
        assert all(longest / 2 <= found <= longest for found in pauses)
        assert len(set(pauses)) == 50
        assert pauses == [pause(f"q{number}", attempt) for number in range(50)]


@pytest.mark.parametrize(
    ("header", "low", "high"),
    [
        ("7", 7.0, 7.0),
        ("0", 0.5, 1.0),
        ("soon", 0.5, 1.0),
        ("-3", 0.5, 1.0),
        ("nan", 0.5, 1.0),
        ("1e9", 600.0, 600.0),
        (f"Mon, 01 Jan {'9' * 20} 00:00:00 GMT", 0.5, 1.0),
    ],
)
def test_retry_after_is_honoured_where_it_is_longer(header: str, low: float, high: float) -> None:
    with serving(first(Said(429, b"", {"Retry-After": header}))) as server:
        [made] = ask(server)[1]
        assert low <= made <= high


def test_retry_after_may_be_a_date() -> None:
    when = formatdate(time.time() + 30, usegmt=True)
    with serving(first(Said(503, b"", {"Retry-After": when}))) as server:
        [made] = ask(server)[1]
        assert 25 < made <= 30


def test_a_cut_answer_is_marked_and_odd_counts_are_none() -> None:
    with serving(lambda *_: reply("half", "length", ("3", -1))) as server:
        assert ask(server)[0] == Reply("half", True, None, None)
    with serving(lambda *_: reply(None, "length", None)) as server:
        assert ask(server)[0] == Reply("", True, None, None)


def test_a_key_that_is_not_accepted_stops_everything_and_no_text_holds_it() -> None:
    for status, kind in ((401, EndpointError), (400, NoReply)):
        said = Said(status, {"error": {"message": f"wrong key {KEY}"}})
        with serving(lambda *_, said=said: said) as server:
            with pytest.raises(kind) as error:
                ask(server)
            assert "wrong key [key]" in str(error.value) and KEY not in str(error.value)
            assert len(server.requests) == 1
    for body in (" " * 1190 + KEY, f"{KEY[:9]}\0{KEY[9:]}", "x" * 280 + KEY):
        with serving(lambda *_, body=body: Said(400, {"error": body})) as server, pytest.raises(NoReply) as error:
            ask(server)
        assert KEY[:12] not in str(error.value)
    with serving(lambda *_: reply(f"you sent {KEY}")) as server:
        assert ask(server)[0].text == "you sent [key]"
    with serving(lambda *_: reply("x marks the spot")) as server:
        assert ask(server, key="x")[0].text == "x marks the spot"
    assert KEY not in repr(Access("http://h/v1", KEY, 1, 1.0, 1))


def test_stopping_ends_pauses_and_tries() -> None:
    with serving(lambda *_: Said(500)) as server, Client(Access(server.url, None, 20, 5.0, 1)) as client:
        found: list[Any] = []

        def run() -> None:
            try:
                client.ask({"messages": [{"content": "q"}]}, "q")
            except NoReply as error:
                found.append(str(error))

        thread = threading.Thread(target=run)
        thread.start()
        while not server.requests:
            time.sleep(0.01)
        client.stop()
        thread.join(10)
        assert not thread.is_alive() and len(server.requests) <= 2
        assert found[0].startswith("HTTP 500")
