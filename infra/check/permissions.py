"""Who may do what, simulated: each call of matrix/*.yaml against the policies of the templates, as IAM would decide.

`people.yaml` is the table of roles and stages, `functions.yaml` what each function needs. What is not allowed there must be denied,
and a role must hold nothing that its list does not use.
"""

import copy
import fnmatch
import json
import re
import subprocess
from pathlib import Path

import yaml
from named import AFTER, ARTIFACTS, BEFORE, SECRET, STAGES, Named
from resolve import ACCOUNT, REGION, Resolved
from template import ROOT, expand, many, read, read_plain

HERE = Path(__file__).resolve().parent
ALLOWED = "Allowed"
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Sid": "Everything", "Effect": "Allow", "Action": "*", "Resource": "*"}]}


def parameters(stage):
    before, after = STAGES[stage]
    neighbours = {"PreviousStageAccountId": BEFORE if before else "", "NextStageAccountId": AFTER if after else ""}
    return {"Stage": stage, "SageMakerEndpoints": "models-*", "ArtifactBucketArns": ARTIFACTS, "MlflowSecretArn": SECRET} | neighbours


def resource_policies(stack):
    """ARN → policy of whatever in the stack has one."""
    found = {}

    def add(arn, statements):
        found.setdefault(arn, {"Version": "2012-10-17", "Statement": []})["Statement"] += statements

    for _, policy in stack.of("AWS::S3::BucketPolicy"):
        add(f"arn:aws:s3:::{policy['Bucket']}", policy["PolicyDocument"]["Statement"])
    for _, policy in stack.of("AWS::SNS::TopicPolicy"):
        for topic in policy["Topics"]:
            add(topic, policy["PolicyDocument"]["Statement"])
    for _, policy in stack.of("AWS::SQS::QueuePolicy"):
        for queue in policy["Queues"]:
            add(f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}", policy["PolicyDocument"]["Statement"])
    for name, key in stack.of("AWS::KMS::Key"):
        add(stack.arn(name), key["KeyPolicy"]["Statement"])
    for _, policy in stack.of("AWS::Events::EventBusPolicy"):
        add(f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{policy['EventBusName']}", [policy["Statement"] | {"Sid": policy["StatementId"]}])
    # Keys that are none of the stack's: of a bucket of models, and of a secret. By themselves they leave it to the account.
    add(f"arn:aws:kms:{REGION}:{ACCOUNT}:key/Artifacts", [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}])
    # What the accounts beside allow to this one (their own templates say so, to exactly these roles).
    before, after = STAGES[stack.parameters["Stage"]]
    if before:
        registry = f"arn:aws:iam::{ACCOUNT}:role/tidegate-{stack.parameters['Stage']}-registry-{REGION}"
        other = Resolved(stack.template, **parameters(before) | {"NextStageAccountId": ACCOUNT})
        for _, policy in other.of("AWS::S3::BucketPolicy"):
            if "-lake-" in policy["Bucket"]:
                statements = json.loads(json.dumps(policy["PolicyDocument"]["Statement"]).replace(f"-lake-{ACCOUNT}", f"-lake-{BEFORE}"))
                add(Named(stack.parameters["Stage"]).bucket("lake", before, BEFORE), statements)
        allows = {"Effect": "Allow", "Principal": {"AWS": registry}, "Action": "kms:Decrypt", "Resource": "*"}
        add(f"arn:aws:kms:{REGION}:{BEFORE}:key/Key", [allows])
    if after:
        forward = f"arn:aws:iam::{ACCOUNT}:role/tidegate-{stack.parameters['Stage']}-forward-{REGION}"
        bus = f"arn:aws:events:{REGION}:{AFTER}:event-bus/tidegate-{after}"
        add(bus, [{"Effect": "Allow", "Principal": {"AWS": forward}, "Action": "events:PutEvents", "Resource": bus}])
    return found


def principal(role, policies, boundary):
    name = role["RoleName"]
    return {"arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/somebody", "role": f"arn:aws:iam::{ACCOUNT}:role/{name}", "policies": policies, "boundary": boundary}


