"""Existing pieces: what the stack becomes with a logs bucket, a key, a VPC, a topic, a boundary, a prefix of somebody's own, and without.

Rules take what the template comes to with these parameters (Resolved), once with the piece and once without; BROKEN holds templates that
one of them must refuse.
"""

import json

from named import AFTER, BEFORE
from resolve import ACCOUNT, REGION, Resolved
from rules import JOIN_A_VPC
from template import INFRA, many

PIECES = {
    "ExistingLogsBucketName": "payments-logs",
    "ExistingLogsKeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/logs",
    "ExistingKeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/everything",
    "ExistingAlarmTopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:pager",
    "VpcSubnetIds": "subnet-1,subnet-2",
    "VpcSecurityGroupIds": "sg-1",
    "PermissionsBoundaryArn": f"arn:aws:iam::{ACCOUNT}:policy/boundary",
    "NamePrefix": "payments",
}
# What is kept when the stack goes.
KEPT = {"AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::Logs::LogGroup"}
FUNCTIONS = 7


def with_pieces(template, **pieces):
    return Resolved(template, Stage="test", PreviousStageAccountId=BEFORE, NextStageAccountId=AFTER, **pieces)


def statements(stack, role):
    found = dict(stack.of("AWS::IAM::Role"))[role]
    return [s for policy in found["Policies"] for s in policy["PolicyDocument"]["Statement"]]


def allowed(document, service):
    """aws:SourceArn of whom a policy lets send for this service."""
    return [
        arn
        for s in document["Statement"]
        if s["Effect"] == "Allow" and s["Principal"] == {"Service": service}
        for arn in many(s["Condition"].get("ArnEquals", s["Condition"].get("ArnLike", {})).get("aws:SourceArn", []))
    ]


def queue_policies(stack, queue):
    return [policy["PolicyDocument"] for _, policy in stack.of("AWS::SQS::QueuePolicy") if queue in policy["Queues"]]


def logs_come_from_the_bucket_that_was_there(template):
    name = PIECES["ExistingLogsBucketName"]
    has = with_pieces(template, ExistingLogsBucketName=name, ExistingLogsKeyArn=PIECES["ExistingLogsKeyArn"])
    made = {bucket["BucketName"] for _, bucket in has.of("AWS::S3::Bucket")}
    if any("-logs-" in bucket for bucket in made):
        yield f"a logs bucket is made beside {name}"
    rules = [rule for _, rule in has.of("AWS::Events::Rule") if rule["EventPattern"].get("detail", {}).get("bucket", {}).get("name") == [name]]
    if len(rules) != 1 or rules[0]["EventPattern"]["source"] != ["aws.s3"] or rules[0]["EventPattern"]["detail-type"] != ["Object Created"]:
        yield f"{name}: no rule hears of its new objects"
        return
    if "EventBusName" in rules[0]:
        yield f"{name}: S3 tells the account's default bus, and the rule is on another"
    queue = has.arn("CollectQueue")
    arn = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{rules[0]['Name']}"
    if [aim["Arn"] for aim in rules[0]["Targets"]] != [queue]:
        yield f"{name}: its objects do not come to collect's queue"
    for needed in (queue.rsplit(":", 1)[1], rules[0]["Targets"][0].get("DeadLetterConfig", {}).get("Arn", "").rsplit(":", 1)[-1]):
        if not any(arn in allowed(policy, "events.amazonaws.com") for policy in queue_policies(has, needed)):
            yield f"{needed}: its policy does not let the rule send"
    key = dict(has.of("AWS::KMS::Key"))["Key"]["KeyPolicy"]
    if arn not in allowed(key, "events.amazonaws.com"):
        yield "Key: its policy does not let the rule encrypt"
    collect = dict(has.of("AWS::Lambda::Function"))["CollectFunction"]["Environment"]["Variables"]
    if collect["LOGS_BUCKET"] != name:
        yield f"collect is told of {collect['LOGS_BUCKET']}, expected {name}"
    said = json.dumps(statements(has, "CollectRole"))
    for wanted in (f"arn:aws:s3:::{name}/*", f'"arn:aws:s3:::{name}"', PIECES["ExistingLogsKeyArn"]):
        if wanted not in said:
            yield f"collect may not use {wanted}"
    if "-logs-" in said:
        yield "collect may read a logs bucket that is not there"
    without = with_pieces(template)
    if not any("-logs-" in bucket["BucketName"] for _, bucket in without.of("AWS::S3::Bucket")) or any("aws.s3" in str(rule) for _, rule in without.of("AWS::Events::Rule")):
        yield "without an existing bucket: no logs bucket, or a rule for one"
    if "payments" in json.dumps(statements(without, "CollectRole")):
        yield "without an existing bucket: collect may read one"


