import { PolicyStatement, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';

/** The issuer's public keys, where they are at no URL: a JWKS that an operator puts. With none, no token is taken. */
export class IssuerKeys extends Construct {
  readonly parameter: StringParameter;

  constructor(scope: Construct, id: string, props: { issuer: string }) {
    super(scope, id);
    const description = `Public keys of the issuer ${props.issuer}, a JWKS`;
    this.parameter = new StringParameter(this, 'Parameter', { description, stringValue: '{"keys":[]}' });
  }

  /** Reading the keys. */
  grantRead(reader: IGrantable): void {
    reader.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({ actions: ['ssm:GetParameter'], resources: [this.parameter.parameterArn] }),
    );
  }
}
