"""A client of Factmill over HTTP, with nothing but Python's own library."""

import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from datetime import datetime, timezone


class Problem(Exception):
    """What the server said no to: RFC 9457, with a code and every violation."""

    def __init__(self, status, body):
        super().__init__(f"{status} {body.get('code')}: {body.get('detail') or body.get('title')}")
        self.status, self.code, self.body = status, body.get("code"), body


def command(stream, kind, data, **more):
    """A command. Its id is its idempotency key: keep it, and send the very same again when an answer is lost."""
    issued_at = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"id": str(uuid.uuid4()), "stream": stream, "type": kind, "issuedAt": issued_at, "data": data, **more}


class Factmill:
    def __init__(self, url=None, token=None):
        self.url = (url or os.environ.get("FACTMILL_URL", "http://127.0.0.1:8080")).rstrip("/")
        self.token = token or os.environ["FACTMILL_TOKEN"]

    def submit(self, command, wait=5):
        """Sends one command and waits for its status: queued, committed, rejected, refused or failed."""
        return self._ask("POST", "/commands", command, {"Prefer": f"wait={wait}"})

    def submit_all(self, commands):
        """Sends up to 1,000: those of one stream are decided in this order. Tells what the door refused."""
        return self._ask("POST", "/commands", list(commands))

    def statuses(self, ids):
        """The statuses of up to 1,000 commands, by id; None where one is unknown or not visible yet."""
        return self._ask("POST", "/commands/status", {"ids": list(ids)})["statuses"]

    def search(self, view, after=None, **parameters):
        """Searches a view; `after` is a status, whose outcome the answer then shows."""
        if after:
            parameters["after"] = f"{after['stream']}@{after['version']}"
        return self._ask("GET", f"/views/{view}?{urllib.parse.urlencode(parameters)}")

    def history(self, stream):
        """A stream's events, oldest first."""
        start = 1
        while start:
            page = self._ask("GET", f"/streams/{stream}?from={start}")
            yield from page["events"]
            start = page["next"]

    def _ask(self, method, path, body=None, headers=None):
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **(headers or {})}
        for attempt in range(5):
            request = urllib.request.Request(self.url + path, data, headers, method=method)
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                # 429 busy, 503 outage or not projected yet: the same request again, a little later
                if error.code not in (429, 503) or attempt == 4:
                    raise Problem(error.code, json.load(error)) from None
                time.sleep(float(error.headers.get("Retry-After", 1)))
            except (urllib.error.URLError, TimeoutError):
                # nothing is known of it, so it is sent again: its id makes that safe
                if attempt == 4:
                    raise
                time.sleep(2**attempt / 10)
