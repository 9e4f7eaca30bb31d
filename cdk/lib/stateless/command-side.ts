import { Aws, Duration, Stack } from 'aws-cdk-lib';
import { PolicyStatement, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Construct } from 'constructs';
import { Variable, type Environment } from '../environment.js';
import type { StatefulStack } from '../stateful/stack.js';
import { CommandWorkflow } from './command-workflow.js';
import { Worker, type Common } from './worker.js';

/** Where a function finds the issuer's public keys. */
export function issuer({ options }: Common, stateful: StatefulStack): Environment {
  const { name, keysUrl } = options.issuer;
  const { issuerKeys } = stateful;
  return {
    [Variable.issuer]: name,
    [Variable.issuerKeys]: issuerKeys ? `parameter:${issuerKeys.parameter.parameterName}` : keysUrl,
  };
}

/** From the queue to the commits: dispatch, the workflow, and its tasks. Nothing here knows of the search index. */
export class CommandSide extends Construct {
  readonly workflow: CommandWorkflow;

  constructor(scope: Construct, id: string, common: Common, stateful: StatefulStack) {
    super(scope, id);
    const { options } = common;
    const { commands, commits, state, bus, stamps } = stateful;
    const worker = (name: string, seconds: number, memory: number, environment: Environment = {}) =>
      new Worker(this, name, {
        ...common,
        binary: name.toLowerCase(),
        timeout: Duration.seconds(seconds),
        memory,
        environment,
      });

    const validate = worker('Validate', 10, 512);
    const authorize = worker('Authorize', 15, 512, issuer(common, stateful));
    stateful.issuerKeys?.grantRead(authorize);
    const persist = worker('Persist', 25, 1024, {
      [Variable.commitsTable]: commits.table.tableName,
      [Variable.stateTable]: state.table.tableName,
    });
    commits.grantAppend(persist);
    state.grantReplace(persist);
    const settle = worker('Settle', 15, 256, { [Variable.bus]: bus.eventBusName });
    bus.grantPutEventsTo(settle);
    grantAnswerTasks(settle);

    this.workflow = new CommandWorkflow(this, 'CommandWorkflow', {
      ...common,
      tasks: { Validate: validate, Authorize: authorize, Persist: persist, Settle: settle },
    });

    const dispatch = worker('Dispatch', options.dispatch.timeout, 256, {
      [Variable.commandQueue]: commands.queue.queueUrl,
      [Variable.failureQueue]: commands.failures.queueUrl,
      [Variable.stateMachine]: this.workflow.machine.stateMachineArn,
      [Variable.bus]: bus.eventBusName,
      [Variable.stampKeyParameter]: stamps.parameterName,
      ...issuer(common, stateful),
      [Variable.backoff]: String(options.dispatch.backoff),
      [Variable.backoffLimit]: String(options.dispatch.backoffLimit),
    });
    dispatch.function.addEventSource(
      new SqsEventSource(commands.queue, { batchSize: 10, reportBatchItemFailures: true }),
    );
    this.workflow.machine.grantStartSyncExecution(dispatch);
    // a command that was given up: kept, announced, and whoever waits is told
    commands.failures.grant(dispatch, 'sqs:SendMessage');
    bus.grantPutEventsTo(dispatch);
    grantAnswerTasks(dispatch);
    stamps.grantRead(dispatch);
    // what is condemned is recorded under the tenant that a valid signature names
    stateful.issuerKeys?.grantRead(dispatch);
  }
}

/** Answering the task tokens that commands carry: any workflow of this account and region may have sent one. */
function grantAnswerTasks(worker: IGrantable & Construct): void {
  const machines = Stack.of(worker).formatArn({
    service: 'states',
    resource: `stateMachine:*`,
    account: Aws.ACCOUNT_ID,
  });
  worker.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({ actions: ['states:SendTaskSuccess', 'states:SendTaskFailure'], resources: [machines] }),
  );
}
