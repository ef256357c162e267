"""Puts a template into an account, as `sam deploy` does: code and template into a bucket, then a stack from them."""

import hashlib
import json
import time
from pathlib import Path

import yaml_template
from botocore.exceptions import ClientError
from emulator import REGION

INFRA = Path(__file__).resolve().parent.parent
CAPABILITIES = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
PATIENCE_S = 120


class DeploymentError(Exception):
    """A stack that did not come to be, with what CloudFormation says of it."""


def deploy(account, parameters, packages, template=None):
    """Creates the account's stack and keeps its outputs; the seconds that it took."""
    started = time.monotonic()
    bucket = f"tidegate-{account.stage}-code-{account.number}"
    s3 = account.client("s3")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    keys = {name: f"{hashlib.sha256(code).hexdigest()}.zip" for name, code in packages.items()}
    for name, key in keys.items():
        s3.put_object(Bucket=bucket, Key=key, Body=packages[name])
    body = json.dumps(yaml_template.packaged(template or yaml_template.read(), bucket, keys))
    s3.put_object(Bucket=bucket, Key="template.json", Body=body.encode())
    account.outputs = _create(account, f"tidegate-{account.stage}", parameters, TemplateURL=f"{account.emulator.url}/{bucket}/template.json")
    return time.monotonic() - started


def deploy_beside(account, name, file, **parameters):
    """Creates a stack from a template beside the stack's own, as it stands in this repository; its outputs."""
    return _create(account, name, {"Stage": account.stage, **parameters}, TemplateBody=(INFRA / file).read_text(encoding="utf-8"))


def _create(account, name, parameters, **template):
    """Creates a stack and waits for it; its outputs."""
    cloudformation = account.client("cloudformation")
    said = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    try:
        cloudformation.create_stack(StackName=name, Parameters=said, Capabilities=CAPABILITIES, **template)
    except ClientError as refused:
        raise DeploymentError(f"the stack {name} was refused: {refused}") from refused
    stack = _finished(cloudformation, name)
    if stack["StackStatus"] != "CREATE_COMPLETE":
        pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=name)
        failed = [event for page in pages for event in page["StackEvents"] if event["ResourceStatus"] == "CREATE_FAILED"]
        said = "\n".join(f"  {event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'no reason')}" for event in failed)
        raise DeploymentError(f"the stack {name} is {stack['StackStatus']}:\n{said}")
    return _outputs(stack)


def outputs(account):
    """What the account's stack puts out."""
    return _outputs(account.client("cloudformation").describe_stacks(StackName=f"tidegate-{account.stage}")["Stacks"][0])


def _outputs(stack):
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def _finished(cloudformation, name):
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        if not stack["StackStatus"].endswith("_IN_PROGRESS"):
            return stack
        time.sleep(0.1)
    raise DeploymentError(f"the stack {name} was not done within {PATIENCE_S} s")
