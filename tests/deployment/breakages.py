"""The template with one thing taken out: each of these must be seen, at deployment or on the walk.

A breakage names the step at which it must show: `deploy` means that CloudFormation itself refuses the stack. Each is tried in accounts of its own, two where
it shows only on the way to the next one. The walks without any breakage are tried first, side by side as well: they must pass, and how long they take says how
long a broken one may be waited for.
"""

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Callable

import stages
from emulator import Emulator
from lifecycle import Lifecycle
from stack import DeploymentError
from waiting import PATIENCE_S, NotSeen

LEAST_S = 10  # and three times as long as the step took without a breakage: so long is waited for what a breakage keeps away
AT_ONCE = 3


@dataclass(frozen=True)
class Breakage:
    """One thing taken out of the template, where, and when that must show."""

    name: str
    shows: str  # the step of WALKS that must fail, or `deploy`
    change: Callable  # the template's resources, as they stand in the file
    stages: tuple = ("dev",)


def _properties(resources, name):
    return resources[name]["Properties"]


def _statement(sid, *path):
    """Takes the statement of this Sid out of a policy: of a role by its name alone, of anything else by the way to its document."""

    def change(resources):
        holder = _properties(resources, path[0])
        document = holder["Policies"][0]["PolicyDocument"] if len(path) == 1 else holder[path[1]]
        kept = [statement for statement in document["Statement"] if _sid(statement) != sid]
        assert len(kept) == len(document["Statement"]) - 1, f"{path} has no statement {sid}"
        document["Statement"] = kept

    return change


def _sid(statement):
    return (statement["Fn::If"][1] if "Fn::If" in statement else statement)["Sid"]


def _resource(name, *waiting):
    """Takes a resource out, and whatever waits for it."""

    def change(resources):
        del resources[name]
        for other in waiting:
            del resources[other]["DependsOn"]

    return change


def _narrowed(role, sid, part):
    """Takes the resources out of a statement that hold this text."""

    def change(resources):
        statements = _properties(resources, role)["Policies"][0]["PolicyDocument"]["Statement"]
        statement = next(statement for statement in statements if _sid(statement) == sid)
        kept = [resource for resource in statement["Resource"] if part not in str(resource)]
        assert len(kept) < len(statement["Resource"]), f"{role}, {sid}: nothing holds {part}"
        statement["Resource"] = kept

    return change


def _set(name, *path, to):
    """Sets a property to something else."""

    def change(resources):
        holder = _properties(resources, name)
        for step in path[:-1]:
            holder = holder[step]
        assert holder[path[-1]] != to
        holder[path[-1]] = to

    return change


def _without(name, *path):
    """Takes a property out."""

    def change(resources):
        holder = _properties(resources, name)
        for step in path[:-1]:
            holder = holder[step]
        del holder[path[-1]]

    return change


def _not_let(name, sid):
    """A policy that lets one role through lets another one instead."""

    def change(resources):
        holder = _properties(resources, name)
        statements = (holder.get("PolicyDocument") or holder.get("KeyPolicy"))["Statement"]
        statement = next(statement for statement in statements if _sid(statement) == sid)
        statement["Condition"]["ArnNotEquals"]["aws:PrincipalArn"] = "arn:aws:iam::111122223333:role/somebody-else"

    return change


DAY = ("07/10", "07/10")
WALKS = {  # what must have happened before, and the step itself, on one day's logs
    "deploy": [],
    "baseline": [lambda life: life.a_training_set_becomes_the_baseline()],
    "report": ["baseline", lambda life: life.logs_become_a_report(DAY, "1d")],
    "quality": ["report", lambda life: life.truth_becomes_a_measure_of_quality(DAY, DAY)],
    "told": ["baseline", lambda life: life.drift_is_told("dev", DAY, "1d")],
    "serves": ["baseline", lambda life: life.a_candidate_serves_in_dev()],
    "decided": ["serves", lambda life: life.test_decides_by_a_link()],
    "signed": ["baseline", lambda life: life.the_audit_trail_is_signed_and_whole("dev")],
}
BASELINE, REPORT, QUALITY, SERVES, DECIDED, TOLD, SIGNED = "baseline", "report", "quality", "serves", "decided", "told", "signed"
BESIDE = ("dev", "test")

