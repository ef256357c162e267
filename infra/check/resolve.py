"""What a template's intrinsic functions come to in one account: names, ARNs and policies as IAM would see them."""

import re

ACCOUNT, REGION, PARTITION = "111122223333", "eu-central-1", "aws"
NOTHING = object()  # AWS::NoValue

# How an ARN follows from a resource's own name: (property, pattern).
ARNS = {
    "AWS::S3::Bucket": ("BucketName", "arn:aws:s3:::{name}"),
    "AWS::SQS::Queue": ("QueueName", "arn:aws:sqs:{region}:{account}:{name}"),
    "AWS::SNS::Topic": ("TopicName", "arn:aws:sns:{region}:{account}:{name}"),
    "AWS::DynamoDB::Table": ("TableName", "arn:aws:dynamodb:{region}:{account}:table/{name}"),
    "AWS::Lambda::Function": ("FunctionName", "arn:aws:lambda:{region}:{account}:function:{name}"),
    "AWS::IAM::Role": ("RoleName", "arn:aws:iam::{account}:role/{name}"),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName", "arn:aws:iam::{account}:policy/{name}"),
    "AWS::Logs::LogGroup": ("LogGroupName", "arn:aws:logs:{region}:{account}:log-group:{name}:*"),
    "AWS::Events::EventBus": ("Name", "arn:aws:events:{region}:{account}:event-bus/{name}"),
    "AWS::Scheduler::ScheduleGroup": ("Name", "arn:aws:scheduler:{region}:{account}:schedule-group/{name}"),
    "AWS::StepFunctions::StateMachine": ("StateMachineName", "arn:aws:states:{region}:{account}:stateMachine:{name}"),
}
# Whose `Ref` is the ARN.
REFERRED_BY_ARN = {"AWS::SNS::Topic", "AWS::IAM::ManagedPolicy", "AWS::StepFunctions::StateMachine"}


class Resolved:
    """A template (expanded, if it was SAM) with these parameters, in one account."""

    def __init__(self, template, **parameters):
        self.template = template
        self.parameters = {name: p.get("Default") for name, p in template.get("Parameters", {}).items()} | parameters
        for name, parameter in template.get("Parameters", {}).items():
            if parameter["Type"] == "CommaDelimitedList" and isinstance(self.parameters[name], str):
                self.parameters[name] = self.parameters[name].split(",")
        self.pseudo = {"AWS::AccountId": ACCOUNT, "AWS::Region": REGION, "AWS::Partition": PARTITION, "AWS::URLSuffix": "amazonaws.com", "AWS::NoValue": NOTHING, "AWS::StackName": "stack"}

    def of(self, kind):
        """(logical id, resolved properties) of the resources of a type that are there with these parameters."""
        for name, resource in self.template["Resources"].items():
            if resource["Type"] == kind and ("Condition" not in resource or self.holds(resource["Condition"])):
                yield name, self.value(resource.get("Properties", {}))

    def arn(self, name):
        resource = self.template["Resources"][name]
        if resource["Type"] == "AWS::KMS::Key":
            return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{name}"
        if resource["Type"] not in ARNS:
            return f"{name}.Arn"
        named, pattern = ARNS[resource["Type"]]
        return pattern.format(name=self.value(resource.get("Properties", {}).get(named, name)), account=ACCOUNT, region=REGION)

    def reference(self, name):
        if name in self.pseudo:
            return self.pseudo[name]
        if name in self.parameters:
            return self.parameters[name]
        resource = self.template["Resources"][name]
        if resource["Type"] in REFERRED_BY_ARN:
            return self.arn(name)
        named = ARNS.get(resource["Type"], (None, None))[0]
        return self.value(resource["Properties"][named]) if named and named in resource.get("Properties", {}) else name

    def attribute(self, name, attribute):
        if attribute == "Arn":
            return self.arn(name)
        if attribute == "StreamArn":
            return f"{self.arn(name)}/stream/2026-01-01T00:00:00.000"
        if attribute in {"QueueName", "TopicName"}:
            return self.arn(name).rsplit(":", 1)[1]
        return f"{name}.{attribute}"

    def holds(self, condition):
        if isinstance(condition, str):
            condition = self.template["Conditions"][condition]
        ((kind, of),) = condition.items()
        match kind:
            case "Condition":
                return self.holds(of)
            case "Fn::Equals":
                return self.value(of[0]) == self.value(of[1])
            case "Fn::Not":
                return not self.holds(of[0])
            case "Fn::And":
                return all(map(self.holds, of))
            case "Fn::Or":
                return any(map(self.holds, of))
        raise ValueError(f"found condition {kind}, which is not known here")

    def value(self, value):
        if isinstance(value, list):
            return [v for v in map(self.value, value) if v is not NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((kind, of),) = value.items()
            match kind:
                case "Ref":
                    return self.reference(of)
                case "Fn::GetAtt":
                    return self.attribute(*(of if isinstance(of, list) else of.split(".", 1)))
                case "Fn::Sub":
                    return self.text(of)
                case "Fn::If":
                    return self.value(of[1] if self.holds(of[0]) else of[2])
                case "Fn::Join":
                    return of[0].join(map(str, self.value(of[1])))
                case "Fn::Split":
                    return self.value(of[1]).split(of[0])
                case "Fn::Select":
                    return self.value(of[1])[int(of[0])]
                case "Fn::FindInMap":
                    table, row, column = map(self.value, of)
                    return self.template["Mappings"][table][row][column]
        resolved = {name: self.value(part) for name, part in value.items()}
        return {name: part for name, part in resolved.items() if part is not NOTHING}

    def text(self, of):
        pattern, given = of if isinstance(of, list) else (of, {})

        def named(match):
            name = match[1]
            if name in given:
                return str(self.value(given[name]))
            return str(self.attribute(*name.split(".", 1)) if "." in name else self.reference(name))

        return re.sub(r"\$\{([^!}][^}]*)\}", named, pattern).replace("${!", "${")
