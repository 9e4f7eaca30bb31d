import { Duration, Stack } from 'aws-cdk-lib';
import { type EventBus } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Options } from '../options.js';
import { MINUTE, type Alarms } from './alarms.js';
import { RETENTION, secured } from './command-queue.js';
import { Inbox } from './inbox.js';

/** What a projector has still to fold. The bus's rules may send to it, and to its inbox what they can't deliver. */
export class ProjectionQueue extends Construct {
  readonly queue: Queue;
  readonly failures: Queue;

  constructor(scope: Construct, id: string, props: { options: Options; alarms: Alarms; bus: EventBus }) {
    super(scope, id);
    const { options, alarms, bus } = props;
    this.failures = new Inbox(this, 'Failures', { alarms, says: 'A part of the feed reached no view.' }).queue;
    this.queue = new Queue(this, 'Queue', {
      ...secured,
      visibilityTimeout: Duration.seconds(options.project.visibility),
      retentionPeriod: RETENTION,
      deadLetterQueue: { queue: this.failures, maxReceiveCount: options.maxReceives },
    });
    alarms.raise(this, 'Behind', {
      says: 'A view is minutes behind: its projector fails or is too slow.',
      metric: this.queue.metricApproximateAgeOfOldestMessage({ period: MINUTE }),
      from: 300,
    });
    // by the bus and not by the rule, which another stack has and which names this queue
    const rules = Stack.of(this).formatArn({
      service: 'events',
      resource: 'rule',
      resourceName: `${bus.eventBusName}/*`,
    });
    for (const queue of [this.queue, this.failures]) {
      queue.addToResourcePolicy(
        new PolicyStatement({
          principals: [new ServicePrincipal('events.amazonaws.com')],
          actions: ['sqs:SendMessage'],
          resources: [queue.queueArn],
          conditions: { ArnLike: { 'aws:SourceArn': rules } },
        }),
      );
    }
  }
}
