import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, TreatMissingData, type IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';

/** When somebody should look. */
export interface Trouble {
  /** What it means, for whoever is woken. */
  readonly says: string;
  readonly metric: IMetric;
  /** Raised at this value and above. */
  readonly from: number;
  /** For this many of the metric's periods in a row; 1 if absent. */
  readonly periods?: number;
}

/** The period that alarms look at. */
export const MINUTE = Duration.minutes(1);

/** Where alarms are told: a topic that operators subscribe to. */
export class Alarms extends Construct {
  readonly topic: Topic;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.topic = new Topic(this, 'Topic', { enforceSSL: true });
    this.topic.grantPublish(new ServicePrincipal('cloudwatch.amazonaws.com'));
  }

  /** Raises an alarm of the construct that is in trouble. */
  raise(scope: Construct, id: string, trouble: Trouble): void {
    new Alarm(scope, id, {
      alarmDescription: trouble.says,
      metric: trouble.metric,
      threshold: trouble.from,
      evaluationPeriods: trouble.periods ?? 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    }).addAlarmAction(new SnsAction(this.topic));
  }
}
