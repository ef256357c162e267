"""What the emulator does unlike AWS: what `mends.py` mends, and what it leaves. Each is asked of the emulator, so that a release that has caught up is noticed.

`True` means that the emulator is still unlike AWS. Mends are asked of an emulator without them and of a mended one; what is left, of a mended one.
"""

import io
import json
import zipfile
from dataclasses import dataclass
from typing import Callable

from botocore.exceptions import ClientError

import approver
import stages
from account import Account
from emulator import REGION, Emulator
from stack import CAPABILITIES
from waiting import NotSeen, until

NUMBER, OTHER = "800000000001", "800000000002"


@dataclass(frozen=True)
class Gap:
    """Something that the emulator does unlike AWS."""

    says: str
    asks: Callable  # an account, and the one beside it: whether it is still so
    covered: str = ""  # for what is left: what looks at that part instead


# ── Mended ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def a_role_is_not_known_by_its_name(account, _other):
    sns = account.client("sns")
    topic = sns.create_topic(Name="known")["TopicArn"]
    role = _role(account, "known", [{"Effect": "Allow", "Action": "sns:Publish", "Resource": topic}])
    policy = [{"Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": topic, "Condition": {"ArnNotEquals": {"aws:PrincipalArn": role}}}]
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=_document(policy))
    return _refused(lambda: _as(account, role, "sns").publish(TopicArn=topic, Message="hello"))


def a_batch_wants_a_permission_of_its_own(account, _other):
    sqs = account.client("sqs")
    url = sqs.create_queue(QueueName="batch")["QueueUrl"]
    role = _role(account, "batch", [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}])
    return _refused(lambda: _as(account, role, "sqs").send_message_batch(QueueUrl=url, Entries=[{"Id": "1", "MessageBody": "x"}]))


