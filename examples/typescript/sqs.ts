/**
 * Sends commands of one stream straight to the queue, as a producer in the same AWS account would.
 *
 * Needs FACTMILL_QUEUE_URL, FACTMILL_TOKEN and FACTMILL_TENANT (the token's).
 */

import { SQSClient, SendMessageCommand } from "@aws-sdk/client-sqs";
import { type Command, command } from "./factmill.ts";

const { FACTMILL_QUEUE_URL: queue, FACTMILL_TENANT: tenant, FACTMILL_TOKEN: token } = process.env;

/** Sends up to 100 commands of one stream, 200 KB in all, as one message; they are decided in this order. */
async function send(sqs: SQSClient, stream: string, commands: Command[]): Promise<void> {
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: queue,
      MessageBody: JSON.stringify(commands),
      // the group is the tenant's stream: its messages are handled one after the other
      MessageGroupId: `${tenant}/${stream}`,
      // made for this one send, and repeated only by its own retries: the stream deduplicates, not the queue
      MessageDeduplicationId: crypto.randomUUID(),
      MessageAttributes: { authorization: { DataType: "String", StringValue: token } },
    }),
  );
}

const stream = `comment/${crypto.randomUUID()}`;
const commands = [
  command(stream, "CreateComment", { subject: "picture/42", text: "by queue" }),
  command(stream, "EditComment", { text: "by queue, in order" }),
];
await send(new SQSClient({}), stream, commands);
console.log("sent to", stream, "- ask for", commands.map(({ id }) => id));
