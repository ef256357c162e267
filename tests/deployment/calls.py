"""The calls of boto3 that lines of infra/check/matrix/people.yaml stand for.

`WHERE` says by which parameters a service's calls name a resource, `CALLS` what else a call says. What the emulator cannot tell is in `UNASKED`, with the reason.
"""

import base64
import json

from botocore import xform_name

CLIENTS = {"states": "stepfunctions"}  # where boto3 calls a service otherwise than IAM
NOTHING = "00000000-0000-0000-0000-000000000000"
POLICY = json.dumps({"Version": "2012-10-17", "Statement": []})
STACK = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})


class At:
    """What a call is about: its ARN and the parts of it that parameters want."""

    def __init__(self, arn, account, said):
        self.arn, self.account, self.said = arn, account, said
        self.rest = arn.split(":", 5)[-1]
        self.name = self.rest.rsplit("/", 1)[-1].rsplit(":", 1)[-1]
        self.bucket, _, self.key = self.rest.partition("/")


def _object(at):
    return {"Bucket": at.bucket} | ({"Key": at.key} if at.key else {})


WHERE = {
    "athena": lambda at: {"WorkGroup": at.name},
    "cloudformation": lambda at: {"StackName": at.rest.split("/")[1]},
    "cloudwatch": lambda at: {},
    "dynamodb": lambda at: {"TableName": at.name},
    "events": lambda at: {},
    "glue": lambda at: {"DatabaseName": at.rest.split("/")[1]},
    "iam": lambda at: {"GroupName": at.name} if at.rest.startswith("group/") else {"RoleName": at.name},
    "kms": lambda at: {"KeyId": at.arn},
    "lambda": lambda at: {"FunctionName": at.name},
    "logs": lambda at: {"logGroupName": at.rest.split(":")[1]},
    "s3": _object,
    "scheduler": lambda at: {"GroupName": at.rest.split("/")[1], "Name": at.name},
    "sns": lambda at: {"TopicArn": at.arn},
    "sqs": lambda at: {"QueueUrl": f"{at.account.emulator.url}/{at.account.number}/{at.name}"},
    "states": lambda at: {},
    "sts": lambda at: {"RoleArn": at.arn},
}

