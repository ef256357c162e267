"""What asking for gaps needs again and again: small roles, queues, functions, stacks, and whether something was refused."""

import io
import json
import zipfile
from dataclasses import dataclass
from typing import Callable

import approver
import yaml_template
from botocore.exceptions import ClientError
from emulator import REGION
from stack import CAPABILITIES, INFRA
from waiting import NotSeen, until


@dataclass(frozen=True)
class Gap:
    """Something that the emulator does unlike AWS."""

    says: str
    asks: Callable  # an account, and the one beside it: whether it is still so
    covered: str = ""  # for what is left: what looks at that part instead


def is_not_known(account, name, resource, call):
    """Whether a role that may do everything with this resource alone may not do this with it."""
    role = make_role(account, name, [{"Effect": "Allow", "Action": "*", "Resource": resource}])
    return is_refused(lambda: call(lambda service: client_as(account, role, service)))


def document(statements):
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def make_role(account, name, statements, service=None):
    """A role that whoever owns the account may assume, or a service, and that may do this."""
    principal = {"Service": service} if service else {"AWS": f"arn:aws:iam::{account.number}:root"}
    iam = account.client("iam")
    trust = document([{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}])
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="may", PolicyDocument=document(statements))
    return arn


def client_as(account, role, service):
    """A client with a session of a role."""
    session = account.client("sts").assume_role(RoleArn=role, RoleSessionName="gap")["Credentials"]
    return account.client_as(service, session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])


def is_refused(call):
    """Whether a call is refused for want of a permission."""
    try:
        call()
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 403 or "Denied" in error.response["Error"]["Code"]:
            return True
        raise
    return False


def is_no_call(call):
    """Whether a call is unknown."""
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"] in ("InvalidAction", "UnknownOperationException")
    return False


def make_schedule(account, name, **more):
    """The ARN of a schedule of long ago, with a role."""
    role = make_role(account, f"{name}-schedule", [], "scheduler.amazonaws.com")
    target = {"Arn": make_queue(account, f"{name}-target", "scheduler.amazonaws.com")[1], "RoleArn": role, "Input": "{}"}
    return account.client("scheduler").create_schedule(
        Name=name, ScheduleExpression="cron(0 0 1 1 ? 2099)", FlexibleTimeWindow={"Mode": "OFF"}, Target=target, **more
    )["ScheduleArn"]


def end_of_backfill(account, name, statements):
    """How backfill.yaml's machine ends that tells a queue of this name of one object, with a role that may this."""
    make_queue(account, name, "sns.amazonaws.com")
    account.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    account.client("s3").put_object(Bucket=name, Key="old/object", Body=b"x")
    definition = yaml_template.read(INFRA / "backfill.yaml")["Resources"]["Backfill"]["Properties"]["Definition"]
    del definition["States"]["TellOfEveryObject"]["ItemProcessor"]["States"]["TellOfTen"]["Retry"]
    queue = f"https://sqs.{REGION}.amazonaws.com/{account.number}/{name}"
    text = json.dumps(definition).replace("${LogsBucket}", name).replace("${QueueUrl}", queue).replace('"${Batches}"', "1")
    machines = account.client("stepfunctions")
    machine = machines.create_state_machine(name=name, definition=text, roleArn=make_role(account, name, statements, "states.amazonaws.com"))["stateMachineArn"]
    run = machines.start_execution(stateMachineArn=machine, input='{"prefix": "old/"}')["executionArn"]
    until("the end of a map", lambda: machines.describe_execution(executionArn=run)["status"] != "RUNNING")
    return machines.describe_execution(executionArn=run)["status"]


def make_queue(account, name, service):
    """(URL, ARN) of a queue into which a service may send."""
    sqs = account.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = document([{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sqs:SendMessage", "Resource": arn}])
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    return url, arn


def received(account, url, patience_s=2):
    """The first message of a queue, if one comes."""
    try:
        return until("a message", lambda: account.client("sqs").receive_message(QueueUrl=url).get("Messages"), patience_s)[0]["Body"]
    except NotSeen:
        return None


def comes_true(look, patience_s=4):
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


def make_function(account, name):
    """A function of three lines, which logs what it is told; its ARN."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        archive.writestr("echo.py", ECHO)
    role = make_role(account, f"{name}-function", [], "lambda.amazonaws.com")
    said = account.client("lambda").create_function(
        FunctionName=name, Runtime="python3.12", Handler="echo.handler", Role=role, Code={"ZipFile": memory.getvalue()}
    )
    return said["FunctionArn"]


def heard_of_schedule(account, name, statements, text):
    """What a function hears that a schedule wakes with this text."""
    function = make_function(account, name)
    role = make_role(account, f"{name}-schedule", statements, "scheduler.amazonaws.com")
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


def sourced(statements):
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


def refusal_of(account, name, resources, more=None):
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


def make_api(account, name):
    """The id of an HTTP API before a function that it has no leave to invoke, with a stage at its root and another one."""
    function, client = make_function(account, name), account.client("apigatewayv2")
    api = client.create_api(Name=name, ProtocolType="HTTP")["ApiId"]
    integration = client.create_integration(ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=function, PayloadFormatVersion="2.0")
    client.create_route(ApiId=api, RouteKey="$default", Target=f"integrations/{integration['IntegrationId']}")
    for stage in ("$default", "test"):
        client.create_stage(ApiId=api, StageName=stage, AutoDeploy=True)
    return api


def status_of(account, api, path):
    """The status of an API's page. A key in the header says whose account it is, which an emulator without mends goes by."""
    address = f"https://{api}.execute-api.localhost:{account.emulator.port}{path}"
    headers = {"Authorization": f"AWS4-HMAC-SHA256 Credential={account.number}/20260101/{REGION}/execute-api/aws4_request"} if path.startswith("/test") else {}
    return approver.request(account.emulator, "GET", address, headers=headers)[0]
