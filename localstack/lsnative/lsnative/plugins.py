"""What is changed in LocalStack 4.14 so that it needs no containers, no JVM bridge and no downloads."""

import os

from localstack.runtime import hooks
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin


class NativeRuntimeExecutorPlugin(RuntimeExecutorPlugin):
    """Chosen by LAMBDA_RUNTIME_EXECUTOR=native."""

    name = "native"

    def load(self, *args, **kwargs):
        from lsnative.executor import NativeRuntimeExecutor

        return NativeRuntimeExecutor


@hooks.on_infra_start()
def lsnative_jsonata():
    """JSONata by the pure-Python port instead of the bridge to the Java one."""
    from localstack.services.stepfunctions.asl.jsonata import jsonata as provider

    from lsnative.jsonata import evaluate

    def evaluated(expression):
        try:
            return evaluate(expression)
        except Exception as error:
            raise provider.JSONataException("UNKNOWN", str(error)) from error

    provider._eval_jsonata = evaluated


@hooks.on_infra_start()
def lsnative_dynamodb():
    """DynamoDB Local from LSNATIVE_DYNAMODB by the JAVA_HOME at hand: no download, no Java agent."""
    from localstack.services.dynamodb import packages, server

    class OnDisk(packages.DynamoDBLocalPackageInstaller):
        def install(self, target=None):
            if not self.get_installed_dir():
                raise FileNotFoundError("LSNATIVE_DYNAMODB names no folder with DynamoDBLocal.jar")

        def get_installed_dir(self):
            folder = os.environ.get("LSNATIVE_DYNAMODB", "")
            return folder if os.path.isfile(os.path.join(folder, "DynamoDBLocal.jar")) else None

        def get_java_env_vars(self):
            home = os.environ["JAVA_HOME"]
            return {"JAVA_HOME": home, "PATH": f"{home}/bin:{os.environ['PATH']}"}

    installer = OnDisk()
    packages.DynamoDBLocalPackage.get_installer = lambda self, version=None: installer
    command = server.DynamodbServer._create_shell_command
    server.DynamodbServer._create_shell_command = lambda self: [
        part for part in command(self) if not part.startswith("-javaagent:")
    ]


@hooks.on_infra_start()
def lsnative_task_clients():
    """Step Functions assumes the machine's role and builds a client for every task: keep them."""
    import functools
    import sys

    from localstack.services.stepfunctions.asl.component.state.state_execution.state_task.credentials import (
        StateCredentials,
    )
    from localstack.services.stepfunctions.asl.utils import boto_client

    original = boto_client.boto_client_for

    @functools.lru_cache(maxsize=256)
    def client(service, region, role_arn):
        return original(service=service, region=region, state_credentials=StateCredentials(role_arn))

    def boto_client_for(service, region, state_credentials):
        return client(service, region, state_credentials.role_arn)

    for module in list(sys.modules.values()):
        if getattr(module, "boto_client_for", None) is original:
            module.boto_client_for = boto_client_for


@hooks.on_infra_start()
def lsnative_sqs_events():
    """A function gets a message's body as it was sent, and messages of several groups at once, as on AWS."""
    from lsnative.sqs import hand_over_as_sent

    hand_over_as_sent()
