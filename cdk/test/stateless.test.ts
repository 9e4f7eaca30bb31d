import { Capture, Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { Variable } from '../lib/environment.js';
import { statuses, title, views } from '../lib/views.js';
import { host, place, resources } from './host.js';

const { stateless } = host();
const functions = resources(stateless, 'AWS::Lambda::Function');
const environments = new Map(
  functions.map((made) => {
    const { Variables } = (made.Properties.Environment ?? { Variables: {} }) as { Variables: Record<string, unknown> };
    return [place(made).split('/').at(-2) ?? '', Variables];
  }),
);

describe('functions', () => {
  test('are what the pipeline is made of', () => {
    const projectors = [...views(), statuses].map((view) => `Project${title(view.name)}`);
    const others = ['ApiCommands', 'ApiQueries', 'Authorize', 'Dispatch', 'Persist', 'Reannounce', 'Relay', 'Settle'];
    expect([...environments.keys()].sort()).toEqual([...others, ...projectors, 'Validate'].sort());
  });

  test('run on the processor that was chosen', () => {
    for (const { Properties } of functions) expect(Properties.Architectures).toEqual(['arm64']);
    for (const { Properties } of resources(host({ architecture: 'x86_64' }).stateless, 'AWS::Lambda::Function')) {
      expect(Properties.Architectures).toEqual(['x86_64']);
    }
  });

  test('keep their logs for a while, and have a log of their own', () => {
    const logs = resources(stateless, 'AWS::Logs::LogGroup');
    for (const { Properties } of logs) expect(Properties.RetentionInDays).toBe(30);
    const used = functions.map(({ Properties }) => JSON.stringify(Properties.LoggingConfig));
    expect(new Set(used).size).toBe(functions.length);
  });

  test('are told only what they need', () => {
    const names = (name: string) => Object.keys(environments.get(name) ?? {}).sort();
    expect(names('Validate')).toEqual([]);
    expect(names('Persist')).toEqual([Variable.commitsTable, Variable.stateTable]);
    expect(names('Settle')).toEqual([Variable.bus]);
    expect(names('ApiQueries')).not.toContain(Variable.commandQueue);
    expect(names('ApiCommands')).not.toContain(Variable.commitsTable);
    expect(names('ProjectBookings')).toEqual(
      [Variable.commitsTable, Variable.indexGeneration, Variable.searchDomain, Variable.view].sort(),
    );
    const known = new Set<string>(Object.values(Variable));
    for (const name of environments.keys()) expect(names(name).filter((variable) => !known.has(variable))).toEqual([]);
  });

  test('find the keys of the issuer in the parameter, or at the URL that was chosen', () => {
    expect(environments.get('Authorize')?.[Variable.issuerKeys]).toHaveProperty('Fn::Join');
    const keysUrl = 'https://issuer.example/keys';
    const elsewhere = host({ issuer: { name: 'us', keysUrl } });
    elsewhere.stateful.resourceCountIs('AWS::SSM::Parameter', 0);
    elsewhere.stateless.resourcePropertiesCountIs(
      'AWS::Lambda::Function',
      { Environment: { Variables: Match.objectLike({ [Variable.issuer]: 'us', [Variable.issuerKeys]: keysUrl }) } },
      4,
    );
  });
});

describe('event sources', () => {
  const mappings = resources(stateless, 'AWS::Lambda::EventSourceMapping');

  test('all report what failed, item by item', () => {
    for (const { Properties } of mappings) {
      expect(Properties.FunctionResponseTypes).toEqual(['ReportBatchItemFailures']);
    }
  });

  test('the stream is bisected, tried again until it forgets, and gives up into a queue', () => {
    stateless.resourcePropertiesCountIs('AWS::Lambda::EventSourceMapping', { BisectBatchOnFunctionError: true }, 1);
    stateless.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      BisectBatchOnFunctionError: true,
      MaximumRecordAgeInSeconds: 23 * 3600,
      MaximumRetryAttempts: Match.absent(),
      StartingPosition: 'TRIM_HORIZON',
      DestinationConfig: { OnFailure: { Destination: Match.anyValue() } },
    });
  });

  test('a queue hands out at most ten messages, at once', () => {
    stateless.resourcePropertiesCountIs(
      'AWS::Lambda::EventSourceMapping',
      { BatchSize: 10, MaximumBatchingWindowInSeconds: Match.absent() },
      mappings.length - 1,
    );
  });
});

describe('rules', () => {
  const rules = resources(stateless, 'AWS::Events::Rule');

  test('there is one for every view, and one for the statuses', () => {
    expect(rules).toHaveLength(views().length + 1);
    for (const { aggregates } of views()) {
      stateless.hasResourceProperties('AWS::Events::Rule', {
        EventPattern: { source: ['factmill.feed'], 'detail-type': ['Commits'], detail: { aggregates } },
      });
    }
    stateless.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: { source: ['factmill.feed'], 'detail-type': ['Commits', 'Refusals'], detail: Match.absent() },
    });
  });

  test('every target is a queue, with a policy of retries and an inbox', () => {
    for (const { Properties } of rules) {
      expect(Properties.Targets).toHaveLength(1);
      expect(Properties.Targets).toMatchObject([
        {
          RetryPolicy: { MaximumRetryAttempts: 185, MaximumEventAgeInSeconds: 86_400 },
          DeadLetterConfig: { Arn: { 'Fn::ImportValue': expect.stringContaining('Failures') as unknown } },
          Arn: { 'Fn::ImportValue': expect.stringContaining('Queue') as unknown },
        },
      ]);
    }
  });
});

test('commands and queries are two functions behind one entry point', () => {
  const methods = resources(stateless, 'AWS::ApiGateway::Method');
  const routes = methods.map((method) => [place(method), JSON.stringify(method.Properties.Integration)] as const);
  const byFunction = (name: string) =>
    routes
      .filter(([, to]) => to.includes(name))
      .map(([at]) => at)
      .sort();
  expect(byFunction('ApiCommands')).toEqual([
    'CommandApi/Api/Default/commands/ANY',
    'CommandApi/Api/Default/commands/{proxy+}/ANY',
  ]);
  expect(byFunction('ApiQueries')).toEqual(['CommandApi/Api/Default/ANY', 'CommandApi/Api/Default/{proxy+}/ANY']);
  expect(methods).toHaveLength(4);
});

test('logs hold no commands and no tokens', () => {
  stateless.hasResourceProperties('AWS::StepFunctions::StateMachine', {
    LoggingConfiguration: { IncludeExecutionData: false, Level: 'ERROR' },
  });
  const format = new Capture();
  stateless.hasResourceProperties('AWS::ApiGateway::Stage', { AccessLogSetting: { Format: format } });
  const logged = Object.keys(JSON.parse(format.asString()) as object).sort();
  expect(logged).toEqual(
    ['httpMethod', 'protocol', 'requestId', 'requestTime', 'resourcePath', 'responseLength', 'status'].sort(),
  );
});
