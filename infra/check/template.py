"""Reads the SAM template and expands it to plain CloudFormation, as AWS does at deployment."""

import copy
import functools
import json
import logging
from pathlib import Path

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

INFRA = Path(__file__).resolve().parent.parent
ROOT = INFRA.parent
TEMPLATE = INFRA / "template.yaml"
REGION = "eu-central-1"

# Conditions by which a piece that was there before takes the place of one of the stack's own.
EXISTING = {"HasLogsBucket", "HasKey", "HasAlarmTopic", "HasVpc"}


@functools.cache
def _written():
    return yaml_parse(TEMPLATE.read_text(encoding="utf-8"))


def read():
    """The template as written, with `!Ref` and its like as plain dictionaries."""
    return copy.deepcopy(_written())


def read_plain(name):
    """A sibling of the template that is plain CloudFormation."""
    return json.loads(json.dumps(yaml_parse((INFRA / name).read_text(encoding="utf-8"))))


def expand(template):
    """The template after the SAM transform. The functions' folders stand for uploaded zips."""
    logging.getLogger("samtranslator").setLevel(logging.ERROR)
    template = copy.deepcopy(template)
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
    parameters = {name: p.get("Default", "dev") for name, p in template["Parameters"].items()}
    translator = Translator(managed_policy_map={}, sam_parser=Parser(), boto_session=_Session())
    return json.loads(json.dumps(translator.translate(template, parameters)))


def expand_changed(template, expanded):
    """The same as `expand(template)`, quicker: where nothing changed that the transform looks at, the rest is as it is written."""
    sam = lambda t: {n: r for n, r in t["Resources"].items() if r["Type"].startswith("AWS::Serverless::")}  # noqa: E731
    written = _written()
    if any(template.get(part) != written.get(part) for part in ("Globals", "Parameters", "Conditions")) or sam(template) != sam(written):
        return expand(template)
    changed = copy.deepcopy(expanded)
    for name, resource in written["Resources"].items():
        if template["Resources"].get(name) != resource:
            changed["Resources"].pop(name, None)
            if name in template["Resources"]:
                changed["Resources"][name] = json.loads(json.dumps(template["Resources"][name]))
    return changed


class _Session:
    """All that the transform asks an AWS session for."""

    region_name = REGION

    def get_partition_for_region(self, _region):
        return "aws"


class Stack:
    """An expanded template with the questions that the rules ask."""

    def __init__(self, expanded):
        self.resources = _granted(expanded["Resources"])
        self.parameters = expanded.get("Parameters", {})
        self.conditions = expanded.get("Conditions", {})

    def of(self, kind):
        """(logical id, properties) of every resource of this type."""
        return [(name, r.get("Properties", {})) for name, r in self.resources.items() if r["Type"] == kind]

    def properties(self, reference):
        """Properties of the resource that a Ref or GetAtt points at."""
        return self.resources[target(reference)]["Properties"]

    def statements(self, role):
        """Statements of a role's own policies."""
        return [s for policy in role.get("Policies", []) for s in policy["PolicyDocument"]["Statement"]]

    def role_of(self, function):
        return self.properties(function["Role"])

    def queue_sources(self):
        """(id of the mapping, its properties, function, queue) for every function that a queue wakes."""
        yield from self._sources("AWS::SQS::Queue")

    def stream_sources(self):
        """(id of the mapping, its properties, function, table) for every function that a table's stream wakes."""
        yield from self._sources("AWS::DynamoDB::Table")

    def _sources(self, kind):
        for name, mapping in self.of("AWS::Lambda::EventSourceMapping"):
            if self.resources[target(mapping["EventSourceArn"])]["Type"] == kind:
                yield name, mapping, self.properties(mapping["FunctionName"]), self.properties(mapping["EventSourceArn"])


def _granted(value):
    """The same, with every statement of a policy that stands under a condition as if the condition held, and nothing that was there before."""
    if isinstance(value, dict) and list(value) == ["Fn::If"] and value["Fn::If"][0] in EXISTING:
        return _granted(value["Fn::If"][2])
    if isinstance(value, dict):
        return {name: _granted(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_granted(part["Fn::If"][1] if _is_conditional(part) else part) for part in value]
    return value


def _is_conditional(part):
    return isinstance(part, dict) and list(part) == ["Fn::If"] and isinstance(part["Fn::If"][1], dict) and "Effect" in part["Fn::If"][1]


def target(value):
    """Logical id that a Ref, a GetAtt or a Sub of one attribute points at; None for anything else."""
    if not isinstance(value, dict):
        return None
    if "Ref" in value:
        return value["Ref"]
    if "Fn::GetAtt" in value:
        attribute = value["Fn::GetAtt"]
        return attribute[0] if isinstance(attribute, list) else attribute.split(".")[0]
    if "Fn::Sub" in value and isinstance(value["Fn::Sub"], str) and value["Fn::Sub"].startswith("${"):
        return value["Fn::Sub"][2:].split("}")[0].split(".")[0]
    return None


def notifications(bucket):
    """A bucket's notifications."""
    return bucket.get("NotificationConfiguration", {}).get("QueueConfigurations", [])


def ends(notification):
    """(prefix, suffix) of the keys that a notification is for; empty texts where it does not say."""
    rules = notification.get("Filter", {}).get("S3Key", {}).get("Rules", [])
    said = {rule["Name"].lower(): rule["Value"] for rule in rules}
    return said.get("prefix", ""), said.get("suffix", "")


def many(value):
    """A list, where a template may also say one thing."""
    return value if isinstance(value, list) else [value]


def text(value):
    """A text, where a template may also say `!Sub text`."""
    return value["Fn::Sub"] if isinstance(value, dict) and "Fn::Sub" in value else value


def place(resource):
    """`ModelsBucket/candidates/*` of a Sub of a bucket's ARN and a prefix."""
    return str(text(resource)).replace("${", "").replace(".Arn}", "")