class Batch:
    """Questions that are answered together, by one process."""

    def __init__(self, resources):
        self.principals, self.resources, self.requests, self.expected = [], resources, [], []

    def principal(self, principal):
        self.principals.append(principal)
        return len(self.principals) - 1

    def ask(self, who, request, is_allowed, title):
        action, arn, owner, context = request
        self.requests.append([who, action, arn, owner, context])
        self.expected.append((is_allowed, title))

    def faults(self):
        """(title, what was found) of each answer that is not as expected."""
        sent = json.dumps({"principals": self.principals, "resources": self.resources, "requests": self.requests})
        done = subprocess.run(["node", HERE / "simulate" / "simulate.mjs"], input=sent, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"the policy simulator failed: {done.stderr}")
        for (is_allowed, title), answer in zip(self.expected, json.loads(done.stdout), strict=True):
            if answer not in {ALLOWED, "ImplicitlyDenied", "ExplicitlyDenied"}:
                yield title, f"cannot be simulated: {answer}"
            elif (answer == ALLOWED) != is_allowed:
                yield title, f"{answer}, expected {'allowed' if is_allowed else 'denied'}"


def matrix(name):
    return yaml.safe_load((HERE / "matrix" / name).read_text(encoding="utf-8"))


class Accounts:
    """The templates' policies in the three stages."""

    def __init__(self, template, roles):
        self.people = {stage: Resolved(roles, Stage=stage, PipelinePrincipals="arn:aws:iam::111122223333:role/ci", ApproverEmails="lead@example.com,risk@example.com", ArtifactBucketArns=ARTIFACTS) for stage in STAGES}
        boundary = f"arn:aws:iam::{ACCOUNT}:policy/tidegate-{{}}-function-boundary"
        old, key = read_plain("backfill.yaml"), f"arn:aws:kms:{REGION}:{ACCOUNT}:key/Key"
        self.beside = {s: Resolved(old, Stage=s, LogsBucketName=f"tidegate-{s}-logs-{ACCOUNT}-{REGION}", KeyArn=key, PermissionsBoundaryArn=boundary.format(s)) for s in STAGES}
        self.stacks = {stage: Resolved(template, **parameters(stage), PermissionsBoundaryArn=boundary.format(stage)) for stage in STAGES}

    def managed(self, stage):
        return {self.people[stage].arn(name): policy["PolicyDocument"] for name, policy in self.people[stage].of("AWS::IAM::ManagedPolicy")}

    def person(self, stage, name):
        managed = self.managed(stage)
        role = next(role for _, role in self.people[stage].of("AWS::IAM::Role") if role["RoleName"] == f"tidegate-{stage}-{name}")
        own = [policy["PolicyDocument"] for policy in role.get("Policies", [])]
        return principal(role, own + [managed[arn] for arn in role.get("ManagedPolicyArns", [])], managed.get(role.get("PermissionsBoundary")))

    def functions(self, stage):
        """Name → principal, of the roles of the stack and of backfill.yaml beside it."""
        managed, stack = self.managed(stage), self.stacks[stage]
        beside = [policy | {"Roles": [policy["RoleName"]]} for _, policy in stack.of("AWS::IAM::RolePolicy")] + [policy for _, policy in stack.of("AWS::IAM::Policy")]
        found = {}
        for _, role in [*stack.of("AWS::IAM::Role"), *self.beside[stage].of("AWS::IAM::Role")]:
            name = role["RoleName"].removeprefix(f"tidegate-{stage}-").removesuffix(f"-{REGION}")
            documents = [p["PolicyDocument"] for p in role["Policies"]] + [p["PolicyDocument"] for p in beside if role["RoleName"] in p["Roles"]]
            found[name] = principal(role, documents, managed[role["PermissionsBoundary"]])
        return found

    # ── what is asked ──────────────────────────────────────────────────────────────────────────────────────────────

    def ask_about_people(self, batch, stage):
        said, named = matrix("people.yaml"), Named(stage)
        who = {person: batch.principal(self.person(stage, person)) for person in said["people"]}
        for row in said["rows"].values():
            for call in row["calls"]:
                for person, at in who.items():
                    batch.ask(at, named.request(call), person in row[stage], f"{person} in {stage}: {call}")
        deploy = batch.principal(self.person(stage, "deploy"))
        for answer, calls in said["deploy"].items():
            for call in calls:
                batch.ask(deploy, named.request(call), answer == "may", f"deploy in {stage}: {call}")

    def ask_about_functions(self, batch, stage):
        """What each one needs, within its boundary; and, once, everything else, without it, for a stack may have none."""
        said, named = matrix("functions.yaml"), Named(stage)
        every = every_call(said)
        for function, principal_of in self.functions(stage).items():
            bounded, free = batch.principal(principal_of), batch.principal(principal_of | {"boundary": None})
            needs = said["roles"].get(function, [])
            for call in (call for call in needs if applies(call, named)):
                batch.ask(bounded, named.request(call), True, f"{function} in {stage}: {call}")
            for call in (call for call in sorted(every) if stage == "test"):
                batch.ask(free, named.request(call), call in needs, f"{function} in {stage}, without a boundary: {call}")

    def ask_about_boundaries(self, batch, stage="test", titled=None):
        """Whoever may do everything, but for the boundary."""
        named = Named(stage)
        people = self.person(stage, "mlops-engineer") | {"policies": [EVERYTHING]}
        at = batch.principal(people)
        for row in matrix("people.yaml")["rows"].values():
            for call in row["calls"] if row.get("bounded") else ():
                batch.ask(at, named.request(call), False, titled or f"whoever has the boundary of people: {call}")
        for function, principal_of in self.functions(stage).items():
            at = batch.principal(principal_of | {"policies": [EVERYTHING]})
            for call in matrix("functions.yaml")["never"]:
                batch.ask(at, named.request(call), False, titled or f"{function}, if it might everything within the boundary: {call}")

    def unused(self, stage="test"):
        """Grants that no call of the lists needs. `test` has neighbours on both sides."""
        named = Named(stage)
        for function, calls in matrix("functions.yaml")["roles"].items():
            used = [named.request(call)[:2] for call in calls if applies(call, named)]
            for document in self.functions(stage)[function]["policies"]:
                yield from (f"{function}: may {grant}, and needs it for nothing" for grant in idle(document, used))
        everybody = matrix("people.yaml")
        used = [named.request(call)[:2] for row in everybody["rows"].values() if row[stage] for call in row["calls"]]
        for arn, document in self.managed(stage).items():
            if not arn.endswith("-boundary"):
                asked = {"Statement": [s for s in document["Statement"] if s["Sid"] not in everybody["unasked"]]}
                yield from (f"{arn.rsplit('/')[-1]}: allows {grant}, and no row of the table says so" for grant in idle(asked, used))


