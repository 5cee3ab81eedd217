"""A server on this machine that speaks as an OpenAI-compatible endpoint does, well or badly, by a script."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "sk-kept-from-all-0123456789"


@dataclass
class Said:
    """One answer of the server: `body` is sent as it is if it is bytes; after `wait_s`, in drips if there are any."""

    status: int = 200
    body: Any = b""
    headers: dict[str, str] = field(default_factory=dict)
    wait_s: float = 0.0
    drips: int = 0


@dataclass
class Request:
    """What the server was asked: the body, the key, and when."""

    body: dict[str, Any]
    authorization: str
    at: float


class Server:
    """`script(text of the last turn, how often it was asked before)` decides what is said."""

    def __init__(self, script: Callable[[str, int], Said]) -> None:
        self.requests: list[Request] = []
        self.most_together = 0
        self._together = 0
        self._lock = threading.Lock()
        self._script = script
        self.url = ""

    def asked(self) -> list[str]:
        """The last turn of each request."""
        return [request.body["messages"][-1]["content"] for request in self.requests]

    def handle(self, request: Request) -> Said:
        text = request.body["messages"][-1]["content"]
        with self._lock:
            before = self.asked().count(text)
            self.requests.append(request)
            self._together += 1
            self.most_together = max(self.most_together, self._together)
        said = self._script(text, before)
        time.sleep(said.wait_s)
        return said

    def done(self) -> None:
        with self._lock:
            self._together -= 1


def reply(text: str | None, finish: str = "stop", usage: Any = (3, 2)) -> Said:
    """A whole reply."""
    counted = dict(zip(("prompt_tokens", "completion_tokens"), usage, strict=True)) if usage else None
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
    return Said(body={"object": "chat.completion", "choices": [choice], "usage": counted})


@contextmanager
def serving(script: Callable[[str, int], Said]) -> Iterator[Server]:
    """A server on a free port of the loopback device, stopped at the end."""
    server = Server(script)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert self.path == "/v1/chat/completions", self.path
            request = Request(content, self.headers.get("Authorization", ""), time.monotonic())
            try:
                self._send(server.handle(request))
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True  # the client has given up
            finally:
                server.done()

        def _send(self, said: Said) -> None:
            content = said.body if isinstance(said.body, bytes) else json.dumps(said.body).encode()
            self.send_response(said.status)
            for name, value in ({"Content-Length": str(len(content))} | said.headers).items():
                self.send_header(name, value)
            self.end_headers()
            for number in range(said.drips):
                self.wfile.write(content[number : number + 1])
                self.wfile.flush()
                time.sleep(0.05)
            self.wfile.write(content[said.drips :])

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.daemon_threads = True
        http.block_on_close = False
        server.url = f"http://127.0.0.1:{http.server_port}/v1"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()
