"""Sends commands of one stream straight to the queue, as a producer in the same AWS account would.

Needs boto3, and FACTMILL_QUEUE_URL, FACTMILL_TOKEN and FACTMILL_TENANT (the token's).
"""

import json
import os
import uuid

import boto3

from factmill import command


def send(sqs, queue_url, tenant, token, commands):
    """Sends up to 100 commands of one stream, 200 KB in all, as one message; they are decided in this order."""
    (stream,) = {command["stream"] for command in commands}
    return sqs.send_message(
        QueueUrl=queue_url,
        MessageBody=json.dumps(commands),
        # the group is the tenant's stream: its messages are handled one after the other
        MessageGroupId=f"{tenant}/{stream}",
        # made for this one send, and repeated only by its own retries: the stream deduplicates, not the queue
        MessageDeduplicationId=str(uuid.uuid4()),
        MessageAttributes={"authorization": {"DataType": "String", "StringValue": token}},
    )


if __name__ == "__main__":
    stream = f"comment/{uuid.uuid4()}"
    commands = [
        command(stream, "CreateComment", {"subject": "picture/42", "text": "by queue"}),
        command(stream, "EditComment", {"text": "by queue, in order"}),
    ]
    send(
        boto3.client("sqs"),
        os.environ["FACTMILL_QUEUE_URL"],
        os.environ["FACTMILL_TENANT"],
        os.environ["FACTMILL_TOKEN"],
        commands,
    )
    print("sent to", stream, "- ask for", [command["id"] for command in commands])
