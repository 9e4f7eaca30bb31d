import { Duration } from 'aws-cdk-lib';
import { type ITable } from 'aws-cdk-lib/aws-dynamodb';
import { StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { DynamoEventSource, SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Construct } from 'constructs';
import { Variable } from '../environment.js';
import { MINUTE } from '../stateful/alarms.js';
import type { StatefulStack } from '../stateful/stack.js';
import { Worker, type Common } from './worker.js';

/** From the commits to the bus: the relay follows the table's stream, and reannounce repeats what it lost. */
export class Relay extends Construct {
  constructor(scope: Construct, id: string, common: Common, stateful: StatefulStack) {
    super(scope, id);
    const { bus, commits, unannounced } = stateful;

    const relay = new Worker(this, 'Relay', {
      ...common,
      binary: 'relay',
      timeout: Duration.seconds(60),
      memory: 512,
      environment: {
        [Variable.bus]: bus.eventBusName,
        [Variable.unreadableQueue]: unannounced.queue.queueUrl,
      },
    });
    bus.grantPutEventsTo(relay);
    unannounced.queue.grant(relay, 'sqs:SendMessage');
    commits.table.encryptionKey?.grantDecrypt(relay);
    relay.function.addEventSource(
      new DynamoEventSource(commits.table as ITable, {
        startingPosition: StartingPosition.TRIM_HORIZON,
        batchSize: 1000,
        reportBatchItemFailures: true,
        bisectBatchOnError: true,
        // tried again until the records are nearly as old as the stream keeps them
        maxRecordAge: Duration.hours(23),
        onFailure: new SqsDlq(unannounced.queue),
      }),
    );
    common.alarms.raise(this, 'Behind', {
      says: 'Commits are announced minutes late: views stand still. The stream forgets after 24 hours.',
      metric: relay.function.metric('IteratorAge', { period: MINUTE, statistic: 'Maximum' }),
      from: Duration.minutes(5).toMilliseconds(),
    });

    const reannounce = new Worker(this, 'Reannounce', {
      ...common,
      binary: 'reannounce',
      timeout: Duration.minutes(15),
      memory: 512,
      environment: {
        [Variable.commitsTable]: commits.table.tableName,
        [Variable.bus]: bus.eventBusName,
      },
    });
    commits.grantRead(reannounce);
    commits.grantScan(reannounce);
    bus.grantPutEventsTo(reannounce);
  }
}
