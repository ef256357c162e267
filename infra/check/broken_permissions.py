"""Roles that may too much or too little: each of these must turn the matrix red, or the matrix checks nothing."""

import copy

from named import STAGES, Named
from permissions import Accounts, Batch, applies, every_call, keys_alone, matrix, resource_policies
from template import many


def policy(roles, name):
    return roles["Resources"][name]["Properties"]["PolicyDocument"]["Statement"]


def statement(roles, name, sid):
    return next(s for s in policy(roles, name) if s["Sid"] == sid)


def inline(template, role, sid):
    found = template["Resources"][role]["Properties"]
    documents = [p["PolicyDocument"] for p in found.get("Policies", [])] or [found["PolicyDocument"]]
    return next(s for document in documents for s in document["Statement"] if s.get("Sid") == sid)


def also(role, name):
    """Gives a role of people a policy in every stage."""
    return lambda roles: roles["Resources"][role]["Properties"]["ManagedPolicyArns"].append({"Ref": name})


def wider(name, sid, **change):
    """Changes one statement of a policy of roles.yaml."""
    return lambda roles: statement(roles, name, sid).update(change)


def granted(role, sid, **change):
    """Changes one statement of a role of template.yaml."""
    return lambda template: inline(template, role, sid).update(change)


def unconditional(name, sid):
    return lambda roles: statement(roles, name, sid).pop("Condition")


def bucket(name, key="*"):
    return {"Fn::Sub": "arn:${AWS::Partition}:s3:::${NamePrefix}-${Stage}-" + name + "-${AWS::AccountId}-${AWS::Region}/" + key}


