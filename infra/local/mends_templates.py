"""What this release of the emulator's CloudFormation does unlike AWS, mended as in mends.py."""

import json

from ministack.services import athena
from ministack.services import iam as iam_service
from ministack.services.cloudformation import changesets, engine, handlers, provisioners, stacks


def conditions_join():
    """A condition may ask whether a list is empty, by joining it."""
    evaluate = engine._evaluate_conditions

    def evaluated(template, parameters):
        return evaluate({**template, "Conditions": _joined(template.get("Conditions", {}), parameters)}, parameters)

    for module in (changesets, engine, handlers, stacks):
        module._evaluate_conditions = evaluated


def _joined(value, parameters):
    """The same, with every list of parameters that is joined as a text."""
    if isinstance(value, list):
        return [_joined(part, parameters) for part in value]
    if not isinstance(value, dict):
        return value
    if "Fn::Join" not in value:
        return {name: _joined(part, parameters) for name, part in value.items()}
    between, joined = value["Fn::Join"]
    return between.join(parameters[joined["Ref"]]["Value"].split(","))


def groups_and_queries():
    """CloudFormation makes groups of people with their policies, and named queries of Athena."""

    def create_group(_logical_id, properties, _stack):
        name = properties["GroupName"]
        _done(iam_service._create_group({"GroupName": name, "Path": properties.get("Path", "/")}))
        for policy in properties.get("Policies", []):
            document = json.dumps(policy["PolicyDocument"])
            _done(iam_service._put_group_policy({"GroupName": name, "PolicyName": policy["PolicyName"], "PolicyDocument": document}))
        return name, {"Arn": iam_service._groups[name]["Arn"]}

    def delete_group(name, _properties):
        iam_service._delete_group({"GroupName": name})

    def create_query(_logical_id, properties, _stack):
        _done(said := athena._create_named_query(properties))
        name = json.loads(said[2])["NamedQueryId"]
        return name, {"NamedQueryId": name}

    def delete_query(name, _properties):
        athena._delete_named_query({"NamedQueryId": name})

    provisioners._RESOURCE_HANDLERS["AWS::IAM::Group"] = {"create": create_group, "delete": delete_group}
    provisioners._RESOURCE_HANDLERS["AWS::Athena::NamedQuery"] = {"create": create_query, "delete": delete_query}


def _done(answer):
    """Fails a resource that its service refused, in the service's own words."""
    status, _, body = answer
    if status >= 400:
        raise ValueError(body.decode())
