"""Puts a template into an account, as `sam deploy` does: code and template into a bucket, then a stack from them."""

import hashlib
import json
import time

import yaml_template
from botocore.exceptions import ClientError
from emulator import REGION

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
    cloudformation = account.client("cloudformation")
    name = f"tidegate-{account.stage}"
    try:
        cloudformation.create_stack(
            StackName=name,
            TemplateURL=f"{account.emulator.url}/{bucket}/template.json",
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            Capabilities=CAPABILITIES,
        )
    except ClientError as refused:
        raise DeploymentError(f"the stack {name} was refused: {refused}") from refused
    stack = _finished(cloudformation, name)
    if stack["StackStatus"] != "CREATE_COMPLETE":
        pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=name)
        failed = [event for page in pages for event in page["StackEvents"] if event["ResourceStatus"] == "CREATE_FAILED"]
        said = "\n".join(f"  {event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'no reason')}" for event in failed)
        raise DeploymentError(f"the stack {name} is {stack['StackStatus']}:\n{said}")
    account.outputs = outputs(account)
    return time.monotonic() - started


def outputs(account):
    """What the account's stack puts out."""
    stack = account.client("cloudformation").describe_stacks(StackName=f"tidegate-{account.stage}")["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def _finished(cloudformation, name):
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        if not stack["StackStatus"].endswith("_IN_PROGRESS"):
            return stack
        time.sleep(0.1)
    raise DeploymentError(f"the stack {name} was not done within {PATIENCE_S} s")