BREAKAGES = [
    # what CloudFormation refuses
    Breakage("the collect queue takes nothing from buckets", "deploy", _resource("CollectQueuePolicy", "LogsBucket", "ModelsBucket")),
    Breakage("the validate queue takes from another bucket", "deploy",
             _set("ValidateQueuePolicy", "PolicyDocument", "Statement", 0, "Condition", "ArnEquals", "aws:SourceArn", to="arn:aws:s3:::other")),
    Breakage("collect may not take messages", "deploy", _statement("TakeMessages", "CollectRole")),
    Breakage("notify may not read the stream", "deploy", _statement("ReadTheStream", "NotifyRole")),
    Breakage("what drift could not plan goes nowhere", "deploy", _statement("SetAside", "DriftRole")),
    Breakage("what notify could not tell goes nowhere", "deploy", _narrowed("NotifyRole", "SetAside", "NotifyDeadLetters")),
    # what comes in
    Breakage("the models bucket wakes nobody", BASELINE, _without("ModelsBucket", "NotificationConfiguration")),
    Breakage("collect has no source", BASELINE, _without("CollectFunction", "Events", "Objects")),
    Breakage("collect may not read training sets", BASELINE, _narrowed("CollectRole", "ReadWhatCameIn", "datasets/")),
    Breakage("collect may not publish dataset versions", BASELINE, _statement("PublishDatasetVersions", "CollectRole")),
    Breakage("collect may not tell the registry", BASELINE, _statement("TellTheRegistryOfDatasetVersions", "CollectRole")),
    Breakage("registry may not write its table", BASELINE, _statement("ChangeTheRegistryInOneTransactionOnly", "RegistryRole")),
    Breakage("the logs bucket wakes nobody", REPORT, _without("LogsBucket", "NotificationConfiguration")),
    Breakage("collect may not write records", REPORT, _narrowed("CollectRole", "KeepTheLake", "records/")),
    # what is judged
    Breakage("schedules may wake nobody", REPORT, _statement("WakeFunctions", "ScheduleRole")),
    Breakage("schedules of another group have the role", REPORT,
             _set("ScheduleRole", "AssumeRolePolicyDocument", "Statement", 0, "Condition", "ArnEquals", "aws:SourceArn", to="arn:aws:scheduler:::other")),
    Breakage("drift plans into another queue", REPORT, _set("DriftFunction", "Environment", "Variables", "DRIFT_QUEUE_URL", to={"Ref": "PerformanceQueue"})),
    Breakage("drift has no source", REPORT, _without("DriftFunction", "Events", "Windows")),
    Breakage("drift may not write reports", REPORT, _narrowed("DriftRole", "KeepProfilesAndReports", "reports/")),
    Breakage("performance may not write", QUALITY, _statement("KeepMeasurementsAndJudgements", "PerformanceRole")),
    # the gate and what is told
    Breakage("no candidate wakes the gate", SERVES, _set("ModelsBucket", "NotificationConfiguration", "QueueConfigurations", 1, "Filter", "S3Key", "Rules", 0, "Value", to="candidate/")),
    Breakage("the gate may not keep its report", SERVES, _statement("WriteGateReports", "ValidateRole")),
    Breakage("notify passes over audit entries", SERVES,
             _set("NotifyFunction", "Events", "Committed", "Properties", "FilterCriteria", "Filters", 0, "Pattern", to='{"eventName":["REMOVE"]}')),
    Breakage("notify may not say which version serves", SERVES, _statement("SayWhichVersionServes", "NotifyRole")),
    Breakage("notify may not tell people", TOLD, _statement("TellPeople", "NotifyRole")),
    Breakage("the topic of alerts lets another role publish", TOLD, _not_let("AlertTopicPolicy", "OnlyNotifyPublishes")),
    Breakage("another role signs the audit trail", SIGNED, _not_let("SigningKey", "OnlyTheRegistrySigns")),
    Breakage("registry may not write checkpoints", SIGNED, _statement("WriteCheckpointsOnce", "RegistryRole")),
    # from one account to the next
    Breakage("notify may not tell programs", DECIDED, _statement("TellPrograms", "NotifyRole"), BESIDE),
    Breakage("the bus takes nothing of the stage before", DECIDED, _resource("PreviousStagePolicy"), BESIDE),
    Breakage("the rule's role may not reach the next bus", DECIDED, _set("ForwardRole", "Policies", to=[]), BESIDE),
    Breakage("the registry's queue takes nothing of rules", DECIDED, _resource("RulesQueuesPolicy"), BESIDE),
    Breakage("the lake lets the next stage read nothing", DECIDED, _statement("TheNextStageTakesOverWhatWasApproved", "LakeBucketPolicy", "PolicyDocument"), BESIDE),
    Breakage("registry may not read the lake before", DECIDED, _resource("TakeOverPolicy"), BESIDE),
    Breakage("notify may not make links", DECIDED, _statement("MintLinks", "NotifyRole"), BESIDE),
    Breakage("another role makes links", DECIDED, _not_let("LinkKey", "OnlyNotifyMintsLinks"), BESIDE),
    Breakage("another role verifies links", DECIDED, _not_let("LinkKey", "OnlyApproveVerifiesLinks"), BESIDE),
    Breakage("approve may not verify links", DECIDED, _statement("VerifyLinks", "ApproveRole"), BESIDE),
    Breakage("the API may not wake the page", DECIDED, _resource("ApproveApiMayInvoke"), BESIDE),
    Breakage("the topic of decisions lets another role publish", DECIDED, _not_let("DecisionTopicPolicy", "OnlyNotifyPublishes"), BESIDE),
]

