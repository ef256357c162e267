"""Rules about operations: alarms that say what to do, pages that say it, and a dashboard that shows what there is.

As in rules.py, each yields one sentence per fault, and BROKEN holds templates that it must refuse.
"""

import json
import re

from named import SECRET
from resolve import ACCOUNT, REGION, Resolved
from template import INFRA, ROOT, read_plain, target, text

RUNBOOKS = INFRA / "runbooks"
PARTS = ("**What it means.**", "**Look.**", "**Mend.**", "**Afterwards.**")


def alarms():
    """(alarm's name without prefix and stage, description), of alarms about one model."""
    for resource in read_plain("model-alarms.yaml")["Resources"].values():
        yield text(resource["Properties"]["AlarmName"]).removeprefix("${NamePrefix}-${Stage}-").replace("${", "<").replace("}", ">").lower(), text(resource["Properties"]["AlarmDescription"])


def emitted():
    """Metrics of namespace Tidegate that functions write."""
    sources = (path.read_text(encoding="utf-8") for path in sorted((ROOT / "functions").glob("*/src/metrics.rs")))
    return {name for source in sources for name in re.findall(r'"([A-Z][A-Za-z0-9]+)"', source)}


def every_alarm_has_its_page(stack):
    of_stack = [(text(a["AlarmName"]).split("${Stage}-")[1], text(a["AlarmDescription"])) for _, a in stack.of("AWS::CloudWatch::Alarm")]
    linked = set()
    for name, description in [*of_stack, *alarms()]:
        link = re.search(r"\$\{RunbookBase\}/([\w-]+\.md)$", description)
        if not link:
            yield f"{name}: its description does not end with its page"
            continue
        linked.add(link[1])
        page = RUNBOOKS / link[1]
        if not page.exists():
            yield f"{name}: runbooks/{link[1]} is not there"
        elif f"`…-{name}`" not in page.read_text(encoding="utf-8"):
            yield f"{name}: runbooks/{link[1]} does not name it"
    for page in sorted(RUNBOOKS.glob("*.md")):
        said = page.read_text(encoding="utf-8")
        if page.name not in linked:
            yield f"runbooks/{page.name}: no alarm names it"
        yield from (f"runbooks/{page.name}: no {part}" for part in PARTS if part not in said)
        yield from (f"runbooks/{page.name}: {to} is not there" for to in re.findall(r"\]\(([\w./-]+)\)", said) if not (RUNBOOKS / to).exists())


def what_is_told_and_not_delivered_has_its_alarm(stack):
    watched = {target(d["Value"]) for _, a in stack.of("AWS::CloudWatch::Alarm") if a["MetricName"] == "NumberOfNotificationsFailed" for d in a["Dimensions"]}
    yield from (f"{name}: nobody hears that it does not deliver" for name, _ in stack.of("AWS::SNS::Topic") if name not in watched)


# What a stack may have and may lack, of which the board shows something.
WITH_AND_WITHOUT = ({}, {"MlflowSecretArn": SECRET}, {"ExistingAlarmTopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:on-call"})


def one_dashboard_shows_what_there_is(stack):
    boards = list(stack.of("AWS::CloudWatch::Dashboard"))
    if len(boards) != 1:
        yield f"{len(boards)} dashboards, expected one"
        return
    template = {"Resources": stack.resources, "Parameters": stack.parameters, "Conditions": stack.conditions}
    found = {}
    for given in WITH_AND_WITHOUT:
        resolved = Resolved(template, Stage="dev", RunbookBase="infra/runbooks", **given)
        found |= dict.fromkeys(_faults_of_board(boards[0][0], resolved, resolved.value(boards[0][1]["DashboardBody"])))
    yield from found


def _faults_of_board(name, resolved, body):
    """What is wrong with the dashboard of a stack with these parameters."""
    try:
        widgets = json.loads(body)["widgets"]
    except ValueError as error:
        yield f"{name}: no JSON: {error}"
        return
    taken = set()
    for widget in widgets:
        cells = {(x, y) for x in range(widget["x"], widget["x"] + widget["width"]) for y in range(widget["y"], widget["y"] + widget["height"])}
        if cells & taken or widget["x"] + widget["width"] > 24:
            yield f"{widget['properties'].get('title')}: lies over another, or beside the board"
        taken |= cells
    yield from _faults_of_metrics(resolved, [m for widget in widgets for m in widget["properties"].get("metrics", [])])
    listed = {arn.rsplit(":", 1)[1] for widget in widgets for arn in widget["properties"].get("alarms", [])}
    yield from (f"{name}: an alarm that is not on the board, or on it and not there" for name in sorted(_names(resolved, "AWS::CloudWatch::Alarm", "AlarmName") ^ listed))


