import { Duration, Validations } from 'aws-cdk-lib';
import {
  AccessLogFormat,
  EndpointType,
  LambdaIntegration,
  LogGroupLogDestination,
  RestApi,
  type IResource,
} from 'aws-cdk-lib/aws-apigateway';
import { Construct } from 'constructs';
import { Variable, type Environment } from '../environment.js';
import { MINUTE } from '../stateful/alarms.js';
import type { StatefulStack } from '../stateful/stack.js';
import { statuses, type View } from '../views.js';
import { issuer } from './command-side.js';
import { log, Worker, type Common } from './worker.js';

/** The one entry point over HTTP: `/commands` and below is served by the write side's function, all else by the read side's. */
export class CommandApi extends Construct {
  readonly api: RestApi;

  constructor(scope: Construct, id: string, common: Common, stateful: StatefulStack, views: readonly View[]) {
    super(scope, id);
    const { options, alarms } = common;
    const { commits, state, commands, index, bus, stamps } = stateful;
    const worker = (name: string, api: string, environment: Environment) => {
      const made = new Worker(this, name, {
        ...common,
        binary: 'api',
        // above the longest wait that a client may ask for, below the gateway's own limit
        timeout: Duration.seconds(28),
        memory: 512,
        environment: {
          [Variable.api]: api,
          [Variable.ignoreStage]: 'true',
          ...index.environment,
          ...issuer(common, stateful),
          ...environment,
        },
      });
      stateful.issuerKeys?.grantRead(made);
      return made;
    };

    const write = worker('ApiCommands', 'commands', {
      [Variable.commandQueue]: commands.queue.queueUrl,
      [Variable.stampKeyParameter]: stamps.parameterName,
      [Variable.bus]: bus.eventBusName,
    });
    commands.queue.grant(write, 'sqs:SendMessage');
    bus.grantPutEventsTo(write);
    index.grantRead(write, statuses);
    stamps.grantRead(write);

    const read = worker('ApiQueries', 'queries', {
      [Variable.commitsTable]: commits.table.tableName,
      [Variable.stateTable]: state.table.tableName,
    });
    commits.grantRead(read);
    commits.grantScan(read);
    state.grantRead(read);
    for (const view of views) index.grantRead(read, view);
    index.grantScroll(read);
    index.grantHealth(read);

    this.api = new RestApi(this, 'Api', {
      description: 'Commands in, views out',
      endpointTypes: [EndpointType.REGIONAL],
      cloudWatchRole: true,
      deployOptions: {
        accessLogDestination: new LogGroupLogDestination(log(this, 'Log', options)),
        accessLogFormat: AccessLogFormat.jsonWithStandardFields({
          caller: false,
          httpMethod: true,
          ip: false,
          protocol: true,
          requestTime: true,
          resourcePath: true,
          responseLength: true,
          status: true,
          user: false,
        }),
      },
    });
    serve(this.api.root.addResource('commands'), write);
    serve(this.api.root, read);
    alarms.raise(this, 'Failing', {
      says: 'The API answers with errors of its own.',
      metric: this.api.metricServerError({ period: MINUTE, statistic: 'Sum' }),
      from: 5,
    });
    const reasons = {
      APIG2: 'every request is validated by the function, which names each violation by its pointer',
      APIG3: "a firewall is the deployment's own choice, before the stage",
      APIG4: 'tokens are verified and policies asked by the functions; health and descriptions are public',
      APIG6: "access is logged; the gateway's execution log would hold commands and tokens",
      COG4: 'tokens come from any issuer, not from a user pool',
      'IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]':
        'the policy that the gateway documents for its access log',
    };
    for (const [rule, reason] of Object.entries(reasons)) {
      Validations.of(this).acknowledge({ id: `AwsSolutions-${rule}`, reason });
    }
  }
}

/** Every method of a path, and of all below it. */
function serve(resource: IResource, worker: Worker): void {
  const integration = new LambdaIntegration(worker.function, { allowTestInvoke: false });
  resource.addMethod('ANY', integration);
  resource.addResource('{proxy+}').addMethod('ANY', integration);
}
