# What the module itself needs, then the template's own parameters in Terraform's spelling: null leaves the template's default.

variable "packaged_template" {
  description = "Path of the template as `sam package` wrote it: template.yaml with the functions' zips in S3."
  type        = string
}

variable "template_bucket" {
  description = "Bucket that the template is uploaded to, from which CloudFormation reads it; that of the zips will do."
  type        = string
}

variable "deploy_role_arn" {
  description = "The role by which CloudFormation deploys, an output of roles.yaml; null for the rights of whoever applies."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags on everything that the stack makes."
  type        = map(string)
  default     = {}
}

variable "stage" {
  description = "Which of the three accounts this is. Part of every name."
  type        = string

  validation {
    condition     = contains(["dev", "test", "prod"], var.stage)
    error_message = "expected dev, test or prod."
  }
}

variable "name_prefix" {
  description = "First part of every name. Another one for every further stack of the stage in this account, such as another team's; the same in all three accounts."
  type        = string
  default     = null
}

variable "existing_logs_bucket_name" {
  description = "A bucket of this account and region, to which applications write their logs already and which tells EventBridge of new objects; null for one of the stack's own."
  type        = string
  default     = null
}

variable "existing_logs_key_arn" {
  description = "The customer-managed key of that bucket, if it has one."
  type        = string
  default     = null
}

variable "existing_key_arn" {
  description = "A key for whatever the stack stores, with the statements of this template's Key in its policy; null for one of the stack's own."
  type        = string
  default     = null
}

variable "existing_alarm_topic_arn" {
  description = "A topic that alarms go to and CloudWatch may publish to; null for one of the stack's own."
  type        = string
  default     = null
}

variable "vpc_subnet_ids" {
  description = "Subnets in which functions run, from which the services of infra/README.md can be reached; null for no VPC."
  type        = list(string)
  default     = null
}

variable "vpc_security_group_ids" {
  description = "Security groups of the functions there, which need no way in."
  type        = list(string)
  default     = null
}

variable "permissions_boundary_arn" {
  description = "Managed policy that bounds every role of this stack; null for none."
  type        = string
  default     = null
}

variable "alarm_email" {
  description = "Address that alarms are mailed to (it must confirm the subscription); null for none."
  type        = string
  default     = null
}

variable "runbook_base" {
  description = "Where the pages of infra/runbooks are read; each alarm names its own below it."
  type        = string
  default     = null
}

variable "previous_stage_account_id" {
  description = "Account of the stage before this one, whose ModelApproved events this account's bus takes; null for none."
  type        = string
  default     = null
}

variable "next_stage_account_id" {
  description = "Account of the stage after this one, to whose bus ModelApproved events are forwarded; null for none."
  type        = string
  default     = null
}

variable "artifact_bucket_arns" {
  description = "ARNs of the buckets in which a team's SageMaker or MLflow keeps models; their files are taken over when a version is registered there. Null: nothing of those registries is heeded."
  type        = list(string)
  default     = null
}

variable "mlflow_secret_arn" {
  description = "Secret in Secrets Manager with which MLflow signs its webhooks; null for none, and then there is no address for them."
  type        = string
  default     = null
}

variable "collect_concurrency" {
  description = "Most copies of collect that the queue starts at the same time."
  type        = number
  default     = null
}

variable "drift_concurrency" {
  description = "Most copies of drift that the queue starts at the same time."
  type        = number
  default     = null
}

variable "performance_concurrency" {
  description = "Most copies of performance that the queue starts at the same time."
  type        = number
  default     = null
}

variable "validate_concurrency" {
  description = "Most copies of validate, and so most candidates that are judged, at the same time."
  type        = number
  default     = null
}

variable "log_retention_days" {
  description = "Days that the functions' own logs are kept."
  type        = number
  default     = null
}

variable "audit_retention_days" {
  description = "Days for which a signed checkpoint of the audit trail cannot be deleted; in prod by nobody, elsewhere not by accident."
  type        = number
  default     = null
}

variable "endpoint_origins" {
  description = "Addresses at which contracts may have a served candidate tested under load, such as https://model.test.example.com, separated by commas; null for none."
  type        = string
  default     = null
}

variable "sage_maker_endpoints" {
  description = "SageMaker endpoints of this account that contracts may have tested under load, by name, with * for any characters; null for none."
  type        = string
  default     = null
}