def _faults_of_metrics(resolved, metrics):
    shown = {(m[1], m[3]) for m in metrics if len(m) > 1}
    functions, queues = _names(resolved, "AWS::Lambda::Function", "FunctionName"), _names(resolved, "AWS::SQS::Queue", "QueueName")
    for function in sorted(functions):
        yield from (f"{function}: its {metric} are not shown" for metric in ("Errors", "Invocations", "Duration") if (metric, function) not in shown)
    for queue in sorted(queues):
        metric = "ApproximateNumberOfMessagesVisible" if queue.endswith("dead-letters") else "ApproximateAgeOfOldestMessage"
        if (metric, queue) not in shown:
            yield f"{queue}: its {metric} is not shown"
    known = queues | functions | _names(resolved, "AWS::SNS::Topic", "TopicName") | {"ApproveApi"}
    yield from (f"{metric} of {name}: is shown, and is not there" for metric, name in sorted(shown) if name not in known)
    searched = {name for m in metrics if len(m) == 1 for name in re.findall(r'MetricName="(\w+)"', m[0]["expression"])}
    yield from (f"{metric}: is shown, and no function writes it" for metric in sorted(searched - emitted()))


def _names(resolved, kind, named):
    """The names of what a stack has of a type."""
    return {properties[named] for _, properties in resolved.of(kind)}


def models_alarms_watch_what_functions_write():
    for name, resource in read_plain("model-alarms.yaml")["Resources"].items():
        alarm = resource["Properties"]
        if alarm["MetricName"] not in emitted():
            yield f"{name}: no function writes {alarm['MetricName']}"
        if [d["Name"] for d in alarm["Dimensions"]] != ["Model", "Window"]:
            yield f"{name}: expected dimensions Model and Window"


# Each takes the expanded stack.
RULES = [every_alarm_has_its_page, what_is_told_and_not_delivered_has_its_alarm, one_dashboard_shows_what_there_is]


def alarm(template, name):
    return template["Resources"][name]["Properties"]


def board(old, new):
    def change(template):
        body = template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]
        assert old in body["Fn::Sub"][0], old
        body["Fn::Sub"][0] = body["Fn::Sub"][0].replace(old, new, 1)

    return change


def where_there_is(name, shown):
    """What the board shows of a piece, whether it is there or not."""
    return lambda template: template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"][1].update({name: shown})


BROKEN = [
    (every_alarm_has_its_page, lambda t: alarm(t, "CollectAgeAlarm").update(AlarmDescription="It waits.")),
    (every_alarm_has_its_page, lambda t: alarm(t, "CollectAgeAlarm").update(AlarmDescription={"Fn::Sub": "It waits. ${RunbookBase}/aged.md"})),
    (every_alarm_has_its_page, lambda t: alarm(t, "CollectAgeAlarm").update(AlarmDescription={"Fn::Sub": "It waits. ${RunbookBase}/errors.md"})),
    (every_alarm_has_its_page, lambda t: t["Resources"].pop("ApproveLockedAlarm")),
    (what_is_told_and_not_delivered_has_its_alarm, lambda t: t["Resources"].pop("DecisionsUndeliveredAlarm")),
    (one_dashboard_shows_what_there_is, lambda t: t["Resources"].pop("Dashboard")),
    (one_dashboard_shows_what_there_is, board('{"widgets": [', '{"widgets": [[')),
    (one_dashboard_shows_what_there_is, board('"Errors", "FunctionName", "${NamePrefix}-${Stage}-drift"', '"Errors", "FunctionName", "${NamePrefix}-${Stage}-tide"')),
    (one_dashboard_shows_what_there_is, board('MetricName=\\"DriftedFeatures\\"', 'MetricName=\\"Drifted\\"')),
    (one_dashboard_shows_what_there_is, board('"x": 8, "y": 2', '"x": 7, "y": 2')),
    (one_dashboard_shows_what_there_is, board("alarm:${NamePrefix}-${Stage}-collect-age", "alarm:${NamePrefix}-${Stage}-collect-aged")),
    (one_dashboard_shows_what_there_is, lambda t: t["Resources"].pop("ApproveLockedAlarm")),
    (one_dashboard_shows_what_there_is, where_there_is("WebhookAlarms", "")),
    (one_dashboard_shows_what_there_is, where_there_is("WebhookErrors", ', ["AWS/Lambda", "Errors", "FunctionName", "tidegate-dev-webhook"]')),
]
