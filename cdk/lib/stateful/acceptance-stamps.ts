import { RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';

/**
 * The key of acceptance stamps: they tell when a given-up command was first accepted, and a redrive believes them. It
 * is made by the deployment, known to nobody, and read as a parameter.
 */
export class AcceptanceStamps extends Construct {
  readonly secret: Secret;
  readonly parameterName: string;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    // of a name of its own: the parameter is found by it
    const secretName = `${Stack.of(this).stackName}/acceptance-stamps`;
    this.secret = new Secret(this, 'Key', {
      secretName,
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.parameterName = `/aws/reference/secretsmanager/${secretName}`;
    Validations.of(this.secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason: 'another key would make void the stamps of what lies in the inbox',
    });
  }

  /** Reading the key, to make and to believe stamps. */
  grantRead(reader: IGrantable): void {
    const parameter = Stack.of(this).formatArn({ service: 'ssm', resource: 'parameter' }) + this.parameterName;
    this.secret.grantRead(reader);
    reader.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({ actions: ['ssm:GetParameter'], resources: [parameter] }),
    );
  }
}
