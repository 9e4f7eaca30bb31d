import { CfnOutput, RemovalPolicy, Stack, Validations, type StackProps } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { type Construct } from 'constructs';
import { STATUSES } from '../environment.js';
import type { Options } from '../options.js';
import { title, type View } from '../views.js';
import { Alarms } from './alarms.js';
import { CommandQueue } from './command-queue.js';
import { CommitStore, SnapshotStore } from './commit-store.js';
import { Inbox } from './inbox.js';
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
  readonly snapshots: SnapshotStore;
  readonly index: SearchIndex;
  /** Each projector's queue, by its view. */
  readonly projections: ReadonlyMap<string, ProjectionQueue>;
  /** What the relay could not read, and what the stream gave up. */
  readonly unannounced: Inbox;
  /** Seals the first acceptance time of a command in the failure inbox, so that a redrive can trust it. */
  readonly seal: Key;
  /** The issuer's public keys, unless they are at a URL. */
  readonly issuerKeys: StringParameter | undefined;

  constructor(scope: Construct, id: string, props: StatefulProps) {
    super(scope, id, props);
    const { options } = props;
    const key = new Key(this, 'DataKey', { enableKeyRotation: true, removalPolicy: RemovalPolicy.RETAIN });
    const alarms = new Alarms(this, 'Alarms');
    this.alarms = alarms;
    this.bus = new EventBus(this, 'Bus');
    this.commands = new CommandQueue(this, 'CommandQueue', { options, alarms });
    this.commits = new CommitStore(this, 'CommitStore', { key, alarms });
    this.snapshots = new SnapshotStore(this, 'SnapshotStore', { key, alarms });
    this.index = new SearchIndex(this, 'SearchIndex', { options: options.search, key, alarms });
    this.unannounced = new Inbox(this, 'Unannounced', { alarms, says: 'A commit could not be announced.' });
    this.projections = new Map(
      [...props.views.map((view) => view.name), STATUSES].map((name) => [
        name,
        new ProjectionQueue(this, `${title(name)}Queue`, { options, alarms, bus: this.bus }),
      ]),
    );
    this.seal = new Key(this, 'Seal', {
      keySpec: KeySpec.HMAC_256,
      keyUsage: KeyUsage.GENERATE_VERIFY_MAC,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    Validations.of(this.seal).acknowledge({ id: 'AwsSolutions-KMS5', reason: 'keys for MACs have no rotation' });
    if (options.issuer.keysUrl === '') {
      const description = `Public keys of the issuer ${options.issuer.name}, a JWKS. With none, no token is taken.`;
      this.issuerKeys = new StringParameter(this, 'IssuerKeys', { description, stringValue: '{"keys":[]}' });
      new CfnOutput(this, 'IssuerKeysParameter', { value: this.issuerKeys.parameterName });
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
      SnapshotsTable: this.snapshots.table.tableName,
      BusName: this.bus.eventBusName,
      SearchDomain: this.index.domain.domainName,
      IndexPrefix: this.index.prefix,
      AlarmsTopicArn: this.alarms.topic.topicArn,
    };
    for (const [view, projection] of this.projections) {
      outputs[`${title(view)}QueueUrl`] = projection.queue.queueUrl;
      outputs[`${title(view)}FailuresQueueUrl`] = projection.failures.queueUrl;
    }
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }
}