KEY = {"Key": {"pk": {"S": "a"}, "sk": {"S": "a"}}}
ITEM = {"Item": KEY["Key"]}
UPDATE = {"UpdateExpression": "SET a = :a", "ExpressionAttributeValues": {":a": {"S": "a"}}}
CALLS = {  # what else a call says, and what it is called where its permission has another name
    "athena:CreateNamedQuery": {"Name": "mine", "Database": "d", "QueryString": "SELECT 1"},
    "athena:CreateWorkGroup": lambda at: {"Name": at.name, "WorkGroup": None},
    "athena:DeleteNamedQuery": lambda at: {"WorkGroup": None, "NamedQueryId": _query(at)},
    "athena:GetNamedQuery": lambda at: {"WorkGroup": None, "NamedQueryId": _query(at)},
    "athena:GetQueryExecution": lambda at: {"WorkGroup": None, "QueryExecutionId": _asked(at)},
    "athena:GetQueryResults": lambda at: {"WorkGroup": None, "QueryExecutionId": _asked(at)},
    "athena:StartQueryExecution": {"QueryString": "SELECT 1"},
    "athena:StopQueryExecution": lambda at: {"WorkGroup": None, "QueryExecutionId": _asked(at)},
    "athena:TagResource": lambda at: {"WorkGroup": None, "ResourceARN": at.arn, "Tags": [{"Key": "team", "Value": "mine"}]},
    "cloudformation:CreateChangeSet": lambda at: _mine(at) | {"ChangeSetName": "mine", "ChangeSetType": "CREATE", "TemplateBody": STACK},
    "cloudformation:CreateStack": lambda at: _mine(at) | {"TemplateBody": STACK},
    "cloudformation:DeleteChangeSet": lambda at: _mine(at) | {"ChangeSetName": "mine"},
    "cloudformation:DeleteStack": lambda at: _mine(at),
    "cloudformation:DescribeChangeSet": lambda at: _mine(at) | {"ChangeSetName": "mine"},
    "cloudformation:ExecuteChangeSet": lambda at: _mine(at) | {"ChangeSetName": "mine"},
    "cloudformation:ListChangeSets": lambda at: _mine(at),
    "cloudformation:UpdateStack": lambda at: _mine(at) | {"TemplateBody": STACK.replace("Topic", "Other", 1)},
    "cloudwatch:GetDashboard": lambda at: {"DashboardName": at.name},
    "cloudwatch:GetMetricData": {"MetricDataQueries": [], "StartTime": 0, "EndTime": 60},
    "cloudwatch:GetMetricStatistics": {"Namespace": "Tidegate", "MetricName": "State", "StartTime": 0, "EndTime": 60, "Period": 60, "Statistics": ["Maximum"]},
    "dynamodb:GetItem": KEY,
    "dynamodb:Query": {"KeyConditionExpression": "pk = :a", "ExpressionAttributeValues": {":a": {"S": "a"}}},
    "dynamodb:PutItem": ITEM,
    "dynamodb:UpdateItem": KEY,
    "dynamodb:DeleteItem": KEY,
    "dynamodb:BatchWriteItem": lambda at: {"TableName": None, "RequestItems": {at.name: [{"DeleteRequest": KEY}]}},
    "dynamodb:PartiQLInsert": ("execute_statement", lambda at: _statement(at, "INSERT INTO {} VALUE {{'pk': 'a', 'sk': 'a'}}")),
    "dynamodb:PartiQLUpdate": ("execute_statement", lambda at: _statement(at, "UPDATE {} SET a = 'a' WHERE pk = 'a' AND sk = 'a'")),
    "dynamodb:PartiQLDelete": ("execute_statement", lambda at: _statement(at, "DELETE FROM {} WHERE pk = 'a' AND sk = 'a'")),
    "dynamodb:UpdateTable": {"DeletionProtectionEnabled": False},
    "dynamodb:UpdateContinuousBackups": {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": False}},
    "dynamodb:UpdateTimeToLive": {"TimeToLiveSpecification": {"Enabled": False, "AttributeName": "expires"}},
    "events:PutEvents": lambda at: {"Entries": [{"EventBusName": at.name, "Source": "tidegate", "DetailType": "ModelApproved", "Detail": "{}"}]},
    "glue:GetDatabase": lambda at: {"DatabaseName": None, "Name": at.name},
    "glue:GetTable": lambda at: {"Name": at.name},
    "glue:GetPartitions": lambda at: {"TableName": at.name},
    "glue:GetPartition": lambda at: {"TableName": at.name, "PartitionValues": ["a"]},
    "iam:AddUserToGroup": {"UserName": "somebody"},
    "iam:RemoveUserFromGroup": {"UserName": "somebody"},
    "iam:PutRolePolicy": {"PolicyName": "more", "PolicyDocument": POLICY},
    "iam:AttachRolePolicy": {"PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},
    "iam:UpdateAssumeRolePolicy": {"PolicyDocument": POLICY},
    "iam:PutRolePermissionsBoundary": {"PermissionsBoundary": "arn:aws:iam::aws:policy/AdministratorAccess"},
    "iam:CreatePolicyVersion": lambda at: {"RoleName": None, "PolicyArn": at.arn, "PolicyDocument": POLICY},
    "iam:CreateUser": {"RoleName": None, "UserName": "somebody-else"},
    "kms:GenerateMac": {"Message": b"x", "MacAlgorithm": "HMAC_SHA_256"},
    "kms:VerifyMac": {"Message": b"x", "MacAlgorithm": "HMAC_SHA_256", "Mac": b"x"},
    "kms:Sign": {"Message": b"x", "SigningAlgorithm": "ECDSA_SHA_256"},
    "kms:Decrypt": {"CiphertextBlob": b"x"},
    "kms:GenerateDataKey": {"KeySpec": "AES_256"},
    "kms:PutKeyPolicy": {"Policy": POLICY},
    "kms:CreateGrant": lambda at: {"GranteePrincipal": f"arn:aws:iam::{at.account.number}:root", "Operations": ["Sign"]},
    "lambda:InvokeFunction": ("invoke", {"InvocationType": "DryRun"}),
    "lambda:UpdateFunctionCode": {"ZipFile": b"x"},
    "lambda:AddPermission": {"StatementId": "more", "Action": "lambda:InvokeFunction", "Principal": "*"},
    "logs:DescribeLogGroups": {"logGroupName": None},
    "logs:GetLogEvents": {"logStreamName": "none"},
    "logs:DeleteLogStream": {"logStreamName": "none"},
    "logs:PutRetentionPolicy": {"retentionInDays": 1},
    "logs:StartQuery": {"startTime": 0, "endTime": 60, "queryString": "fields @message"},
    "logs:GetQueryResults": {"logGroupName": None, "queryId": NOTHING},
    "logs:StopQuery": {"logGroupName": None, "queryId": NOTHING},
    "s3:ListBucket": ("list_objects_v2", lambda at: {"Prefix": at.said.get("s3:prefix", "")}),
    "s3:PutObject": lambda at: {"Body": b"x"} | ({"IfNoneMatch": "*"} if "s3:if-none-match" in at.said else {}),
    "s3:GetObjectVersion": ("get_object", lambda at: {"VersionId": at.account.client("s3").head_object(Bucket=at.bucket, Key=at.key).get("VersionId")}),
    "s3:DeleteObjectVersion": ("delete_object", {"VersionId": "null"}),
    "s3:BypassGovernanceRetention": ("delete_object", {"BypassGovernanceRetention": True}),
    "s3:AbortMultipartUpload": {"UploadId": "none"},
    "s3:PutObjectRetention": {"Retention": {"Mode": "GOVERNANCE", "RetainUntilDate": 0}},
    "s3:PutBucketObjectLockConfiguration": ("put_object_lock_configuration", {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}}),
    "s3:PutLifecycleConfiguration": ("put_bucket_lifecycle_configuration", {"LifecycleConfiguration": {"Rules": []}}),
    "s3:PutBucketVersioning": {"VersioningConfiguration": {"Status": "Suspended"}},
    "s3:PutBucketPolicy": {"Policy": POLICY},
    "scheduler:UpdateSchedule": lambda at: _schedule(at),
    "sns:Subscribe": lambda at: {"Protocol": at.said["sns:Protocol"], "Endpoint": at.said["sns:Endpoint"]},
    "sns:Publish": {"Message": "x"},
    "sns:SetTopicAttributes": {"AttributeName": "DisplayName", "AttributeValue": "x"},
    "sns:GetSubscriptionAttributes": lambda at: {"TopicArn": None, "SubscriptionArn": f"{at.arn}:{NOTHING}"},
    "sns:SetSubscriptionAttributes": lambda at: {"TopicArn": None, "SubscriptionArn": f"{at.arn}:{NOTHING}", "AttributeName": "FilterPolicy", "AttributeValue": "{}"},
    "sns:Unsubscribe": lambda at: {"TopicArn": None, "SubscriptionArn": f"{at.arn}:{NOTHING}"},
    "sqs:GetQueueAttributes": {"AttributeNames": ["All"]},
    "sqs:GetQueueUrl": lambda at: {"QueueUrl": None, "QueueName": at.name},
    "sqs:SendMessage": {"MessageBody": "{}"},
    "sqs:DeleteMessage": {"ReceiptHandle": "none"},
    "sqs:SetQueueAttributes": {"Attributes": {"VisibilityTimeout": "1"}},
    "sqs:StartMessageMoveTask": lambda at: {"QueueUrl": None, "SourceArn": at.arn},
    "sqs:ListMessageMoveTasks": lambda at: {"QueueUrl": None, "SourceArn": at.arn},
    "sqs:CancelMessageMoveTask": lambda at: {"QueueUrl": None, "TaskHandle": _handle(at)},
    "states:StartExecution": lambda at: {"stateMachineArn": at.arn, "name": "1", "input": '{"prefix": "nothing/"}'},
    "states:DescribeExecution": lambda at: {"executionArn": at.arn},
    "states:StopExecution": lambda at: {"executionArn": at.arn},
    "states:RedriveExecution": lambda at: {"executionArn": at.arn},
    "states:ListMapRuns": lambda at: {"executionArn": at.arn},
    "states:DescribeMapRun": lambda at: {"mapRunArn": at.arn},
    "states:UpdateMapRun": lambda at: {"mapRunArn": at.arn, "maxConcurrency": 1},
    "sts:AssumeRole": {"RoleSessionName": "more"},
}


ANSWERED = {  # how a line begins → what whoever is allowed may hear of something that is not there, or not in that state
    "cloudformation:CancelUpdateStack": "ValidationError",
    "cloudformation:ContinueUpdateRollback": "ValidationError",
    "athena:GetQueryResults": "InvalidRequestException",
    "cloudformation:DescribeStacks sam-stack": "ValidationError",
    "glue:GetPartition": "EntityNotFoundException",
    "iam:RemoveUserFromGroup": "NoSuchEntity",
    "logs:GetLogEvents": "ResourceNotFoundException",
    "logs:GetQueryResults": "ResourceNotFoundException",
    "s3:AbortMultipartUpload": "NoSuchUpload",
    "sns:GetSubscriptionAttributes": "NotFound",
    "sqs:CancelMessageMoveTask": "ResourceNotFoundException",
    "sqs:DeleteMessage": "ReceiptHandleIsInvalid",
    "states:DescribeMapRun": "ResourceNotFound",
    "states:UpdateMapRun": "ResourceNotFound",
}
UNASKED = {  # how a line begins → why the emulator cannot tell: a gap of gaps.py, which asks whether it is still so; infra/check simulates all of them
    "kms:Decrypt key:data via": "no service asks the key that it encrypts with",
    "kms:GenerateDataKey key:data via": "no service asks the key that it encrypts with",
    "kms:DescribeKey key:data via": "no service asks the key that it encrypts with",
    "iam:PassRole": "nobody is asked for leave to hand over a role",
    "glue:GetDatabase catalog": "a database is not in its catalogue",
    "cloudwatch:GetDashboard": "a dashboard is not known by its name",
    "athena:UpdateNamedQuery": "a named query is not changed",
    "states:RedriveExecution": "an execution is not redriven",
}


def _mine(at):
    """Another stack of the same kind, so that the real one stays."""
    name = at.rest.split("/")[1] + "-mine"
    return {"StackName": name} | ({"RoleARN": at.said["cloudformation:RoleArn"]} if "cloudformation:RoleArn" in at.said else {})


def _statement(at, text):
    return {"TableName": None, "Statement": text.format(f'"{at.name}"')}


def _query(at):
    """A named query of the workgroup."""
    return at.account.client("athena").create_named_query(WorkGroup=at.name, Name="mine", Database="d", QueryString="SELECT 1")["NamedQueryId"]


def _asked(at):
    """A question that somebody asked in the workgroup."""
    return at.account.client("athena").start_query_execution(WorkGroup=at.name, QueryString="SELECT 1")["QueryExecutionId"]


def _schedule(at):
    said = at.account.client("scheduler").get_schedule(GroupName=at.rest.split("/")[1], Name=at.name)
    return {name: said[name] for name in ("ScheduleExpression", "FlexibleTimeWindow", "Target", "State")}


def _handle(at):
    """The handle of a move of dead letters, as SQS writes it."""
    return base64.b64encode(json.dumps({"taskId": NOTHING, "sourceArn": at.arn}).encode()).decode()


def _transaction(operation, at):
    item = {"Put": {"TableName": at.name, **ITEM}} if operation == "PutItem" else {"Update": {"TableName": at.name, **KEY, **UPDATE}}
    return {"TransactItems": [item]}


def call(action, at):
    """(service, method, parameters) of an action on something, for boto3."""
    service, _, operation = action.partition(":")
    if "dynamodb:EnclosingOperation" in at.said:
        return service, "transact_write_items", _transaction(operation, at)
    more = CALLS.get(action, {})
    method, more = more if isinstance(more, tuple) else (xform_name(operation), more)
    found = (WHERE[service](at) if at.arn != "*" else {}) | (more(at) if callable(more) else more)
    return CLIENTS.get(service, service), method, {name: value for name, value in found.items() if value is not None}
