"""A sandbox on real processes: answers, errors, crashes, time-outs, and what is left behind."""

import json
import os
import sys
import time
import unittest
from pathlib import Path

from lsnative.sandbox import Invocation, Sandbox, StartFailed

HERE = Path(__file__).parent
ENVIRONMENT = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def order(do, timeout=10.0, **more):
    payload = json.dumps({"do": do, **more}).encode()
    return Invocation(f"id-{do}", payload, "arn:aws:lambda:::function:f", "Root=1", timeout)


def gone(pid):
    """Whether a process has ended: it is not there, or only its exit status is."""
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True


def wait_until(condition, what, limit=10.0):
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, f"not within {limit} s: {what}"
        time.sleep(0.01)


class SandboxTest(unittest.TestCase):
    def start(self, **environment):
        sandbox = Sandbox(HERE, ENVIRONMENT | environment)
        self.addCleanup(sandbox.kill)
        sandbox.wait_until_ready(10)
        return sandbox

    def fails_to_start(self, patience=10.0, **environment):
        with self.assertRaises(StartFailed) as failed:
            sandbox = Sandbox(HERE, ENVIRONMENT | environment)
            self.addCleanup(sandbox.kill)
            sandbox.wait_until_ready(patience)
        return json.loads(failed.exception.payload)

    def test_an_invocation_has_its_answer_and_a_process_handles_many(self):
        sandbox = self.start()
        pids = set()
        for number in range(3):
            before = time.time() * 1000
            answer = sandbox.invoke(order("echo", number=number))
            body = json.loads(answer.payload)
            self.assertFalse(answer.is_error)
            self.assertEqual(body["order"], {"do": "echo", "number": number})
            self.assertEqual(body["Trace-Id"], "Root=1")
            self.assertEqual(body["Invoked-Function-Arn"], "arn:aws:lambda:::function:f")
            self.assertAlmostEqual(int(body["Deadline-Ms"]), before + 10_000, delta=2_000)
            pids.add(body["pid"])
        self.assertEqual(len(pids), 1)

    def test_an_answer_may_come_in_chunks(self):
        self.assertEqual(self.start().invoke(order("chunks")).payload, b'{"in":"parts"}')

    def test_an_error_is_told_by_its_name(self):
        sandbox = self.start()
        answer = sandbox.invoke(order("fail"))
        self.assertTrue(answer.is_error)
        self.assertEqual(json.loads(answer.payload)["errorType"], "Unavailable")
        self.assertTrue(sandbox.alive())

    def test_the_answer_to_another_invocation_is_not_taken(self):
        self.assertEqual(self.start().invoke(order("other")).payload, b'"yours"')

    def test_a_crash_is_the_answer_at_once(self):
        for do, how in (("exit", "exit status 3"), ("killed", "signal: 9")):
            with self.subTest(do):
                sandbox, begin = self.start(), time.monotonic()
                answer = sandbox.invoke(order(do, code=3, timeout=30.0))
                self.assertTrue(answer.is_error)
                message = json.loads(answer.payload)
                self.assertEqual(message["errorType"], "Runtime.ExitError")
                self.assertIn(how, message["errorMessage"])
                self.assertLess(time.monotonic() - begin, 15)
                self.assertFalse(sandbox.alive())

    def test_a_process_that_has_ended_answers_with_that(self):
        sandbox = self.start()
        sandbox.invoke(order("exit", code=0))
        answer = sandbox.invoke(order("echo", timeout=30.0))
        self.assertEqual(json.loads(answer.payload)["errorType"], "Runtime.ExitError")

    def test_who_takes_too_long_is_killed(self):
        sandbox = self.start()
        answer = sandbox.invoke(order("hang", timeout=0.3))
        self.assertTrue(answer.is_error)
        self.assertEqual(json.loads(answer.payload)["errorType"], "Sandbox.Timedout")
        self.assertIn("timed out after 0.30 seconds", json.loads(answer.payload)["errorMessage"])
        wait_until(lambda: not sandbox.alive(), "the process ends")

    def test_a_start_that_fails_says_how(self):
        self.assertEqual(self.fails_to_start(BEGIN="init-error")["errorType"], "Broken")
        self.assertIn("exit status 7", self.fails_to_start(BEGIN="exit")["errorMessage"])
        self.assertEqual(self.fails_to_start(0.3, BEGIN="never-ready")["errorType"], "Sandbox.Timedout")

    def test_a_bootstrap_that_is_not_there_says_so(self):
        with self.assertRaises(StartFailed) as failed:
            Sandbox(HERE / "nowhere", ENVIRONMENT)
        self.assertEqual(json.loads(failed.exception.payload)["errorType"], "Runtime.InvalidEntrypoint")

    def test_what_is_printed_is_kept_until_it_is_taken(self):
        sandbox = self.start()
        sandbox.invoke(order("fail"))
        self.assertEqual(sandbox.take_logs(), "ready\ndoes fail\n")
        sandbox.invoke(order("exit", code=1))
        self.assertIn("does exit", sandbox.take_logs())

    def test_nothing_that_it_started_is_left(self):
        sandbox = self.start()
        child = int(sandbox.invoke(order("child")).payload)
        self.assertFalse(gone(child))
        sandbox.kill()
        wait_until(lambda: gone(child), "the child ends")


if __name__ == "__main__":
    unittest.main()
