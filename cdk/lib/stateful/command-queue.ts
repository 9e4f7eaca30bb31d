import { Duration } from 'aws-cdk-lib';
import { DeduplicationScope, FifoThroughputLimit, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Options } from '../options.js';
import { MINUTE, type Alarms } from './alarms.js';
import { Inbox } from './inbox.js';

/** What every queue has. */
export const secured = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true };

/** How long a queue keeps what nobody takes. */
export const RETENTION = Duration.days(7);

/** Where commands enter, and the inbox of those that were given up. */
export class CommandQueue extends Construct {
  readonly queue: Queue;
  readonly failures: Queue;

  constructor(scope: Construct, id: string, props: { options: Options; alarms: Alarms }) {
    super(scope, id);
    const { options, alarms } = props;
    const fifo = options.queue === 'fifo';
    const says = 'A command was given up: its message in the failure inbox has the reason.';
    this.failures = new Inbox(this, 'Failures', { alarms, fifo, says }).queue;
    this.queue = new Queue(this, 'Queue', {
      ...secured,
      ...(fifo
        ? {
            fifo,
            deduplicationScope: DeduplicationScope.MESSAGE_GROUP,
            fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
          }
        : {}),
      visibilityTimeout: Duration.seconds(options.dispatch.visibility),
      retentionPeriod: RETENTION,
      deadLetterQueue: { queue: this.failures, maxReceiveCount: options.maxReceives },
    });
    alarms.raise(this, 'Waiting', {
      says: 'Commands wait for minutes: the workflow fails or is too slow.',
      metric: this.queue.metricApproximateAgeOfOldestMessage({ period: MINUTE }),
      from: 300,
    });
  }
}