def every_call(said):
    """Every call that matrix/functions.yaml names."""
    return {call for calls in said["roles"].values() for call in calls} | set(said["none"]) | set(said["never"])


def keys_alone(stack):
    """No resource's policy but those of keys, without which nobody could use one: so that nothing but the boundary says no."""
    whole_account = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
    return {stack.arn(name): {"Version": "2012-10-17", "Statement": [whole_account]} for name, _ in stack.of("AWS::KMS::Key")}


def applies(call, named):
    """Whether the stage has what the call is about: dev has nothing before it, prod nothing after it."""
    return not (("before" in call and not named.before) or ("bus:next" in call and not named.after))


def idle(document, used):
    for statement in document["Statement"]:
        for action in many(statement["Action"]):
            if not any(fnmatch.fnmatchcase(a, action) for a, _ in used):
                yield f"{action} ({statement['Sid']})"
        for resource in many(statement["Resource"]):
            if not any(fnmatch.fnmatchcase(arn, resource) and any(fnmatch.fnmatchcase(a, p) for p in many(statement["Action"])) for a, arn in used):
                yield f"{statement['Sid']} on {resource}"


def templates():
    """template.yaml, expanded, and roles.yaml."""
    return expand(read()), read_plain("roles.yaml")


def faults(template, roles):
    """(number of calls asked, what is not as the matrix says)."""
    accounts = Accounts(template, roles)
    batches = []
    for stage in STAGES:
        batches.append(Batch(resource_policies(accounts.stacks[stage])))
        accounts.ask_about_people(batches[-1], stage)
        accounts.ask_about_functions(batches[-1], stage)
    batches.append(Batch(keys_alone(accounts.stacks["test"])))
    accounts.ask_about_boundaries(batches[-1])
    found = [f"{title}: {what}" for batch in batches for title, what in batch.faults()]
    lists = set(matrix("functions.yaml")["roles"])
    found += [f"{name}: has a role in template.yaml and no list in matrix/functions.yaml, or the other way round" for name in sorted(set(accounts.functions("test")) ^ lists)]
    return sum(len(batch.requests) for batch in batches), found


