import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal, type IGrantable, type IPrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { fileURLToPath } from 'node:url';
import type { Environment } from '../environment.js';
import type { Options } from '../options.js';
import { MINUTE, type Alarms } from '../stateful/alarms.js';

/** The repository's root. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** What every function of a deployment has in common. */
export interface Common {
  readonly options: Options;
  readonly alarms: Alarms;
}

export interface WorkerProps extends Common {
  /** The folder among the assets, if its name is not the function's. */
  readonly binary: string;
  readonly timeout: Duration;
  /** Megabytes; processor time comes in proportion. */
  readonly memory: number;
  readonly environment?: Environment;
}

/** Logs that are kept for a while and go with the stack. */
export function log(scope: Construct, id: string, options: Options): LogGroup {
  return new LogGroup(scope, id, {
    retention: options.logRetention,
    removalPolicy: RemovalPolicy.DESTROY,
  });
}

/** A function. Its role may write its own log, and what else it is granted. */
export class Worker extends Construct implements IGrantable {
  readonly function: Function;
  readonly grantPrincipal: IPrincipal;

  constructor(scope: Construct, id: string, props: WorkerProps) {
    super(scope, id);
    const { options, alarms } = props;
    const folder = resolve(ROOT, options.assets, props.binary);
    if (!existsSync(join(folder, 'bootstrap'))) {
      throw new Error(`there is no \`${options.assets}/${props.binary}/bootstrap\`: build the functions first`);
    }
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    const logGroup = log(this, 'Log', options);
    logGroup.grantWrite(role);
    this.grantPrincipal = role;
    this.function = new Function(this, 'Function', {
      role,
      logGroup,
      runtime: Runtime.PROVIDED_AL2023,
      architecture: options.architecture === 'arm64' ? Architecture.ARM_64 : Architecture.X86_64,
      handler: 'bootstrap',
      code: Code.fromAsset(folder),
      timeout: props.timeout,
      memorySize: props.memory,
      environment: props.environment ?? {},
    });
    alarms.raise(this, 'Throttled', {
      says: 'A function is throttled: it wants more concurrency than the account has left.',
      metric: this.function.metricThrottles({ period: MINUTE }),
      from: 1,
      periods: 5,
    });
    new CfnOutput(Stack.of(this), `${id}Function`, { value: this.function.functionName });
  }
}
