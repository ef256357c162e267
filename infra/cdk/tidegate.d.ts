// Written by hand, checked against template.yaml: every parameter is a prop, every output a property.
import { CfnInclude } from 'aws-cdk-lib/cloudformation-include'
import { Construct } from 'constructs'

export interface TidegateProps {
  /** Path of the template as `sam package` wrote it. */
  readonly packagedTemplate: string
  /** Which of the three accounts this is. Part of every name. */
  readonly stage: 'dev' | 'test' | 'prod'
  /** First part of every name. Another one for every further stack of the stage in this account, such as another team's; the same in all three accounts. */
  readonly namePrefix?: string
  /** A bucket of this account and region, to which applications write their logs already and which tells EventBridge of new objects; empty for one of the stack's own. */
  readonly existingLogsBucketName?: string
  /** The customer-managed key of that bucket, if it has one. */
  readonly existingLogsKeyArn?: string
  /** A key for whatever the stack stores, with the statements of this template's Key in its policy; empty for one of the stack's own. */
  readonly existingKeyArn?: string
  /** A topic that alarms go to and CloudWatch may publish to; empty for one of the stack's own. */
  readonly existingAlarmTopicArn?: string
  /** Subnets in which functions run, from which the services of infra/README.md can be reached; empty for no VPC. */
  readonly vpcSubnetIds?: string[]
  /** Security groups of the functions there, which need no way in. */
  readonly vpcSecurityGroupIds?: string[]
  /** Managed policy that bounds every role of this stack; empty for none. */
  readonly permissionsBoundaryArn?: string
  /** Address that alarms are mailed to (it must confirm the subscription); empty for none. */
  readonly alarmEmail?: string
  /** Where the pages of infra/runbooks are read; each alarm names its own below it. */
  readonly runbookBase?: string
  /** Account of the stage before this one, whose ModelApproved events this account's bus takes; empty for none. */
  readonly previousStageAccountId?: string
  /** Account of the stage after this one, to whose bus ModelApproved events are forwarded; empty for none. */
  readonly nextStageAccountId?: string
  /** Addresses at which contracts may have a served candidate tested under load, such as https://model.test.example.com, separated by commas; empty for none. */
  readonly endpointOrigins?: string
  /** SageMaker endpoints of this account that contracts may have tested under load, by name, with * for any characters; empty for none. */
  readonly sageMakerEndpoints?: string
  /** ARNs of the buckets in which a team's SageMaker or MLflow keeps models; their files are taken over when a version is registered there. Empty: nothing of those registries is heeded. */
  readonly artifactBucketArns?: string[]
  /** Secret in Secrets Manager with which MLflow signs its webhooks; empty for none, and then there is no address for them. */
  readonly mlflowSecretArn?: string
  /** Most copies of collect that the queue starts at the same time. */
  readonly collectConcurrency?: number
  /** Most copies of drift that the queue starts at the same time. */
  readonly driftConcurrency?: number
  /** Most copies of performance that the queue starts at the same time. */
  readonly performanceConcurrency?: number
  /** Most copies of validate, and so most candidates that are judged, at the same time. */
  readonly validateConcurrency?: number
  /** Days that the functions' own logs are kept. */
  readonly logRetentionDays?: number
  /** Days for which a signed checkpoint of the audit trail cannot be deleted; in prod by nobody, elsewhere not by accident. */
  readonly auditRetentionDays?: number
}

export declare class Tidegate extends Construct {
  constructor(scope: Construct, id: string, props: TidegateProps)
  /** The included template, for whatever has no prop. */
  readonly template: CfnInclude
  /** Applications put their scoring logs here. */
  readonly logsBucketName: string
  /** Teams put contracts (contracts/<model>.yaml), training sets (datasets/<model>/…), evaluation sets (evaluations/<model>/…) and candidates (candidates/<model>/<run>/…) here. */
  readonly modelsBucketName: string
  /** Records, truth, profiles, receipts and reports; artifacts and what they were judged by. */
  readonly lakeBucketName: string
  /** The key of whatever the stack stores; a parameter of lake.yaml. */
  readonly keyArn: string
  readonly registryTableName: string
  /** Where `tidegate rollback` and `tidegate retrain` send their commands. */
  readonly registryQueueUrl: string
  /** Where `tidegate dataset publish` asks for a window of collected records. */
  readonly collectQueueUrl: string
  /** Signed checkpoints of the audit trail. */
  readonly auditBucketName: string
  /** The key that signs them; keep a copy of its public half. */
  readonly signingKeyArn: string
  /** Where decision links lead. */
  readonly decisionEndpoint: string
  /** What MLflow's webhook calls, where there is a secret for it. */
  readonly mlflowWebhookUrl: string
  /** The key that makes and verifies them. */
  readonly linkKeyArn: string
  /** Subscribe whoever answers for a model, with a filter on `model` or `severity`. */
  readonly alertTopicArn: string
  /** Subscribe Slack and Teams channels, through Amazon Q Developer in chat applications. */
  readonly chatTopicArn: string
  /** Where `tidegate approvers` subscribes those who decide. */
  readonly decisionTopicArn: string
  /** Where pipelines listen. */
  readonly eventBusName: string
  readonly collectDeadLettersUrl: string
  readonly driftDeadLettersUrl: string
  readonly performanceDeadLettersUrl: string
  readonly validateDeadLettersUrl: string
  readonly registryDeadLettersUrl: string
  readonly notifyDeadLettersUrl: string
  readonly eventDeadLettersUrl: string
  readonly alarmTopicArn: string
}
