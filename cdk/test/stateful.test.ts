import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { views } from '../lib/views.js';
import { all, host, place, resources } from './host.js';

const { stateful, stateless } = host();
const both = [stateful, stateless];
const DAY = 86_400;
// each view's, and that of the statuses
const projectors = views().length + 1;

describe('what was accepted and committed outlives mistakes', () => {
  test('tables are encrypted, protected, and can be restored to any moment', () => {
    const tables = resources(stateful, 'AWS::DynamoDB::Table');
    expect(tables.map(place)).toEqual(['CommitStore/Table', 'StateStore/Table']);
    for (const { Properties, DeletionPolicy } of tables) {
      expect(Properties.DeletionProtectionEnabled).toBe(true);
      expect(Properties.PointInTimeRecoverySpecification).toEqual({ PointInTimeRecoveryEnabled: true });
      expect(Properties.SSESpecification).toMatchObject({ SSEEnabled: true, SSEType: 'KMS' });
      expect(DeletionPolicy).toBe('Retain');
    }
  });

  test('commits are announced by the stream, whole; what lies beside them is not', () => {
    stateful.hasResourceProperties('AWS::DynamoDB::Table', {
      StreamSpecification: { StreamViewType: 'NEW_IMAGE' },
      TimeToLiveSpecification: Match.absent(),
      GlobalSecondaryIndexes: Match.absent(),
    });
    stateful.resourcePropertiesCountIs('AWS::DynamoDB::Table', { StreamSpecification: Match.absent() }, 1);
  });

  test('the domain is encrypted and spoken to by TLS, and a right on an index is one on it alone', () => {
    stateful.hasResource('AWS::OpenSearchService::Domain', {
      DeletionPolicy: 'Retain',
      Properties: {
        EncryptionAtRestOptions: Match.objectLike({ Enabled: true }),
        NodeToNodeEncryptionOptions: { Enabled: true },
        DomainEndpointOptions: Match.objectLike({ EnforceHTTPS: true }),
        AdvancedOptions: { 'rest.action.multi.allow_explicit_index': 'false' },
        AccessPolicies: Match.absent(),
      },
    });
  });

  test('what handles keeps nothing', () => {
    for (const type of ['AWS::DynamoDB::Table', 'AWS::SQS::Queue', 'AWS::Events::EventBus', 'AWS::KMS::Key']) {
      stateless.resourceCountIs(type, 0);
    }
  });
});

describe('queues', () => {
  const queues = resources(stateful, 'AWS::SQS::Queue');
  const of = (reference: unknown) => {
    const [id] = (reference as { 'Fn::GetAtt': [string, string] })['Fn::GetAtt'];
    const found = all(stateful)[id];
    if (!found) throw new Error(`there is no ${id}`);
    return found;
  };
  const sources = queues.filter(({ Properties }) => Properties.RedrivePolicy !== undefined);

  test('are encrypted, and spoken to by TLS', () => {
    for (const { Properties } of queues) expect(Properties.SqsManagedSseEnabled).toBe(true);
    stateful.resourcePropertiesCountIs(
      'AWS::SQS::QueuePolicy',
      { PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Effect: 'Deny' })]) } },
      queues.length,
    );
  });

  test('each leads to an inbox of its own, which keeps its messages longer, and is high', () => {
    // the queue of commands, and each projector's
    expect(sources).toHaveLength(1 + projectors);
    const inboxes = sources.map(({ Properties }) => {
      const { deadLetterTargetArn, maxReceiveCount } = Properties.RedrivePolicy as Record<string, unknown>;
      expect(maxReceiveCount).toBe(1000);
      const inbox = of(deadLetterTargetArn);
      expect(Properties.MessageRetentionPeriod).toBe(7 * DAY);
      expect(inbox.Properties.MessageRetentionPeriod).toBe(14 * DAY);
      expect(inbox.Properties.FifoQueue).toBe(Properties.FifoQueue);
      return place(inbox);
    });
    expect(new Set(inboxes).size).toBe(inboxes.length);
  });

  test('hide a message for at least six times as long as its function has', () => {
    const functions = all(stateless);
    const mappings = resources(stateless, 'AWS::Lambda::EventSourceMapping');
    const visible = new Map(queues.map((queue) => [place(queue), queue.Properties.VisibilityTimeout as number]));
    const pairs = [
      ['CommandQueue/Queue', 'Dispatch'],
      ['BookingsQueue/Queue', 'ProjectBookings'],
      ['StatusesQueue/Queue', 'ProjectStatuses'],
    ] as const;
    expect(mappings).toHaveLength(sources.length + 1);
    for (const [queue, worker] of pairs) {
      const handler = Object.values(functions).find(
        (resource) => resource.Type === 'AWS::Lambda::Function' && place(resource).endsWith(`${worker}/Function`),
      );
      expect(visible.get(queue)).toBeGreaterThanOrEqual(6 * (handler?.Properties.Timeout as number));
    }
  });

  test('the command queue keeps the order of a stream and the pace of many', () => {
    stateful.hasResourceProperties('AWS::SQS::Queue', {
      FifoQueue: true,
      FifoThroughputLimit: 'perMessageGroupId',
      DeduplicationScope: 'messageGroup',
      ContentBasedDeduplication: Match.absent(),
      RedrivePolicy: Match.anyValue(),
    });
  });

  test('a standard command queue has a standard inbox', () => {
    const standard = host({ queue: 'standard' });
    for (const { Properties } of resources(standard.stateful, 'AWS::SQS::Queue')) {
      expect(Properties.FifoQueue).toBeUndefined();
    }
  });

  test('the bus may send to a projector and its inbox, and nobody else may', () => {
    const sends = resources(stateful, 'AWS::SQS::QueuePolicy').flatMap((policy) => {
      const { Statement } = policy.Properties.PolicyDocument as { Statement: Record<string, unknown>[] };
      return Statement.filter((statement) => statement.Effect === 'Allow');
    });
    expect(sends).toHaveLength(2 * projectors);
    for (const send of sends) {
      expect(send.Principal).toEqual({ Service: 'events.amazonaws.com' });
      expect(send.Condition).toHaveProperty('ArnLike');
    }
  });
});

test('somebody is told when commands wait, inboxes fill, views fall behind, executions fail, functions are throttled', () => {
  const metrics = both.flatMap((template) =>
    resources(template, 'AWS::CloudWatch::Alarm').map((alarm) => {
      expect(alarm.Properties.AlarmActions).toHaveLength(1);
      expect(alarm.Properties.AlarmDescription).toMatch(/\.$/);
      return `${place(alarm)}: ${JSON.stringify(alarm.Properties.MetricName ?? 'sum')}`;
    }),
  );
  expect(metrics.sort()).toMatchSnapshot();
});

test('there is nothing that needs another language or can not be tried', () => {
  for (const template of both) {
    const types = new Set(Object.values(all(template)).map((resource) => resource.Type));
    for (const type of types) {
      expect(type).not.toMatch(/^Custom::|CustomResource|^AWS::(Pipes|ApiGatewayV2|Scheduler)::|::Archive$/);
    }
    for (const { Properties } of resources(template, 'AWS::Lambda::Function')) {
      expect(Properties.Runtime).toBe('provided.al2023');
    }
  }
});
