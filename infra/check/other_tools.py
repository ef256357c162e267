"""The same template by other tools: the Terraform module names its parameters and outputs, the CDK construct comes to the same template."""

import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import hcl2
from samcli.yamlhelper import yaml_dump
from template import INFRA

TERRAFORM, CDK = INFRA / "terraform", INFRA / "cdk"
# What the Terraform module itself needs.
OWN = {"packaged_template", "template_bucket", "deploy_role_arn", "tags"}
KINDS = {"Number": "number", "CommaDelimitedList": "list(string)", "String": "string"}


def snake(name):
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


def camel(name):
    return name[0].lower() + name[1:]


def bare(value):
    """A text as hcl2 reads it, without its quotes or braces."""
    return re.sub(r'^(\$\{|")|(\}|")$', "", str(value))


def blocks(kind):
    """Name → body of every block of this kind in the module."""
    found = {}
    for path in sorted(TERRAFORM.glob("*.tf")):
        with path.open(encoding="utf-8") as file:
            for block in hcl2.load(file).get(kind, []):
                found |= {bare(name): body for name, body in block.items() if not name.startswith("__")}
    return found


def the_module_takes_every_parameter(template, variables=None):
    variables = blocks("variable") if variables is None else variables
    given = (TERRAFORM / "main.tf").read_text(encoding="utf-8")
    for name, parameter in template["Parameters"].items():
        variable = variables.get(snake(name))
        if variable is None:
            yield f"terraform: no variable {snake(name)}"
            continue
        if bare(variable["type"]) != KINDS[parameter["Type"]]:
            yield f"terraform: {snake(name)} is {bare(variable['type'])}, expected {KINDS[parameter['Type']]}"
        if ("Default" in parameter) != ("default" in variable):
            yield f"terraform: {snake(name)} is left out, and the template demands it, or the other way round"
        if not re.search(rf"^\s+{name}\s+= var\.{snake(name)}\b", given, re.MULTILINE):
            yield f"terraform: {name} is not handed over"
    yield from (f"terraform: {name} is no parameter" for name in sorted(set(variables) - OWN - set(map(snake, template["Parameters"]))))


def the_module_gives_every_output(template, outputs=None):
    outputs = blocks("output") if outputs is None else outputs
    for name in template["Outputs"]:
        if f'outputs["{name}"]' not in str(outputs.get(snake(name), {}).get("value")).replace("'", '"'):
            yield f"terraform: no output {snake(name)} of {name}"
    yield from (f"terraform: {name} is no output" for name in sorted(set(outputs) - set(map(snake, template["Outputs"]))))


def the_module_is_formatted():
    if shutil.which("terraform"):
        done = subprocess.run(["terraform", "fmt", "-check", "-diff", TERRAFORM], capture_output=True, text=True, check=False)
        yield from [done.stdout.strip()] if done.returncode else []


def packaged(template):
    """The template as `sam package` leaves it, functions' zips in S3."""
    template = json.loads(json.dumps(template))
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
    return template


def synthesised(template, props):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "packaged.yaml"
        path.write_text(yaml_dump(template), encoding="utf-8")  # as `sam package` writes it
        environment = os.environ | {"CDK_VALIDATION": "false", "CDK_OUTDIR": folder}  # cfn-lint has looked already
        done = subprocess.run(["node", CDK / "synth.js", path, json.dumps(props)], capture_output=True, text=True, check=False, env=environment)
        if done.returncode != 0:
            raise RuntimeError(f"CDK did not synthesise: {done.stderr[-2000:]}")
        return json.loads(done.stdout)


def the_construct_is_the_template(template):
    template = packaged(template)
    made = synthesised(template, {"stage": "prod", "namePrefix": "payments", "vpcSubnetIds": ["subnet-1", "subnet-2"], "collectConcurrency": 7})
    expected = json.loads(json.dumps(template))
    for name, value in {"Stage": "prod", "NamePrefix": "payments", "VpcSubnetIds": "subnet-1,subnet-2", "CollectConcurrency": 7}.items():
        expected["Parameters"][name]["Default"] = value
    for section in sorted(set(expected) | set(made["template"])):
        was, came = expected.get(section), made["template"].get(section)
        if not isinstance(was, dict) or not isinstance(came, dict):
            yield from [f"cdk: {section} is {came}, expected {was}"] if was != came else []
            continue
        for name in sorted(set(was) | set(came)):
            if listed(was.get(name)) != listed(came.get(name)):
                yield f"cdk: {section}.{name} is {str(came.get(name))[:200]}, expected {str(was.get(name))[:200]}"
    types = (CDK / "tidegate.d.ts").read_text(encoding="utf-8")
    for name, parameter in template["Parameters"].items():
        if f"readonly {camel(name)}{'?' if 'Default' in parameter else ''}: " not in types:
            yield f"cdk: tidegate.d.ts has no prop {camel(name)} as the template has it"
    for name in template["Outputs"]:
        if camel(name) not in made["offered"] or f"readonly {camel(name)}: string" not in types:
            yield f"cdk: no property {camel(name)}"


def listed(resource):
    """A resource whose DependsOn is a list, which CDK makes of it."""
    if isinstance(resource, dict) and isinstance(resource.get("DependsOn"), str):
        return resource | {"DependsOn": [resource["DependsOn"]]}
    return resource


def faults(template):
    yield from the_module_takes_every_parameter(template)
    yield from the_module_gives_every_output(template)
    yield from the_module_is_formatted()
    yield from the_construct_is_the_template(template)


def accepted(template):
    """Which changes of the template none of the tools' sides notices."""
    grown = json.loads(json.dumps(template))
    grown["Parameters"]["Colour"] = {"Type": "String", "Description": "New."}
    grown["Outputs"]["Colour"] = {"Value": "blue"}
    del grown["Parameters"]["AlarmEmail"], grown["Outputs"]["EventBusName"]
    yield from [] if len(list(the_module_takes_every_parameter(grown))) == 2 else ["the Terraform module accepts other parameters"]
    yield from [] if len(list(the_module_gives_every_output(grown))) == 2 else ["the Terraform module accepts other outputs"]
    try:
        synthesised(packaged(template), {"stage": "dev", "colour": "blue"})
    except RuntimeError:
        return
    yield "the construct accepts a prop that is no parameter"
