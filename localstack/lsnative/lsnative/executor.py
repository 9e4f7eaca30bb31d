"""LocalStack's side of a sandbox: an executor that runs a function's `bootstrap` as a child process."""

import os
import time

from localstack import config
from localstack.services.lambda_.invocation.executor_endpoint import StatusErrorException
from localstack.services.lambda_.invocation.lambda_models import InvocationResult
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

from lsnative.sandbox import HOST, Answer, Invocation, Sandbox, StartFailed

STOP_GRACE = 0.3  # seconds between SIGTERM and SIGKILL


class NativeRuntimeExecutor(RuntimeExecutor):
    """One execution environment. A sandbox that crashed or timed out is replaced at the next invocation, as on AWS."""

    sandbox: Sandbox | None = None

    def start(self, env_vars):
        folder = self.function_version.config.code.get_unzipped_code_location()
        environment = {name: str(value) for name, value in env_vars.items()}
        environment.setdefault("PATH", "/usr/local/bin:/usr/bin:/bin:/opt/bin")
        environment.setdefault("LANG", "en_US.UTF-8")
        environment.setdefault("LD_LIBRARY_PATH", f"{folder}:{folder}/lib:/opt/lib")
        environment |= {"LAMBDA_TASK_ROOT": str(folder), "TZ": "UTC"}
        self.origin = (folder, environment)
        try:
            self.boot()
        except StartFailed as failure:
            raise StatusErrorException("Environment startup failed", payload=failure.payload) from failure

    def boot(self):
        self.sandbox = Sandbox(*self.origin)
        self.sandbox.wait_until_ready(config.LAMBDA_RUNTIME_ENVIRONMENT_TIMEOUT)

    def stop(self):
        if self.sandbox:
            self.sandbox.kill(STOP_GRACE)

    def get_address(self):
        return HOST

    def get_endpoint_from_executor(self):
        return config.HOSTNAME_FROM_LAMBDA or HOST

    def get_runtime_endpoint(self):
        return f"http://{HOST}:{config.GATEWAY_LISTEN[0].port}/_localstack_lambda/{self.id}"

    def get_logs(self):
        return self.sandbox.take_logs() if self.sandbox else ""

    def invoke(self, payload):
        version, begin = self.function_version, time.monotonic()
        invocation = Invocation(
            id=payload["invoke-id"],
            payload=payload["payload"].encode(),
            function_arn=payload["invoked-function-arn"],
            trace_id=payload.get("trace-id") or "",
            timeout=version.config.timeout,
        )
        try:
            if not self.sandbox.alive():
                self.sandbox.kill()  # what is left of it: its server, and processes that it started
                self.boot()
            answer = self.sandbox.invoke(invocation)
        except StartFailed as failure:
            answer = Answer(failure.payload, is_error=True)
        took, memory = (time.monotonic() - begin) * 1000, version.config.memory_size
        logs = (
            f"START RequestId: {invocation.id} Version: {version.id.qualifier}\n{self.sandbox.take_logs()}"
            f"END RequestId: {invocation.id}\nREPORT RequestId: {invocation.id}\tDuration: {took:.2f} ms\t"
            f"Billed Duration: {int(took) + 1} ms\tMemory Size: {memory} MB\tMax Memory Used: {memory} MB\t"
        )
        return InvocationResult(invocation.id, answer.payload, is_error=answer.is_error, logs=logs)

    @classmethod
    def prepare_version(cls, function_version):
        code = function_version.config.code
        if not code:
            return
        code.prepare_for_execution()
        folder = code.get_unzipped_code_location()
        if not os.access(folder / "bootstrap", os.X_OK):
            runtime = function_version.config.runtime
            raise RuntimeError(f"there is no executable `bootstrap` in {folder} (runtime {runtime})")

    @classmethod
    def cleanup_version(cls, function_version):
        pass

    @classmethod
    def validate_environment(cls):
        return True
