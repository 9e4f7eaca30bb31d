"""The executor as LocalStack calls it: a crashed function is started again, its log has Lambda's lines."""

import json
import os
import sys
import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace

from localstack.services.lambda_.invocation.executor_endpoint import StatusErrorException

from lsnative.executor import NativeRuntimeExecutor

HERE = Path(__file__).parent


def version(folder=HERE, timeout=10):
    code = SimpleNamespace(get_unzipped_code_location=lambda: Path(folder), prepare_for_execution=lambda: None)
    config = SimpleNamespace(code=code, timeout=timeout, memory_size=128, runtime="provided.al2023")
    return SimpleNamespace(config=config, id=SimpleNamespace(qualifier="$LATEST"))


def order(do, **more):
    return {"invoke-id": f"id-{do}", "payload": json.dumps({"do": do, **more}), "invoked-function-arn": "arn:f"}


class ExecutorTest(unittest.TestCase):
    def start(self, environment=None, **config):
        executor = NativeRuntimeExecutor("an-id", version(**config))
        self.addCleanup(executor.stop)
        executor.start({"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", **(environment or {})})
        return executor

    def test_a_function_answers_and_its_log_has_the_lines_of_lambda(self):
        result = self.start().invoke(order("echo"))
        self.assertFalse(result.is_error)
        self.assertEqual(json.loads(result.payload)["order"], {"do": "echo"})
        for line in ("START RequestId: id-echo Version: $LATEST", "does echo", "END RequestId: id-echo", "Memory Size: 128 MB"):
            self.assertIn(line, result.logs)

    def test_a_crashed_function_is_started_again_at_the_next_invocation(self):
        executor = self.start()
        first = json.loads(executor.invoke(order("echo")).payload)["pid"]
        crashed = executor.invoke(order("exit", code=5))
        self.assertTrue(crashed.is_error)
        self.assertIn("exit status 5", json.loads(crashed.payload)["errorMessage"])
        again = executor.invoke(order("echo"))
        self.assertFalse(again.is_error)
        self.assertNotEqual(json.loads(again.payload)["pid"], first)

    def test_a_function_that_took_too_long_is_started_again(self):
        executor = self.start(timeout=0.5)
        self.assertEqual(json.loads(executor.invoke(order("hang")).payload)["errorType"], "Sandbox.Timedout")
        executor.function_version.config.timeout = 10
        self.assertFalse(executor.invoke(order("echo")).is_error)

    def test_a_start_that_fails_is_told_with_its_reason(self):
        with self.assertRaises(StatusErrorException) as failed:
            self.start({"BEGIN": "exit"})
        self.assertIn(b"exit status 7", failed.exception.payload)

    def test_a_package_without_a_bootstrap_is_refused(self):
        with tempfile.TemporaryDirectory() as empty, self.assertRaisesRegex(RuntimeError, "no executable `bootstrap`"):
            NativeRuntimeExecutor.prepare_version(version(folder=empty))
        NativeRuntimeExecutor.prepare_version(version())


if __name__ == "__main__":
    unittest.main()
