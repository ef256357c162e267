# The stack is the packaged template, the same that `sam deploy` deploys: there is one source of what it holds.

locals {
  given = {
    Stage                  = var.stage
    NamePrefix             = var.name_prefix
    ExistingLogsBucketName = var.existing_logs_bucket_name
    ExistingLogsKeyArn     = var.existing_logs_key_arn
    ExistingKeyArn         = var.existing_key_arn
    ExistingAlarmTopicArn  = var.existing_alarm_topic_arn
    VpcSubnetIds           = var.vpc_subnet_ids == null ? null : join(",", var.vpc_subnet_ids)
    VpcSecurityGroupIds    = var.vpc_security_group_ids == null ? null : join(",", var.vpc_security_group_ids)
    PermissionsBoundaryArn = var.permissions_boundary_arn
    AlarmEmail             = var.alarm_email
    RunbookBase            = var.runbook_base
    PreviousStageAccountId = var.previous_stage_account_id
    NextStageAccountId     = var.next_stage_account_id
    EndpointOrigins        = var.endpoint_origins
    SageMakerEndpoints     = var.sage_maker_endpoints
    ArtifactBucketArns     = var.artifact_bucket_arns == null ? null : join(",", var.artifact_bucket_arns)
    MlflowSecretArn        = var.mlflow_secret_arn
    CollectConcurrency     = var.collect_concurrency
    DriftConcurrency       = var.drift_concurrency
    PerformanceConcurrency = var.performance_concurrency
    ValidateConcurrency    = var.validate_concurrency
    LogRetentionDays       = var.log_retention_days
    AuditRetentionDays     = var.audit_retention_days
  }
}

# A template beyond 51,200 bytes is taken from S3 only. Its key says what it holds, so that a new one is a new stack update.
resource "aws_s3_object" "template" {
  bucket = var.template_bucket
  key    = "tidegate/${filesha256(var.packaged_template)}.yaml"
  source = var.packaged_template
}

resource "aws_cloudformation_stack" "this" {
  name         = "${coalesce(var.name_prefix, "tidegate")}-${var.stage}"
  template_url = "https://${var.template_bucket}.s3.${data.aws_region.here.name}.${data.aws_partition.here.dns_suffix}/${aws_s3_object.template.key}"
  parameters   = { for name, value in local.given : name => tostring(value) if value != null }
  capabilities = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"] # roles have names; SAM is a transform
  iam_role_arn = var.deploy_role_arn
  tags         = merge({ application = "tidegate", stage = var.stage }, var.tags)

  timeouts {
    create = "30m"
    update = "30m"
    delete = "30m"
  }
}

data "aws_region" "here" {}

data "aws_partition" "here" {}