def everything_is_encrypted_with_the_key_that_was_there(template):
    for pieces, expected in (({}, f"arn:aws:kms:{REGION}:{ACCOUNT}:key/Key"), ({"ExistingKeyArn": PIECES["ExistingKeyArn"]}, PIECES["ExistingKeyArn"])):
        stack = with_pieces(template, **pieces)
        if ("Key" in dict(stack.of("AWS::KMS::Key"))) == bool(pieces):
            yield f"with {pieces}: a key of its own is made beside it, or none is made"
        for kind, key in (("AWS::SQS::Queue", "KmsMasterKeyId"), ("AWS::SNS::Topic", "KmsMasterKeyId"), ("AWS::Logs::LogGroup", "KmsKeyId")):
            yield from (f"{name}: encrypted with {p.get(key)}, expected {expected}" for name, p in stack.of(kind) if p.get(key) != expected)
        for kind in ("AWS::S3::Bucket", "AWS::DynamoDB::Table"):
            yield from (f"{name}: not encrypted with {expected}" for name, p in stack.of(kind) if f"'KMSMasterKey{'ID' if kind.endswith('Bucket') else 'Id'}': '{expected}'" not in str(p))
        for name, _ in stack.of("AWS::IAM::Role"):
            for s in statements(stack, name):
                if s["Sid"].startswith("UseTheKey") and s["Sid"] != "UseTheKeyOfTheLogsBucket" and s["Resource"] != expected:
                    yield f"{name}: {s['Sid']} is about {s['Resource']}, expected {expected}"