# (who must be caught with what he must not, in roles.yaml or template.yaml): (stage, person, change)
TOO_WIDE_PEOPLE = [
    ("prod", "data-scientist", also("DataScientistRole", "ReadLogsPolicy")),
    ("test", "data-scientist", also("DataScientistRole", "ExperimentPolicy")),
    ("prod", "data-scientist", also("DataScientistRole", "ContractPolicy")),
    ("test", "data-engineer", also("DataEngineerRole", "ExperimentPolicy")),
    ("prod", "data-engineer", also("DataEngineerRole", "ContractPolicy")),
    ("dev", "data-engineer", also("DataEngineerRole", "OperatePolicy")),
    ("dev", "data-scientist", also("DataScientistRole", "WorkspacePolicy")),
    ("prod", "mlops-engineer", also("MlopsEngineerRole", "ExperimentPolicy")),
    ("prod", "mlops-engineer", also("MlopsEngineerRole", "ContractPolicy")),
    ("prod", "pipeline", also("PipelineRole", "OperatePolicy")),
    ("prod", "data-scientist", wider("ReadPolicy", "ReadContractsAndReports", Resource=bucket("lake"))),
    ("prod", "data-scientist", wider("ReadPolicy", "ReceiveAnswers", Resource=bucket("answers"))),
    ("test", "data-engineer", wider("ContractPolicy", "WriteContracts", Resource=bucket("models"))),
    ("prod", "mlops-engineer", wider("OperatePolicy", "HandOverTheDeployRole", Resource="*", Condition={})),
    ("prod", "mlops-engineer", unconditional("OperatePolicy", "DeployByTheDeployRole")),
    ("prod", "mlops-engineer", wider("OperatePolicy", "DeployByTheDeployRole", Resource="*")),
    ("prod", "mlops-engineer", wider("OperatePolicy", "DoAnHourAgain", Resource="*")),
    ("prod", "mlops-engineer", wider("OperatePolicy", "Redrive", Resource="*")),
    ("dev", "data-scientist", wider("ReadPolicy", "UseTheKey", Condition={})),
    ("dev", "deploy", lambda roles: roles["Resources"]["DeployRole"]["Properties"].pop("PermissionsBoundary")),
]
# These are caught only with whoever may everything else within the boundary: nobody's own policies say them.
TOO_WIDE_BOUNDARIES = [
    ("PeopleBoundary", sid)
    for sid in (
        "NeverWriteTheRegistry",
        "NeverWriteLakeOrAudit",
        "NeverMintVerifyOrSign",
        "NeverDeleteKeysLogsOrAudit",
        "NeverSpeakForTheRegistry",
        "NeverReceiveSomebodyElsesLinks",
        "NeverChangeTheBoundaries",
        "ChangeWhatProtectsThemByDeploymentOnly",
    )
]
TOO_WIDE_FUNCTIONS = [
    ("collect", granted("CollectRole", "KeepTheLake", Resource={"Fn::Sub": "${LakeBucket.Arn}/*"})),
    ("collect", granted("CollectRole", "ReadWhatCameIn", Action=["s3:GetObject", "s3:PutObject"])),
    ("collect", granted("CollectRole", "PublishDatasetVersions", Action=["s3:GetObject", "s3:PutObject", "s3:DeleteObject"])),
    ("collect", granted("CollectRole", "TellTheRegistryOfDatasetVersions", Resource="*")),
    ("drift", lambda t: inline(t, "DriftRole", "ChangeTheRegistryInOneTransactionOnly").pop("Condition")),
    ("drift", granted("DriftRole", "KeepProfilesAndReports", Resource={"Fn::Sub": "${LakeBucket.Arn}/*"})),
    ("performance", granted("PerformanceRole", "ReadTheRegistry", Action=["dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan"])),
    ("validate", granted("ValidateRole", "ReadDatasetVersions", Resource={"Fn::Sub": "${LakeBucket.Arn}/*"})),
    ("validate", granted("ValidateRole", "WriteGateReports", Action=["s3:PutObject", "s3:DeleteObject"])),
    ("registry", granted("TakeOverPolicy", "ReadWhatTheStageBeforeApproved", Resource="*")),
    ("registry", granted("RegistryRole", "WriteCheckpointsOnce", Resource={"Fn::Sub": "${AuditBucket.Arn}/*"})),
    ("registry", granted("RegistryRole", "SignCheckpoints", Resource="*")),
    ("approve", granted("ApproveRole", "VerifyLinks", Resource="*", Action=["kms:VerifyMac", "kms:Decrypt"])),
    ("approve", granted("ApproveRole", "ReadGateReports", Resource={"Fn::Sub": "${LakeBucket.Arn}/*"})),
    ("notify", granted("NotifyRole", "TellPeople", Resource="*")),
    ("notify", granted("NotifyRole", "AskRegistryAndCollect", Resource="*")),
    ("schedule", granted("ScheduleRole", "WakeFunctions", Resource="*")),
]

# What `shape` must refuse.
MISSHAPEN = [
    lambda roles: roles["Resources"]["DataEngineerRole"]["Properties"].update(PermissionsBoundary={"Ref": "FunctionBoundary"}),
    wider("ContractPolicy", "WriteContracts", Action="s3:Put*"),
    lambda roles: policy(roles, "ReadPolicy").extend(policy(roles, "ReadPolicy") * 2),
    lambda roles: roles["Resources"]["DataScientistRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"][0].update(Principal={"AWS": "*"}),
    lambda roles: roles["Resources"]["DeployRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"][0].pop("Condition"),
]

# Lists that do not fit the functions' code: what `code` must refuse.
MISLISTED = [
    lambda lists: lists["notify"].remove("events:PutEvents bus"),
    lambda lists: lists["approve"].append("kms:GenerateMac key:links"),
    lambda lists: lists.update(validate=[call for call in lists["validate"] if not call.startswith("dynamodb:")]),
    lambda lists: lists["collect"].remove("sqs:SendMessage queue:registry"),
]


def without_one_action(function):
    """(what was taken away, the principal without it) for every single action that a principal's policies grant."""
    for p, document in enumerate(function["policies"]):
        for s, one in enumerate(document["Statement"]):
            for action in many(one["Action"]):
                thin = copy.deepcopy(function)
                thin["policies"][p]["Statement"][s]["Action"] = [a for a in many(one["Action"]) if a != action] or ["sts:GetCallerIdentity"]
                yield action, f"without {action} of {one['Sid']}", thin


