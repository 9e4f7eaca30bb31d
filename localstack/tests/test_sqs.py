"""A queue's messages reach a function as they were sent."""

import unittest
from types import SimpleNamespace

from localstack.services.lambda_.event_source_mapping.pollers.sqs_poller import SqsPoller

from lsnative.sqs import hand_over_as_sent


class Poller(SqsPoller):
    """A poller of a queue that holds these messages, and notes what the function is given."""

    def __init__(self, bodies):
        self.batches = []
        self.source_arn, self.queue_url, self.is_fifo_queue = "arn:q", "q", True
        self.batch_size, self.maximum_batching_window = 10, 0
        messages = [
            {"MessageId": f"m{n}", "ReceiptHandle": f"r{n}", "Body": body, "Attributes": {"MessageGroupId": f"g{n}"}}
            for n, body in enumerate(bodies)
        ]
        self.source_client = SimpleNamespace(receive_message=lambda **_: {"Messages": messages})
        self.processor = SimpleNamespace(process_events_batch=self.batches.append)

    def filter_events(self, events):
        return events

    def add_source_metadata(self, events):
        return events

    def delete_messages(self, messages, ids):
        pass


class SqsTest(unittest.TestCase):
    def test_bodies_are_as_sent_and_groups_come_together(self):
        hand_over_as_sent()
        bodies = ['{"a":2.0,  "a":1e2}', "no json", '"text"', "[1]"]
        poller = Poller(bodies)
        poller.poll_events()
        self.assertEqual([[event["body"] for event in batch] for batch in poller.batches], [bodies])


if __name__ == "__main__":
    unittest.main()