def a_policy_cannot_ask_for_if_none_match(account, _other):
    s3 = account.client("s3")
    s3.create_bucket(Bucket="once-only", CreateBucketConfiguration={"LocationConstraint": REGION})
    role = _role(account, "once", [{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}])
    once = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::once-only/*", "Condition": {"Null": {"s3:if-none-match": "true"}}}
    s3.put_bucket_policy(Bucket="once-only", Policy=_document([once]))
    return _refused(lambda: _as(account, role, "s3").put_object(Bucket="once-only", Key="first", Body=b"x", IfNoneMatch="*"))


def a_bus_policy_is_no_resource(account, _other):
    return _deploy(account, "bus", {
        "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "bus"}},
        "Policy": {"Type": "AWS::Events::EventBusPolicy", "Properties": {"EventBusName": {"Ref": "Bus"}, "StatementId": "s", "Statement": {
            "Effect": "Deny", "Principal": "*", "Action": "events:PutEvents", "Resource": {"Fn::GetAtt": ["Bus", "Arn"]}}}},
    }) is not None


def a_rule_reaches_no_bus_of_another_account(account, other):
    here, there = account.client("events"), other.client("events")
    bus = f"arn:aws:events:{REGION}:{other.number}:event-bus/there"
    let = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account.number}:root"}, "Action": "events:PutEvents", "Resource": bus}
    refused = _deploy(other, "there", {
        "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "there"}},
        "Policy": {"Type": "AWS::Events::EventBusPolicy", "Properties": {"EventBusName": {"Ref": "Bus"}, "StatementId": "s", "Statement": let}},
    })
    if refused:
        there.create_event_bus(Name="there")
    queue = _queue(other, "there", "events.amazonaws.com")
    there.put_rule(Name="all", EventBusName="there", EventPattern=json.dumps({"source": ["a"]}))
    there.put_targets(Rule="all", EventBusName="there", Targets=[{"Id": "queue", "Arn": queue[1]}])
    here.create_event_bus(Name="here")
    role = _role(account, "forward", [{"Effect": "Allow", "Action": "events:PutEvents", "Resource": bus}], "events.amazonaws.com")
    here.put_rule(Name="all", EventBusName="here", EventPattern=json.dumps({"source": ["a"]}))
    here.put_targets(Rule="all", EventBusName="here", Targets=[{"Id": "bus", "Arn": bus, "RoleArn": role}])
    here.put_events(Entries=[{"EventBusName": "here", "Source": "a", "DetailType": "b", "Detail": "{}"}])
    return not _receives(other, queue[0])


def a_rule_needs_no_leave_of_a_queue(account, _other):
    events, sqs = account.client("events"), account.client("sqs")
    url, arn = _queue(account, "closed", "sns.amazonaws.com")
    events.create_event_bus(Name="closed")
    events.put_rule(Name="all", EventBusName="closed", EventPattern=json.dumps({"source": ["a"]}))
    events.put_targets(Rule="all", EventBusName="closed", Targets=[{"Id": "queue", "Arn": arn}])
    events.put_events(Entries=[{"EventBusName": "closed", "Source": "a", "DetailType": "b", "Detail": "{}"}])
    return bool(sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages"))


def a_schedule_needs_no_role(account, _other):
    return _schedule(account, "needless", [], '{"say":"hello"}') is not None


def a_schedule_fills_in_no_time(account, _other):
    said = _schedule(account, "time", [{"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*"}], '{"say":"<aws.scheduler.scheduled-time>"}')
    return said is None or "<aws" in said


def a_source_needs_no_leave(account, _other):
    return _deploy(account, "leave", _sourced([])) is None


def a_number_of_a_parameter_stays_text(account, _other):
    """After the SAM transform, which writes the parameter's value as text: a mapping with it stops all mappings."""
    resources = _sourced([{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}])
    source = {"Queue": {"Fn::GetAtt": ["Queue", "Arn"]}, "ScalingConfig": {"MaximumConcurrency": {"Ref": "Most"}}}
    resources["Function"] = {"Type": "AWS::Serverless::Function", "Properties": {
        "FunctionName": "number", "Runtime": "python3.12", "Handler": "index.handler", "InlineCode": ECHO,
        "Role": {"Fn::GetAtt": ["Role", "Arn"]}, "Events": {"Source": {"Type": "SQS", "Properties": source}}}}
    del resources["Source"]
    more = {"Transform": "AWS::Serverless-2016-10-31", "Parameters": {"Most": {"Type": "Number", "Default": 3}}}
    said = _deploy(account, "number", resources, more)
    assert said is None, said
    queue = account.client("lambda").list_event_source_mappings(FunctionName="number")["EventSourceMappings"][0]["EventSourceArn"]
    sqs = account.client("sqs")
    url = sqs.get_queue_url(QueueName=queue.rsplit(":", 1)[1])["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="{}")
    counts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]

    def is_empty():
        return not any(int(count) for count in sqs.get_queue_attributes(QueueUrl=url, AttributeNames=counts)["Attributes"].values())

    return not _comes_true(is_empty)


def an_api_needs_no_leave(account, _other):
    """By the address with the stage in it, which the emulator knows without any mend, with the credentials that it wants for it."""
    return _opened(account, _api(account, "leave-api"), "/test/page") == 200


def an_api_has_no_address(account, _other):
    api = _api(account, "address-api")
    account.client("lambda").add_permission(
        FunctionName="address-api", StatementId="api", Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com"
    )
    return _opened(account, api, "/some/page") != 200


MENDED = [
    Gap("aws:PrincipalArn of a role's session is not the role", a_role_is_not_known_by_its_name),
    Gap("a batch wants a permission of its own", a_batch_wants_a_permission_of_its_own),
    Gap("a bucket policy cannot ask for If-None-Match", a_policy_cannot_ask_for_if_none_match),
    Gap("CloudFormation makes no bus policy", a_bus_policy_is_no_resource),
    Gap("a rule reaches no bus of another account", a_rule_reaches_no_bus_of_another_account),
    Gap("a rule needs no leave of its queue", a_rule_needs_no_leave_of_a_queue),
    Gap("a schedule needs no role", a_schedule_needs_no_role),
    Gap("a schedule does not fill in its time", a_schedule_fills_in_no_time),
    Gap("a source of a function needs no leave", a_source_needs_no_leave),
    Gap("a number that a parameter gives stays text", a_number_of_a_parameter_stays_text),
    Gap("an HTTP API needs no leave to invoke", an_api_needs_no_leave),
    Gap("an HTTP API has no address without credentials", an_api_has_no_address),
]


# ── Left as it is ──────────────────────────────────────────────────────────────────────────────────────────────────────


def a_table_ignores_its_time_to_live(account, _other):
    table = account.outputs["RegistryTableName"]
    return account.client("dynamodb").describe_time_to_live(TableName=table)["TimeToLiveDescription"]["TimeToLiveStatus"] == "DISABLED"


def a_table_ignores_its_recovery(account, _other):
    table = account.outputs["RegistryTableName"]
    said = account.client("dynamodb").describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    return said["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "DISABLED"


def nobody_asks_the_key(account, _other):
    """A role that may use the bucket and not its key."""
    bucket = account.outputs["LogsBucketName"]
    role = _role(account, "keyless", [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}])
    return not _refused(lambda: _as(account, role, "s3").put_object(Bucket=bucket, Key="keyless", Body=b"x"))


def the_owner_stands_above_policies(account, _other):
    """A second checkpoint over the first, which the bucket's policy refuses everybody."""
    bucket = account.outputs["AuditBucketName"]
    return not _refused(lambda: account.client("s3").put_object(Bucket=bucket, Key="checkpoints/none", Body=b"x"))


def an_api_is_not_throttled(account, _other):
    address = account.outputs["DecisionEndpoint"]
    return all(approver.request(account.emulator, "GET", f"{address}/decision")[0] != 429 for _ in range(25))


def an_api_writes_no_access_log(account, _other):
    group = f"/aws/lambda/tidegate-{account.stage}-approve-access"
    return not account.client("logs").filter_log_events(logGroupName=group).get("events")


def an_api_answers_options_itself(account, _other):
    headers = approver.request(account.emulator, "OPTIONS", f"{account.outputs['DecisionEndpoint']}/decision")[1]
    return "content-security-policy" not in {name.lower() for name in headers}


def no_program_is_of_another_kind(account, _other):
    said = account.client("lambda").get_function_configuration(FunctionName=f"tidegate-{account.stage}-approve")
    return said["Architectures"] == ["arm64"]  # and it ran on whatever this machine is


def no_alarm_rings(account, _other):
    """A message among the dead letters of collect."""
    account.client("sqs").send_message(QueueUrl=account.outputs["CollectDeadLettersUrl"], MessageBody="poison")
    alarms = account.client("cloudwatch").describe_alarms(AlarmNames=[f"tidegate-{account.stage}-collect-dead-letters"])["MetricAlarms"]
    return alarms[0]["StateValue"] != "ALARM"


LEFT = [
    Gap("a table's time to live is ignored", a_table_ignores_its_time_to_live, "infra/check: the_registry_is_kept"),
    Gap("a table's point-in-time recovery is ignored", a_table_ignores_its_recovery, "infra/check: the_registry_is_kept"),
    Gap("no service asks the key that it encrypts with", nobody_asks_the_key, "infra/check: a_role_names_single_actions_on_its_own_resources"),
    Gap("the account's owner stands above bucket policies", the_owner_stands_above_policies,
        "infra/check: the_audit_trail_is_signed_by_one_role_and_cannot_be_unwritten; tests/flows/registry.rs"),
    Gap("an HTTP API is not throttled", an_api_is_not_throttled, "infra/check: a_public_address_is_throttled_and_its_log_holds_no_link"),
    Gap("an HTTP API writes no access log", an_api_writes_no_access_log, "infra/check: a_public_address_is_throttled_and_its_log_holds_no_link"),
    Gap("an HTTP API answers OPTIONS by itself", an_api_answers_options_itself, "tests/flows/decisions"),
    Gap("a function runs whatever its architecture", no_program_is_of_another_kind, "infra/check/build_zips arm64"),
    Gap("no alarm rings at once", no_alarm_rings, "infra/check: everything_that_can_fail_has_its_alarm"),
]


def check(folder, packages):
    """Faults: gaps that are none any more, and mends that do not mend."""
    faults = []
    with Emulator(folder / "unmended", mended=False) as unmended, Emulator(folder / "mended") as mended:
        pairs = {emulator: [Account(emulator, number, "dev") for number in (NUMBER, OTHER)] for emulator in (unmended, mended)}
        for gap in MENDED:
            before, after = gap.asks(*pairs[unmended]), gap.asks(*pairs[mended])
            print(f"  {'mended' if before and not after else 'FAULT '}  {gap.says}", flush=True)
            if not before:
                faults.append(f"{gap.says}: the emulator does as AWS does by now; take the mend and this gap away")
            if after:
                faults.append(f"{gap.says}: the mend does not mend it")
        deployed = stages.deploy(mended, packages, {"test": "800000000003"})[0]
        for gap in LEFT:
            still = gap.asks(deployed, None)
            print(f"  {'left  ' if still else 'FAULT '}  {gap.says} → {gap.covered}", flush=True)
            if not still:
                faults.append(f"{gap.says}: the emulator does as AWS does by now; walk that part here, and take this gap away")
    return faults


# ── Pieces ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _document(statements):
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _role(account, name, statements, service=None):
    """A role that whoever owns the account may assume, or a service, and that may do this."""
    principal = {"Service": service} if service else {"AWS": f"arn:aws:iam::{account.number}:root"}
    iam = account.client("iam")
    trust = _document([{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}])
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="may", PolicyDocument=_document(statements))
    return arn


def _as(account, role, service):
    """A client with a session of a role."""
    session = account.client("sts").assume_role(RoleArn=role, RoleSessionName="gap")["Credentials"]
    return account.client_as(service, session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])


def _refused(call):
    """Whether a call is refused for want of a permission."""
    try:
        call()
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 403 or "Denied" in error.response["Error"]["Code"]:
            return True
        raise
    return False


def _queue(account, name, service):
    """(URL, ARN) of a queue into which a service may send."""
    sqs = account.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = _document([{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sqs:SendMessage", "Resource": arn}])
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    return url, arn


def _receives(account, url, patience_s=2):
    """The first message of a queue, if one comes."""
    try:
        return until("a message", lambda: account.client("sqs").receive_message(QueueUrl=url).get("Messages"), patience_s)[0]["Body"]
    except NotSeen:
        return None


def _comes_true(look, patience_s=4):
    try:
        return until("it", look, patience_s)
    except NotSeen:
        return False


ECHO = """
import json
def handler(event, context):
    print("said: " + json.dumps(event))
    return {"statusCode": 200, "body": "here"}
"""


def _function(account, name):
    """A function of three lines, which logs what it is told; its ARN."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        archive.writestr("echo.py", ECHO)
    role = _role(account, f"{name}-function", [], "lambda.amazonaws.com")
    said = account.client("lambda").create_function(
        FunctionName=name, Runtime="python3.12", Handler="echo.handler", Role=role, Code={"ZipFile": memory.getvalue()}
    )
    return said["FunctionArn"]


def _schedule(account, name, statements, text):
    """What a function hears that a schedule wakes with this text."""
    function = _function(account, name)
    role = _role(account, f"{name}-schedule", statements, "scheduler.amazonaws.com")
    account.client("scheduler").create_schedule(
        Name=name, ScheduleExpression="at(2026-01-01T00:00:00)", FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": function, "RoleArn": role, "Input": text},
    )
    logs = account.client("logs")

    def heard():
        try:
            events = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}").get("events", [])
        except ClientError:  # no log group before the first line
            return None
        return next((event["message"] for event in events if "said: " in event["message"]), None)

    try:
        return until("a function woken by a schedule", heard, 13 if not account.emulator.mended else 4)
    except NotSeen:
        return None


def _sourced(statements):
    """Resources of a function that a queue wakes."""
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
    policies = [{"PolicyName": "may", "PolicyDocument": {"Statement": statements}}] if statements else []
    return {
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {}},
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust, "Policies": policies}},
        "Function": {"Type": "AWS::Lambda::Function", "Properties": {
            "FunctionName": {"Ref": "AWS::StackName"}, "Runtime": "python3.12", "Handler": "index.handler",
            "Role": {"Fn::GetAtt": ["Role", "Arn"]}, "Code": {"ZipFile": ECHO}}},
        "Source": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {
            "FunctionName": {"Ref": "Function"}, "EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]}}},
    }


def _deploy(account, name, resources, more=None):
    """Why a stack was refused; nothing if it was not."""
    cloudformation = account.client("cloudformation")
    template = json.dumps({"Resources": resources, **(more or {})})
    try:
        cloudformation.create_stack(StackName=name, TemplateBody=template, Capabilities=CAPABILITIES)
    except ClientError as refused:
        return str(refused)
    stack = until("a stack", lambda: [found for found in cloudformation.describe_stacks(StackName=name)["Stacks"]
                                      if not found["StackStatus"].endswith("_IN_PROGRESS")])[0]
    return None if stack["StackStatus"] == "CREATE_COMPLETE" else stack["StackStatus"]


def _api(account, name):
    """The id of an HTTP API before a function that it has no leave to invoke, with a stage at its root and another one."""
    function, client = _function(account, name), account.client("apigatewayv2")
    api = client.create_api(Name=name, ProtocolType="HTTP")["ApiId"]
    integration = client.create_integration(ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=function, PayloadFormatVersion="2.0")
    client.create_route(ApiId=api, RouteKey="$default", Target=f"integrations/{integration['IntegrationId']}")
    for stage in ("$default", "test"):
        client.create_stage(ApiId=api, StageName=stage, AutoDeploy=True)
    return api


def _opened(account, api, path):
    """The status of an API's page. A key in the header says whose account it is, which an emulator without mends goes by."""
    address = f"https://{api}.execute-api.localhost:{account.emulator.port}{path}"
    headers = {"Authorization": f"AWS4-HMAC-SHA256 Credential={account.number}/20260101/{REGION}/execute-api/aws4_request"} if path.startswith("/test") else {}
    return approver.request(account.emulator, "GET", address, headers=headers)[0]