SAMPLE = [one for one in BREAKAGES if one.name in {
    "the collect queue takes nothing from buckets",
    "collect may not take messages",
    "collect may not read training sets",
    "notify may not say which version serves",
    "the bus takes nothing of the stage before",
    "approve may not verify links",
}]


def check(folder, tidegate, packages, chosen):
    """Faults: breakages that nobody saw, and walks that fail without any."""
    whole = sorted({(one.stages, one.shows) for one in chosen if one.shows != "deploy"})
    with ThreadPoolExecutor(AT_ONCE) as pool:
        trial = Trial(folder, tidegate, packages)
        sound = [(Breakage(f"nothing ({shows})", "", lambda _resources: None, beside), shows) for beside, shows in whole]
        faults = [fault for fault in pool.map(lambda one: trial.of(*one), sound) if fault]
        return faults + [fault for fault in pool.map(lambda one: trial.of(one, one.shows), chosen) if fault]


class Trial:
    """Templates, each deployed on an emulator of its own (it ends the functions of one name in all accounts when one of them is made anew), and walked through."""

    def __init__(self, folder, tidegate, packages):
        self.folder, self.tidegate, self.packages = folder, tidegate, packages
        self.number, self.turn = itertools.count(1), threading.Lock()
        self.took = {}  # seconds of every step in the walks without a breakage

    def of(self, breakage, walk):
        """What is wrong with what was seen of a breakage; nothing if it was seen where it should be."""
        with self.turn:
            number = next(self.number)
        started = time.monotonic()
        with Emulator(self.folder / f"breakage-{number}") as emulator:
            seen = self._seen(emulator, breakage, walk)
        print(f"  {time.monotonic() - started:5.1f} s  {breakage.name}: {seen or 'all is well'}", flush=True)
        if seen.split(":")[0] == breakage.shows:
            return None
        return f"{breakage.name}: expected trouble at “{breakage.shows or 'nothing'}”, found {seen or 'none'}"

    def _seen(self, emulator, breakage, walk):
        """The step that failed, and how; empty if none did."""
        try:
            numbers = {stage: stages.NUMBERS[stage] for stage in breakage.stages}
            accounts = stages.deploy(emulator, self.packages, numbers, breakage.change)
        except DeploymentError as refused:
            return "deploy: " + " ".join(str(refused).split())[:200]
        life = Lifecycle(accounts, self.tidegate)
        for name, step in _steps(walk):
            is_to_fail = name == breakage.shows
            life.patience_s = max(LEAST_S, 3 * self.took[name]) if is_to_fail else PATIENCE_S
            started = time.monotonic()
            try:
                step(life)
            except NotSeen as fault:
                return f"{name}: {str(fault)[:200]}"
            if not breakage.shows:
                self.took[name] = max(self.took.get(name, 0), time.monotonic() - started)
        return ""


def _steps(name):
    """(name, step) of a walk, what comes before it first."""
    for step in WALKS[name]:
        if isinstance(step, str):
            yield from _steps(step)
        else:
            yield name, step