def missed(template, roles):
    """(number of broken roles, those that nothing catches)."""
    whole = Accounts(template, roles)
    batches = {stage: Batch(resource_policies(whole.stacks[stage])) for stage in STAGES}
    bounded = Batch(keys_alone(whole.stacks["test"]))
    titles = [
        *ask_of_thin_functions(batches["test"], whole),
        *ask_of_thin_people(batches["prod"], template, roles),
        *ask_of_wide_people(batches, template, roles),
        *ask_of_wide_functions(batches["test"], template, roles),
    ]
    for name, sid in TOO_WIDE_BOUNDARIES:
        changed = copy.deepcopy(roles)
        policy(changed, name).remove(statement(changed, name, sid))
        titles.append(f"{name} without {sid}")
        Accounts(template, changed).ask_about_boundaries(bounded, titled=titles[-1])
    caught = {title for batch in [*batches.values(), bounded] for title, _ in batch.faults()}
    return len(titles), [title for title in titles if title not in caught]


def ask_of_thin_functions(batch, accounts):
    """Each role of the stack without each of its actions: some call of its list must be denied then."""
    functions, named = matrix("functions.yaml"), Named("test")
    for name, function in accounts.functions("test").items():
        for action, what, thin in without_one_action(function):
            at = batch.principal(thin)
            for call in functions["roles"][name]:
                if call.split(" ")[0] == action and applies(call, named):
                    batch.ask(at, named.request(call), True, f"{name} {what}")
            yield f"{name} {what}"


def ask_of_thin_people(batch, template, roles):
    """Each policy of people without each of its statements, with whoever has few others in prod."""
    people, named = matrix("people.yaml"), Named("prod")
    holders = {"ReadPolicy": "data-scientist", "ExperimentPolicy": "pipeline", "ContractPolicy": "pipeline", "ReadLogsPolicy": "data-engineer"}
    for name, resource in roles["Resources"].items():
        if resource["Type"] != "AWS::IAM::ManagedPolicy" or name.endswith("Boundary"):
            continue
        person = holders.get(name, "mlops-engineer")
        for at, one in enumerate(policy(roles, name)):
            if one["Sid"] in people["unasked"]:
                continue
            changed = copy.deepcopy(roles)
            del policy(changed, name)[at]
            who = batch.principal(Accounts(template, changed).person("prod", person))
            for row in people["rows"].values():
                for call in row["calls"] if person in row["prod"] else ():
                    if call.split(" ")[0] in many(one["Action"]):
                        batch.ask(who, named.request(call), True, f"{name} without {one['Sid']}")
            yield f"{name} without {one['Sid']}"


def ask_of_wide_people(batches, template, roles):
    people = matrix("people.yaml")
    for number, (stage, person, change) in enumerate(TOO_WIDE_PEOPLE):
        changed = copy.deepcopy(roles)
        change(changed)
        who = batches[stage].principal(Accounts(template, changed).person(stage, person))
        rows = [call for row in people["rows"].values() if person not in row[stage] for call in row["calls"]]
        for call in people["deploy"]["may not"] if person == "deploy" else rows:
            batches[stage].ask(who, Named(stage).request(call), False, f"{person} in {stage}, too wide ({number})")
        yield f"{person} in {stage}, too wide ({number})"


def ask_of_wide_functions(batch, template, roles):
    functions, named = matrix("functions.yaml"), Named("test")
    for number, (name, change) in enumerate(TOO_WIDE_FUNCTIONS):
        changed = copy.deepcopy(template)
        change(changed)
        who = batch.principal(Accounts(changed, roles).functions("test")[name] | {"boundary": None})
        for call in sorted(every_call(functions) - set(functions["roles"][name])):
            batch.ask(who, named.request(call), False, f"{name}, too wide ({number})")
        yield f"{name}, too wide ({number})"
