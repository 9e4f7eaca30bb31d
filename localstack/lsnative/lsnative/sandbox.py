"""One `bootstrap` process and the Lambda Runtime API that it talks to, served from this process.

Nothing here knows LocalStack. A sandbox handles one invocation at a time, as Lambda's do, and lives until it is killed,
crashes, or lets an invocation time out; whoever owns it then starts another.
"""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HOST = "127.0.0.1"
RUNTIME = "/2018-06-01/runtime/"
EXTENSIONS = "/2020-01-01/extension/"


class StartFailed(Exception):
    """The process ended, said so itself, or was not ready in time. `payload` is the error as Lambda words it."""

    def __init__(self, payload: bytes):
        super().__init__(payload.decode("utf-8", "replace"))
        self.payload = payload


@dataclass(frozen=True)
class Invocation:
    """What a function is called with."""

    id: str
    payload: bytes
    function_arn: str
    trace_id: str
    timeout: float  # seconds

    def deadline(self) -> int:
        """When it must have answered, in milliseconds since the epoch."""
        return int((time.time() + self.timeout) * 1000)


@dataclass(frozen=True)
class Answer:
    """What it answered, or the error that Lambda would tell instead."""

    payload: bytes
    is_error: bool


def error(kind: str, message: str) -> bytes:
    """An error in Lambda's words."""
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()


class Sandbox:
    """A running function."""

    def __init__(self, folder: Path, environment: dict[str, str]):
        self._inbox: queue.Queue[Invocation | None] = queue.Queue()
        self._ready: Future[None] = Future()
        self._lock = threading.Lock()
        self._current: tuple[str, Future[Answer]] | None = None
        self._log = bytearray()
        self._server = _Server((HOST, 0), _handler(self))
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        environment = {**environment, "AWS_LAMBDA_RUNTIME_API": f"{HOST}:{self._server.server_port}"}
        try:
            self._process = subprocess.Popen(
                [str(folder / "bootstrap")],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as failure:
            self._close()
            raise StartFailed(error("Runtime.InvalidEntrypoint", str(failure))) from failure
        self._reader = threading.Thread(target=self._follow, daemon=True)
        self._reader.start()

    def wait_until_ready(self, timeout: float) -> None:
        """Returns when the function asks for its first invocation."""
        try:
            self._ready.result(timeout)
        except NotInTime:
            self.kill()
            raise StartFailed(error("Sandbox.Timedout", f"not ready after {timeout:.0f} seconds")) from None
        except StartFailed:
            self.kill()
            raise

    def invoke(self, invocation: Invocation) -> Answer:
        """Calls the function and waits for its answer; at most the invocation's timeout, then the process is killed."""
        answer: Future[Answer] = Future()
        with self._lock:
            self._current = (invocation.id, answer)
        if not self.alive():  # it may have ended before `_current` was set: nobody else would notice
            self._finish(None, self._exit())
        self._inbox.put(invocation)
        try:
            return answer.result(invocation.timeout)
        except NotInTime:
            self.kill()
            now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
            message = f"{now} {invocation.id} Task timed out after {invocation.timeout:.2f} seconds"
            return Answer(error("Sandbox.Timedout", message), is_error=True)
        finally:
            with self._lock:
                self._current = None

    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def take_logs(self) -> str:
        """What the function printed since the last time."""
        if not self.alive():
            self._reader.join(1)
        with self._lock:
            text, self._log = self._log.decode("utf-8", "replace"), bytearray()
        return text

    def kill(self, grace: float = 0.0) -> None:
        """Ends the process and all that it started; after SIGTERM and `grace` seconds, if given."""
        if grace and self.alive():
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(grace)
            except subprocess.TimeoutExpired:
                pass
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait()  # else it would pass for alive a moment longer
        self._inbox.put(None)
        self._close()

    def _close(self) -> None:
        # `shutdown` waits for the loop, which may be serving the very request that led here
        threading.Thread(target=lambda: (self._server.shutdown(), self._server.server_close()), daemon=True).start()

    def _exit(self) -> Answer:
        code = self._process.wait()
        how = f"exit status {code}" if code >= 0 else f"signal: {-code}"
        return Answer(error("Runtime.ExitError", f"Runtime exited with error: {how}"), is_error=True)

    def _follow(self) -> None:
        """Collects what the process prints; when it ends, so does its invocation."""
        with self._process.stdout as printed:
            for chunk in iter(lambda: os.read(printed.fileno(), 65536), b""):
                with self._lock:
                    self._log += chunk
        ended = self._exit()
        self._fail_start(ended.payload)
        self._finish(None, ended)

    def _fail_start(self, payload: bytes) -> None:
        if not self._ready.done():
            self._ready.set_exception(StartFailed(payload))

    def _finish(self, invocation: str | None, answer: Answer) -> bool:
        """Gives an answer to the invocation of that id, or to any; tells whether there was one to give it to."""
        with self._lock:
            current = self._current
            if current is None or current[1].done() or invocation not in (None, current[0]):
                return False
            current[1].set_result(answer)
            return True


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        # a process that is killed leaves its connections as they are
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def _handler(sandbox: Sandbox) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *_):
            pass

        def reply(self, code: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
            self.send_response(code)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def body(self) -> bytes:
            if "chunked" not in (self.headers.get("Transfer-Encoding") or "").lower():
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            chunks = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            while self.rfile.readline() not in (b"\r\n", b""):
                pass
            return b"".join(chunks)

        def do_GET(self):
            if self.path == RUNTIME + "invocation/next":
                self.next()
            elif self.path == EXTENSIONS + "event/next":
                sandbox._process.wait()  # an internal extension waits for events that never come
                self.close_connection = True
            else:
                self.reply(404)

        def next(self):
            if not sandbox._ready.done():
                sandbox._ready.set_result(None)
            invocation = sandbox._inbox.get()
            if invocation is None:
                self.close_connection = True
                return
            headers = {
                "Content-Type": "application/json",
                "Lambda-Runtime-Aws-Request-Id": invocation.id,
                "Lambda-Runtime-Deadline-Ms": str(invocation.deadline()),
                "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
                "Lambda-Runtime-Trace-Id": invocation.trace_id,
            }
            try:
                self.reply(200, invocation.payload, headers)
            except OSError:
                self.close_connection = True  # the process went away: whoever follows it tells

        def do_POST(self):
            body = self.body()
            if self.path == EXTENSIONS + "register":
                self.reply(200, b"{}", {"Lambda-Extension-Identifier": str(id(sandbox))})
                return
            if self.path == RUNTIME + "init/error":
                self.reply(202)
                sandbox._fail_start(body)
                return
            match self.path.removeprefix(RUNTIME).split("/"):
                case ["invocation", invocation, ("response" | "error") as kind]:
                    self.reply(202, b'{"status":"OK"}')
                    sandbox._finish(invocation, Answer(body, kind == "error"))
                case _:
                    self.reply(404)

    return Handler