# A call of the SDK → the action that it needs; those whose method nothing else is called like.
CALLS = {
    "get_object": "s3:GetObject",
    "put_object": "s3:PutObject",
    "delete_object": "s3:DeleteObject",
    "send_message": "sqs:SendMessage",
    "send_message_batch": "sqs:SendMessage",
    "publish": "sns:Publish",
    "list_subscriptions_by_topic": "sns:ListSubscriptionsByTopic",
    "put_events": "events:PutEvents",
    "generate_mac": "kms:GenerateMac",
    "verify_mac": "kms:VerifyMac",
    "sign": "kms:Sign",
}
SERVICES = {"eventbridge": "events"}


def code(lists=None):
    """Each function's own calls, and the services whose clients it links, against its list."""
    lists = lists or matrix("functions.yaml")["roles"]
    for folder in sorted((ROOT / "functions").iterdir()):
        if not (folder / "Cargo.toml").exists():
            continue
        actions = {call.split(" ")[0] for call in lists.get(folder.name, [])}
        linked = re.findall(r"^aws-sdk-(\w+)", (folder / "Cargo.toml").read_text(encoding="utf-8").split("[dev-dependencies]")[0], re.MULTILINE)
        for service in sorted({SERVICES.get(name, name) for name in linked}):
            if not any(action.startswith(f"{service}:") for action in actions):
                yield f"{folder.name}: links a client of {service}, and its list names no call to it"
        source = "".join(path.read_text(encoding="utf-8").split("#[cfg(test)]")[0] for path in sorted((folder / "src").rglob("*.rs")))
        called = {CALLS[method] for method in re.findall(r"\.(\w+)\(\)", source) if method in CALLS}
        yield from (f"{folder.name}: calls {action}, which its list does not name" for action in sorted(called - actions))
        spoken = {action for action in actions if action in {CALLS[m] for m in ("publish", "put_events", "generate_mac", "verify_mac", "sign")}}
        yield from (f"{folder.name}: its list names {action}, which it never calls" for action in sorted(spoken - called))


# Characters of a managed policy, without its spaces (IAM quotas), with the longest name prefix and region.
MAX_POLICY_CHARACTERS = 6144


def groups(template):
    """Members of a group may become its role, and nothing else."""
    for name, group in Resolved(template, Stage="test").of("AWS::IAM::Group"):
        role = group["GroupName"].removesuffix("s")
        if not role.startswith("tidegate-test-") or group["Path"] != "/tidegate/test/":
            yield f"{name}: another name or path than roles.yaml lets people be added to"
        said = [s for policy in group["Policies"] for s in policy["PolicyDocument"]["Statement"]]
        if [(s["Action"], s["Resource"]) for s in said] != [("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/{role}")]:
            yield f"{name}: may {said}, expected to become {role}"


def shape(roles):
    """What a simulation does not see of roles.yaml."""
    people = Resolved(roles, Stage="prod", NamePrefix="a-prefix-this-long", PipelinePrincipals="arn:aws:iam::111122223333:role/ci")
    for name, one in people.of("AWS::IAM::ManagedPolicy"):
        length = len(json.dumps(one["PolicyDocument"], separators=(",", ":")).replace(" ", "")) + 20 * json.dumps(one).count(REGION)
        if length > MAX_POLICY_CHARACTERS:
            yield f"{name}: {length} characters, IAM takes {MAX_POLICY_CHARACTERS}"
        for statement in one["PolicyDocument"]["Statement"] if not name.endswith("Boundary") else ():
            if any("*" in action for action in many(statement["Action"])):
                yield f"{name}: {statement['Sid']} allows {statement['Action']}, expected single actions"
    for name, role in people.of("AWS::IAM::Role"):
        if not str(role.get("PermissionsBoundary", "")).endswith("-people-boundary"):
            yield f"{name}: leaves the boundary of people"
        for statement in role["AssumeRolePolicyDocument"]["Statement"]:
            if statement["Principal"] == "*" or "*" in str(statement["Principal"].get("AWS", "")):
                yield f"{name}: whoever likes may become it"
            if "Service" in statement["Principal"] and "aws:SourceAccount" not in str(statement.get("Condition")):
                yield f"{name}: a service may act for any account"
