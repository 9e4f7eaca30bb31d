import { RemovalPolicy } from 'aws-cdk-lib';
import { Operation, StreamViewType, Table, type TableProps } from 'aws-cdk-lib/aws-dynamodb';
import { AttributeType, BillingMode, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { type IGrantable } from 'aws-cdk-lib/aws-iam';
import { type IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { MINUTE, type Alarms } from './alarms.js';

/** What both tables have: they are restored together, to the same moment. */
export const kept = (key: IKey) =>
  ({
    billingMode: BillingMode.PAY_PER_REQUEST,
    encryption: TableEncryption.CUSTOMER_MANAGED,
    encryptionKey: key,
    deletionProtection: true,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    removalPolicy: RemovalPolicy.RETAIN,
  }) satisfies Partial<TableProps>;

/** Alarm of a table that refuses work. */
export function raiseThrottled(scope: Construct, table: Table, alarms: Alarms): void {
  alarms.raise(scope, 'Throttled', {
    says: 'A table refuses requests: they are tried again, and commands take longer.',
    metric: table.metricThrottledRequestsForOperations({
      operations: [Operation.PUT_ITEM, Operation.QUERY, Operation.TRANSACT_WRITE_ITEMS, Operation.GET_ITEM],
      period: MINUTE,
    }),
    from: 1,
  });
}

/** The ledger: one item a commit, by stream and number. Only added to: nobody may change or delete one. */
export class CommitStore extends Construct {
  readonly table: Table;
  readonly #key: IKey;

  constructor(scope: Construct, id: string, props: { key: IKey; alarms: Alarms }) {
    super(scope, id);
    this.#key = props.key;
    this.table = new Table(this, 'Table', {
      ...kept(props.key),
      partitionKey: { name: 'k', type: AttributeType.STRING },
      sortKey: { name: 's', type: AttributeType.NUMBER },
      stream: StreamViewType.NEW_IMAGE,
    });
    raiseThrottled(this, this.table, props.alarms);
  }

  /** Reading streams. */
  grantRead(reader: IGrantable): void {
    this.#key.grantDecrypt(reader);
    this.table.grant(reader, 'dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query');
  }

  /** Reading everything, whatever stream it is of. */
  grantScan(reader: IGrantable): void {
    this.#key.grantDecrypt(reader);
    this.table.grant(reader, 'dynamodb:Scan');
  }

  /** Reading streams and adding commits. */
  grantAppend(writer: IGrantable): void {
    this.grantRead(writer);
    this.#key.grantEncryptDecrypt(writer);
    this.table.grant(writer, 'dynamodb:PutItem', 'dynamodb:ConditionCheckItem');
  }
}

/** What is kept beside the commits: snapshots of streams, and who holds which unique value. */
export class StateStore extends Construct {
  readonly table: Table;
  readonly #key: IKey;

  constructor(scope: Construct, id: string, props: { key: IKey; alarms: Alarms }) {
    super(scope, id);
    this.#key = props.key;
    this.table = new Table(this, 'Table', {
      ...kept(props.key),
      partitionKey: { name: 'k', type: AttributeType.STRING },
      sortKey: { name: 's', type: AttributeType.NUMBER },
    });
    raiseThrottled(this, this.table, props.alarms);
  }

  /** Reading snapshots and claims. */
  grantRead(reader: IGrantable): void {
    this.#key.grantDecrypt(reader);
    this.table.grant(reader, ...READ);
  }

  /** Reading and replacing them. */
  grantReplace(writer: IGrantable): void {
    this.#key.grantEncryptDecrypt(writer);
    this.table.grant(writer, ...READ, 'dynamodb:PutItem', 'dynamodb:DeleteItem', 'dynamodb:ConditionCheckItem');
  }
}

const READ = ['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query'] as const;