def functions_join_the_vpc_that_was_there(template):
    has = with_pieces(template, VpcSubnetIds=PIECES["VpcSubnetIds"], VpcSecurityGroupIds=PIECES["VpcSecurityGroupIds"])
    roles = {}
    for name, function in has.of("AWS::Lambda::Function"):
        if function.get("VpcConfig") != {"SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]}:
            yield f"{name}: not in the VPC"
        roles[name] = name.replace("Function", "Role")
    if len(roles) != FUNCTIONS:
        yield f"{len(roles)} functions, expected {FUNCTIONS}"
    for name, role in roles.items():
        granted = {action for s in statements(has, role) for action in many(s["Action"])}
        if not granted >= JOIN_A_VPC:
            yield f"{name}: may not join it: {sorted(JOIN_A_VPC - granted)}"
    without = with_pieces(template)
    yield from (f"{name}: in a VPC that nobody named" for name, function in without.of("AWS::Lambda::Function") if "VpcConfig" in function)
    yield from (f"{role}: may make network interfaces for nothing" for role in roles.values() if "ec2:" in json.dumps(statements(without, role)))


def alarms_go_to_the_topic_that_was_there(template):
    pager = PIECES["ExistingAlarmTopicArn"]
    has, without = with_pieces(template, ExistingAlarmTopicArn=pager, AlarmEmail="a@example.com"), with_pieces(template)
    own = without.arn("AlarmTopic")
    for stack, expected in ((has, pager), (without, own)):
        for name, alarm in stack.of("AWS::CloudWatch::Alarm"):
            if alarm["AlarmActions"] != [expected] or alarm["OKActions"] != [expected]:
                yield f"{name}: tells {alarm['AlarmActions']}, expected {expected}"
    if any(topic["TopicName"].endswith("-alarms") for _, topic in has.of("AWS::SNS::Topic")) or "AlarmTopic" not in dict(without.of("AWS::SNS::Topic")):
        yield "a topic of alarms is made beside the one that was there, or none without it"
    yield from (f"{name}: subscribes to {s['TopicArn']}" for name, s in has.of("AWS::SNS::Subscription") if s["TopicArn"] != pager)


def every_role_takes_the_boundary_that_was_there(template):
    boundary = PIECES["PermissionsBoundaryArn"]
    has, without = with_pieces(template, PermissionsBoundaryArn=boundary), with_pieces(template)
    yield from (f"{name}: not bounded" for name, role in has.of("AWS::IAM::Role") if role.get("PermissionsBoundary") != boundary)
    yield from (f"{name}: bounded by nobody" for name, role in without.of("AWS::IAM::Role") if "PermissionsBoundary" in role)


def two_teams_share_nothing(template):
    """Two stacks of one stage in one account: no name of one is said in the other, and none is too long."""
    longest = "a-prefix-this-long"
    stack = with_pieces(template, NamePrefix=longest)
    for name, resource in template["Resources"].items():
        if "tidegate-" in json.dumps(stack.value(resource.get("Properties", {}))).replace("tidegate-tests", ""):
            yield f"{name}: says a name of the stack without a prefix"
    for kind, named, most in (("AWS::IAM::Role", "RoleName", 64), ("AWS::S3::Bucket", "BucketName", 63), ("AWS::SQS::Queue", "QueueName", 80), ("AWS::Lambda::Function", "FunctionName", 64)):
        for name, properties in stack.of(kind):
            found = len(properties[named].replace(REGION, "ap-southeast-1").replace("-test-", "-prod-"))
            if found > most:
                yield f"{name}: a name of {found} characters with the longest prefix, at most {most} are taken"


def data_stay_when_the_stack_goes(template):
    for name, resource in template["Resources"].items():
        if resource["Type"] in KEPT and (resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy")) != ("RetainExceptOnCreate", "Retain"):
            yield f"{name}: goes with the stack, or with its replacement"


def every_stage_is_tagged():
    text = (INFRA / "samconfig.toml").read_text(encoding="utf-8")
    yield from (f"samconfig.toml: {stage} puts no tag of its stage" for stage in ("dev", "test", "prod") if f'"stage={stage}"' not in text)


RULES = [
    logs_come_from_the_bucket_that_was_there,
    everything_is_encrypted_with_the_key_that_was_there,
    functions_join_the_vpc_that_was_there,
    alarms_go_to_the_topic_that_was_there,
    every_role_takes_the_boundary_that_was_there,
    two_teams_share_nothing,
    data_stay_when_the_stack_goes,
]


def of(template, name):
    return template["Resources"][name]["Properties"]


def statement(template, role, sid):
    return next(s for s in of(template, role)["Policies"][0]["PolicyDocument"]["Statement"] if s.get("Sid") == sid)


def unconditional(name):
    return lambda t: t["Resources"][name].pop("Condition")


BROKEN = [
    (logs_come_from_the_bucket_that_was_there, unconditional("LogsBucket")),
    (logs_come_from_the_bucket_that_was_there, unconditional("LogsRule")),
    (logs_come_from_the_bucket_that_was_there, lambda t: of(t, "LogsRule")["EventPattern"].update({"detail-type": ["Object Deleted"]})),
    (logs_come_from_the_bucket_that_was_there, lambda t: of(t, "LogsRule").update(EventBusName={"Ref": "EventBus"})),
    (logs_come_from_the_bucket_that_was_there, lambda t: of(t, "LogsRule")["Targets"][0].update(Arn={"Fn::GetAtt": ["DriftQueue", "Arn"]})),
    (logs_come_from_the_bucket_that_was_there, lambda t: of(t, "CollectQueuePolicy")["PolicyDocument"]["Statement"].pop(1)),
    (logs_come_from_the_bucket_that_was_there, lambda t: of(t, "RulesQueuesPolicy")["PolicyDocument"]["Statement"][0]["Condition"]["ArnEquals"]["aws:SourceArn"].pop()),
    (logs_come_from_the_bucket_that_was_there, lambda t: of(t, "Key")["KeyPolicy"]["Statement"][4]["Condition"]["ArnLike"]["aws:SourceArn"].pop()),
    (logs_come_from_the_bucket_that_was_there, lambda t: of(t, "CollectFunction")["Environment"]["Variables"].update(LOGS_BUCKET={"Ref": "LogsBucket"})),
    (logs_come_from_the_bucket_that_was_there, lambda t: statement(t, "CollectRole", "ReadWhatCameIn")["Resource"].pop(0)),
    (everything_is_encrypted_with_the_key_that_was_there, unconditional("Key")),
    (everything_is_encrypted_with_the_key_that_was_there, lambda t: of(t, "DriftQueue").update(KmsMasterKeyId={"Fn::GetAtt": ["Key", "Arn"]})),
    (everything_is_encrypted_with_the_key_that_was_there, lambda t: of(t, "RegistryTable")["SSESpecification"].update(KMSMasterKeyId={"Ref": "ExistingKeyArn"})),
    (everything_is_encrypted_with_the_key_that_was_there, lambda t: statement(t, "NotifyRole", "UseTheKey").update(Resource={"Fn::GetAtt": ["Key", "Arn"]})),
    (functions_join_the_vpc_that_was_there, lambda t: of(t, "DriftFunction").pop("VpcConfig")),
    (functions_join_the_vpc_that_was_there, lambda t: of(t, "ApproveRole")["Policies"][0]["PolicyDocument"]["Statement"].pop()),
    (functions_join_the_vpc_that_was_there, lambda t: of(t, "DriftFunction").update(VpcConfig={"SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]})),
    (alarms_go_to_the_topic_that_was_there, lambda t: of(t, "DriftErrorsAlarm").update(AlarmActions=[{"Ref": "AlarmTopic"}])),
    (alarms_go_to_the_topic_that_was_there, unconditional("AlarmTopic")),
    (every_role_takes_the_boundary_that_was_there, lambda t: of(t, "ForwardRole").pop("PermissionsBoundary")),
    (two_teams_share_nothing, lambda t: of(t, "DriftQueue").update(QueueName={"Fn::Sub": "tidegate-${Stage}-drift"})),
    (two_teams_share_nothing, lambda t: of(t, "PerformanceRole").update(RoleName={"Fn::Sub": "${NamePrefix}-${Stage}-performance-of-every-model-${AWS::Region}"})),
    (data_stay_when_the_stack_goes, lambda t: t["Resources"]["LakeBucket"].pop("DeletionPolicy")),
    (data_stay_when_the_stack_goes, lambda t: t["Resources"]["RegistryTable"].update(UpdateReplacePolicy="Delete")),
]
