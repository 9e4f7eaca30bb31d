import { Duration, Validations } from 'aws-cdk-lib';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { MINUTE, type Alarms } from './alarms.js';
import { secured } from './command-queue.js';

/** A dead-letter queue: what could not be handled waits here for a person. Anything in it raises an alarm. */
export class Inbox extends Construct {
  readonly queue: Queue;

  constructor(scope: Construct, id: string, props: { alarms: Alarms; fifo?: boolean; says: string }) {
    super(scope, id);
    // the longest there is: longer than any queue that leads here keeps its messages
    this.queue = new Queue(this, 'Queue', {
      ...secured,
      ...(props.fifo ? { fifo: true } : {}),
      retentionPeriod: Duration.days(14),
    });
    Validations.of(this.queue).acknowledge({ id: 'AwsSolutions-SQS3', reason: 'it is where others lead to' });
    props.alarms.raise(this, 'NotEmpty', {
      says: props.says,
      metric: this.queue.metricApproximateNumberOfMessagesVisible({ period: MINUTE, statistic: 'Maximum' }),
      from: 1,
    });
  }
}
