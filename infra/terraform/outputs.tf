# The stack's outputs, in Terraform's spelling.

output "logs_bucket_name" {
  description = "Applications put their scoring logs here."
  value       = aws_cloudformation_stack.this.outputs["LogsBucketName"]
}

output "models_bucket_name" {
  description = "Teams put contracts (contracts/<model>.yaml), training sets (datasets/<model>/…), evaluation sets (evaluations/<model>/…) and candidates (candidates/<model>/<run>/…) here."
  value       = aws_cloudformation_stack.this.outputs["ModelsBucketName"]
}

output "lake_bucket_name" {
  description = "Records, truth, profiles, receipts and reports; artifacts and what they were judged by."
  value       = aws_cloudformation_stack.this.outputs["LakeBucketName"]
}

output "key_arn" {
  description = "The key of whatever the stack stores; a parameter of lake.yaml."
  value       = aws_cloudformation_stack.this.outputs["KeyArn"]
}

output "registry_table_name" {
  value = aws_cloudformation_stack.this.outputs["RegistryTableName"]
}

output "registry_queue_url" {
  description = "Where `tidegate rollback` and `tidegate retrain` send their commands."
  value       = aws_cloudformation_stack.this.outputs["RegistryQueueUrl"]
}

output "collect_queue_url" {
  description = "Where `tidegate dataset publish` asks for a window of collected records."
  value       = aws_cloudformation_stack.this.outputs["CollectQueueUrl"]
}

output "audit_bucket_name" {
  description = "Signed checkpoints of the audit trail."
  value       = aws_cloudformation_stack.this.outputs["AuditBucketName"]
}

output "signing_key_arn" {
  description = "The key that signs them; keep a copy of its public half."
  value       = aws_cloudformation_stack.this.outputs["SigningKeyArn"]
}

output "decision_endpoint" {
  description = "Where decision links lead."
  value       = aws_cloudformation_stack.this.outputs["DecisionEndpoint"]
}

output "mlflow_webhook_url" {
  description = "What MLflow's webhook calls; null without a secret for it."
  value       = try(aws_cloudformation_stack.this.outputs["MlflowWebhookUrl"], null)
}

output "link_key_arn" {
  description = "The key that makes and verifies them."
  value       = aws_cloudformation_stack.this.outputs["LinkKeyArn"]
}

output "alert_topic_arn" {
  description = "Subscribe whoever answers for a model, with a filter on `model` or `severity`."
  value       = aws_cloudformation_stack.this.outputs["AlertTopicArn"]
}

output "chat_topic_arn" {
  description = "Subscribe Slack and Teams channels, through Amazon Q Developer in chat applications."
  value       = aws_cloudformation_stack.this.outputs["ChatTopicArn"]
}

output "decision_topic_arn" {
  description = "Where `tidegate approvers` subscribes those who decide."
  value       = aws_cloudformation_stack.this.outputs["DecisionTopicArn"]
}

output "event_bus_name" {
  description = "Where pipelines listen."
  value       = aws_cloudformation_stack.this.outputs["EventBusName"]
}

output "collect_dead_letters_url" {
  value = aws_cloudformation_stack.this.outputs["CollectDeadLettersUrl"]
}

output "drift_dead_letters_url" {
  value = aws_cloudformation_stack.this.outputs["DriftDeadLettersUrl"]
}

output "performance_dead_letters_url" {
  value = aws_cloudformation_stack.this.outputs["PerformanceDeadLettersUrl"]
}

output "validate_dead_letters_url" {
  value = aws_cloudformation_stack.this.outputs["ValidateDeadLettersUrl"]
}

output "registry_dead_letters_url" {
  value = aws_cloudformation_stack.this.outputs["RegistryDeadLettersUrl"]
}

output "notify_dead_letters_url" {
  value = aws_cloudformation_stack.this.outputs["NotifyDeadLettersUrl"]
}

output "event_dead_letters_url" {
  value = aws_cloudformation_stack.this.outputs["EventDeadLettersUrl"]
}

output "alarm_topic_arn" {
  value = aws_cloudformation_stack.this.outputs["AlarmTopicArn"]
}
