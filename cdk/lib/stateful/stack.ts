import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { Key } from 'aws-cdk-lib/aws-kms';
import { type Construct } from 'constructs';
import { STATUSES } from '../environment.js';
import type { Options } from '../options.js';
import { title, type View } from '../views.js';
import { AcceptanceStamps } from './acceptance-stamps.js';
import { Alarms } from './alarms.js';
import { CommandQueue } from './command-queue.js';
import { CommitStore, StateStore } from './commit-store.js';
import { Inbox } from './inbox.js';
import { IssuerKeys } from './issuer-keys.js';
import { ProjectionQueue } from './projection-queue.js';
import { SearchIndex } from './search-index.js';

export interface StatefulProps extends StackProps {
  readonly options: Options;
  readonly views: readonly View[];
}

/** What must outlive every deployment: what was accepted, what was committed, and what is found by. */
export class StatefulStack extends Stack {
  readonly alarms: Alarms;
  readonly bus: EventBus;
  readonly commands: CommandQueue;
  readonly commits: CommitStore;
  readonly state: StateStore;
  readonly index: SearchIndex;
  /** Each projector's queue, by its view. */
  readonly projections: ReadonlyMap<string, ProjectionQueue>;
  /** What the relay could not read, and what the stream gave up. */
  readonly unannounced: Inbox;
  readonly stamps: AcceptanceStamps;
  /** The issuer's public keys, unless they are at a URL. */
  readonly issuerKeys: IssuerKeys | undefined;

  constructor(scope: Construct, id: string, props: StatefulProps) {
    super(scope, id, props);
    const { options } = props;
    const key = new Key(this, 'DataKey', { enableKeyRotation: true, removalPolicy: RemovalPolicy.RETAIN });
    const alarms = new Alarms(this, 'Alarms');
    this.alarms = alarms;
    this.bus = new EventBus(this, 'Bus');
    this.commands = new CommandQueue(this, 'CommandQueue', { options, alarms });
    this.commits = new CommitStore(this, 'CommitStore', { key, alarms });
    this.state = new StateStore(this, 'StateStore', { key, alarms });
    this.index = new SearchIndex(this, 'SearchIndex', { options: options.search, key, alarms });
    this.unannounced = new Inbox(this, 'Unannounced', { alarms, says: 'A commit could not be announced.' });
    this.projections = new Map(
      [...props.views.map((view) => view.name), STATUSES].map((name) => [
        name,
        new ProjectionQueue(this, `${title(name)}Queue`, { options, alarms, bus: this.bus }),
      ]),
    );
    this.stamps = new AcceptanceStamps(this, 'AcceptanceStamps');
    if (options.issuer.keysUrl === '') {
      this.issuerKeys = new IssuerKeys(this, 'IssuerKeys', { issuer: options.issuer.name });
      new CfnOutput(this, 'IssuerKeysParameter', { value: this.issuerKeys.parameter.parameterName });
    }
    this.#tell();
  }

  /** Outputs, for operators and tests. */
  #tell(): void {
    const outputs: Record<string, string> = {
      CommandsQueueUrl: this.commands.queue.queueUrl,
      FailuresQueueUrl: this.commands.failures.queueUrl,
      UnannouncedQueueUrl: this.unannounced.queue.queueUrl,
      CommitsTable: this.commits.table.tableName,
      StateTable: this.state.table.tableName,
      BusName: this.bus.eventBusName,
      SearchDomain: this.index.domain.domainName,
      AlarmsTopicArn: this.alarms.topic.topicArn,
    };
    for (const [view, projection] of this.projections) {
      outputs[`${title(view)}QueueUrl`] = projection.queue.queueUrl;
      outputs[`${title(view)}FailuresQueueUrl`] = projection.failures.queueUrl;
    }
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }
}
