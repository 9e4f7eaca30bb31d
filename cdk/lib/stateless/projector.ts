import { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { Rule, type EventPattern, type IRuleTarget } from 'aws-cdk-lib/aws-events';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Construct } from 'constructs';
import { Variable } from '../environment.js';
import type { Options } from '../options.js';
import { MINUTE } from '../stateful/alarms.js';
import type { ProjectionQueue } from '../stateful/projection-queue.js';
import type { StatefulStack } from '../stateful/stack.js';
import { title, type View } from '../views.js';
import { Worker, type Common } from './worker.js';

/** The source of what is packed for projectors. */
const FEED = 'factmill.feed';

/** The part of the feed that a view reads. */
export const commitsOf = (aggregates: readonly string[]): EventPattern => ({
  source: [FEED],
  detailType: ['Commits'],
  detail: { aggregates: [...aggregates] },
});

/** The part that the statuses of commands are made of: every commit, and every refusal and failure. */
export const outcomes: EventPattern = { source: [FEED], detailType: ['Commits', 'Refusals'] };

export interface ProjectorProps extends Common {
  readonly view: View;
  readonly pattern: EventPattern;
}

/** From the bus to a view: a rule, the view's queue, and the function that folds and writes. */
export class Projector extends Construct {
  constructor(scope: Construct, id: string, props: ProjectorProps, stateful: StatefulStack) {
    super(scope, id);
    const { options, alarms, view } = props;
    const { commits, index, bus } = stateful;
    const queue = stateful.projections.get(view.name);
    if (!queue) throw new Error(`the view \`${view.name}\` has no queue`);

    const rule = new Rule(this, 'Feed', {
      eventBus: bus,
      eventPattern: props.pattern,
      targets: [deliver(queue, options.delivery)],
    });
    alarms.raise(this, 'Undelivered', {
      says: 'The bus could not deliver a part of the feed; it lies in the inbox of the projector.',
      metric: new Metric({
        namespace: 'AWS/Events',
        metricName: 'InvocationsSentToDlq',
        dimensionsMap: { EventBusName: bus.eventBusName, RuleName: rule.ruleName },
        period: MINUTE,
        statistic: 'Sum',
      }),
      from: 1,
    });

    const project = new Worker(this, `Project${title(view.name)}`, {
      options,
      alarms,
      binary: 'project',
      timeout: Duration.seconds(options.project.timeout),
      memory: 512,
      environment: {
        [Variable.view]: view.name,
        [Variable.commitsTable]: commits.table.tableName,
        ...index.environment,
      },
    });
    commits.grantRead(project);
    index.grantWrite(project, view);
    project.function.addEventSource(new SqsEventSource(queue.queue, { batchSize: 10, reportBatchItemFailures: true }));
  }
}

/** A queue as a rule's target. Its right to receive is told where the queue is made: the stacks know each other one way. */
function deliver(projection: ProjectionQueue, delivery: Options['delivery']): IRuleTarget {
  return {
    bind: () => ({
      arn: projection.queue.queueArn,
      targetResource: projection.queue,
      deadLetterConfig: { arn: projection.failures.queueArn },
      retryPolicy: { maximumRetryAttempts: delivery.attempts, maximumEventAgeInSeconds: delivery.maxAge },
    }),
  };
}
