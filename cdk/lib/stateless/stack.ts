import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { type Construct } from 'constructs';
import type { Options } from '../options.js';
import type { StatefulStack } from '../stateful/stack.js';
import { statuses, title, type View } from '../views.js';
import { CommandApi } from './command-api.js';
import { CommandSide } from './command-side.js';
import { commitsOf, outcomes, Projector } from './projector.js';
import { Relay } from './relay.js';

export interface StatelessProps extends StackProps {
  readonly options: Options;
  readonly views: readonly View[];
  readonly stateful: StatefulStack;
}

/** What handles: it keeps nothing, and can be replaced at any time. */
export class StatelessStack extends Stack {
  constructor(scope: Construct, id: string, props: StatelessProps) {
    super(scope, id, props);
    const { options, views, stateful } = props;
    const common = { options, alarms: stateful.alarms };
    const commands = new CommandSide(this, 'Commands', common, stateful);
    new Relay(this, 'Announcements', common, stateful);
    for (const view of views) {
      new Projector(this, title(view.name), { ...common, view, pattern: commitsOf(view.aggregates) }, stateful);
    }
    new Projector(this, title(statuses.name), { ...common, view: statuses, pattern: outcomes }, stateful);
    const { api } = new CommandApi(this, 'CommandApi', common, stateful, views);
    const outputs = {
      ApiUrl: api.url,
      ApiId: api.restApiId,
      ApiStage: api.deploymentStage.stageName,
      WorkflowArn: commands.workflow.machine.stateMachineArn,
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }
}
