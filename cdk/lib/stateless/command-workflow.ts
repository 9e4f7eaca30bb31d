import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Validations } from 'aws-cdk-lib';
import { DefinitionBody, LogLevel, StateMachine, StateMachineType } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { MINUTE } from '../stateful/alarms.js';
import { log, ROOT, type Common, type Worker } from './worker.js';

/** The file that both hosts execute. */
export const DEFINITION = join(ROOT, 'statemachines/command.asl.json');

/** The functions of the workflow's tasks, by the names that its definition has for them. */
export interface Tasks {
  readonly Validate: Worker;
  readonly Authorize: Worker;
  readonly Persist: Worker;
  readonly Settle: Worker;
}

/** What a batch of commands goes through: an express state machine, started and waited for by dispatch. */
export class CommandWorkflow extends Construct {
  readonly machine: StateMachine;

  constructor(scope: Construct, id: string, props: Common & { tasks: Tasks }) {
    super(scope, id);
    const { options, alarms } = props;
    const tasks = Object.entries(props.tasks) as [string, Worker][];
    this.machine = new StateMachine(this, 'Machine', {
      stateMachineType: StateMachineType.EXPRESS,
      definitionBody: DefinitionBody.fromString(readFileSync(DEFINITION, 'utf8')),
      definitionSubstitutions: Object.fromEntries(tasks.map(([name, task]) => [name, task.function.functionArn])),
      logs: { destination: log(this, 'Log', options), level: LogLevel.ERROR, includeExecutionData: false },
    });
    for (const [, task] of tasks) task.function.grantInvoke(this.machine);
    const troubles = {
      Failed: ['Batches fail and go back to the queue.', this.machine.metricFailed({ period: MINUTE })],
      TimedOut: ['Batches take too long and go back to the queue.', this.machine.metricTimedOut({ period: MINUTE })],
      Throttled: ['Executions are throttled.', this.machine.metricThrottled({ period: MINUTE })],
    } as const;
    for (const [name, [says, metric]] of Object.entries(troubles)) alarms.raise(this, name, { says, metric, from: 1 });
    Validations.of(this.machine).acknowledge({
      id: 'AwsSolutions-SF1',
      reason: 'errors are logged; to log every event would write commands and tokens of a million batches to a log',
    });
    Validations.of(this.machine).acknowledge({
      id: 'AwsSolutions-SF2',
      reason: 'commands carry their own trace parent, over the queue and into their commits',
    });
  }
}
