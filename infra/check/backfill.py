"""backfill.yaml: what its state machine says to collect's queue is what events/ documents, and nothing is lost in silence."""

import json
import re
import subprocess
from pathlib import Path

import events
from resolve import ACCOUNT, REGION, Resolved
from template import read_plain

SIMULATE = Path(__file__).resolve().parent / "simulate"
# The most that one call to SQS takes (SQS quotas).
MOST = 10
LOGS = "tidegate-dev-logs"


def machine(template):
    """The state machine's definition, as CloudFormation fills it in."""
    stack = Resolved(template, Stage="dev", LogsBucketName=LOGS, KeyArn=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/Key")
    ((_, properties),) = stack.of("AWS::StepFunctions::StateMachine")
    given = properties["DefinitionSubstitutions"]
    text = re.sub(r"\$\{(\w+)\}", lambda m: str(given[m[1]]), json.dumps(template["Resources"]["Backfill"]["Properties"]["Definition"]))
    return json.loads(text)


def evaluated(*questions):
    sent = json.dumps([[expression.removeprefix("{%").removesuffix("%}"), states] for expression, states in questions])
    done = subprocess.run(["node", SIMULATE / "jsonata.mjs"], input=sent, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"an expression cannot be evaluated: {done.stderr[-600:]}")
    return json.loads(done.stdout)


def faults(template):
    every = machine(template)["States"]["TellOfEveryObject"]
    steps = every["ItemProcessor"]["States"]
    tell, taken = steps["TellOfTen"], steps["EachWasTaken"]
    if every["ItemBatcher"]["MaxItemsPerBatch"] > MOST:
        yield f"tells of {every['ItemBatcher']['MaxItemsPerBatch']} objects in a call, at most {MOST} are taken"
    if every.get("ToleratedFailurePercentage", 0) != 0 or "ToleratedFailureCount" in every:
        yield "takes it for done when some objects were not told of"
    if tell["Arguments"]["QueueUrl"] != f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/tidegate-dev-collect":
        yield f"tells {tell['Arguments']['QueueUrl']}, expected collect's queue"
    example = events.load("backfill-object.json")
    item = {"Key": example["detail"]["object"]["key"], "Size": example["detail"]["object"]["size"], "Etag": "x", "LastModified": 1, "StorageClass": "STANDARD"}
    some, one = [item | {"Key": f"{number}"} for number in range(MOST - 1)] + [item], [item]
    entries = tell["Arguments"]["Entries"]
    refused, none = {"Failed": [{"Id": "3"}, {"Id": "4"}]}, {"Failed": []}
    answers = evaluated(
        (entries, {"input": {"Items": some}}),
        (entries, {"input": {"Items": one}}),
        *((tell["Output"], {"result": result}) for result in (refused, {"Failed": [{"Id": "3"}]}, none, {})),
        (every["ItemReader"]["Arguments"]["Prefix"], {"input": {"prefix": "flight-delay/2025/"}}),
    )
    ten, single, *outputs, prefix = answers
    if len({entry["Id"] for entry in ten}) != MOST or not isinstance(single, list) or len(single) != 1:
        yield f"sends {len(ten)} and {single}, expected {MOST} and a list of one"
    elif json.loads(ten[-1]["MessageBody"]) != example or json.loads(single[0]["MessageBody"]) != example:
        yield f"sends {ten[-1]['MessageBody']}, expected events/backfill-object.json"
    goes = [evaluated((taken["Choices"][0]["Condition"], {"input": output}))[0] for output in outputs]
    if goes != [False, False, True, True] or steps[taken["Choices"][0]["Next"]]["Type"] != "Succeed" or steps[taken["Default"]]["Type"] != "Fail":
        yield f"after messages that were refused it goes on: {goes}"
    if prefix != "flight-delay/2025/":
        yield f"lists {prefix}, expected what the input says"


def told(template):
    return template["Resources"]["Backfill"]["Properties"]["Definition"]["States"]["TellOfEveryObject"]


def text(old, new):
    def change(template):
        step = told(template)["ItemProcessor"]["States"]["TellOfTen"]
        step["Arguments"]["Entries"] = step["Arguments"]["Entries"].replace(old, new)

    return change


BROKEN = [
    lambda t: told(t)["ItemBatcher"].update(MaxItemsPerBatch=11),
    lambda t: told(t).update(ToleratedFailurePercentage=5),
    lambda t: told(t)["ItemProcessor"]["States"]["TellOfTen"]["Arguments"].update(QueueUrl="${LogsBucket}"),
    lambda t: told(t)["ItemProcessor"]["States"]["TellOfTen"].update(Output="{% {'refused': []} %}"),
    lambda t: told(t)["ItemProcessor"]["States"]["EachWasTaken"].update(Default="Told"),
    lambda t: told(t)["ItemReader"]["Arguments"].update(Prefix="{% $states.input.folder %}"),
    text("$string($at)", "'1'"),
    text("$item.Key", "$encodeUrlComponent($item.Key)"),
    text("{% [", "{% ("),
]
BROKEN[-1] = lambda t: (text("{% [", "{% (")(t), text("})} })] %}", "})} })) %}")(t))


def accepted():
    for number, change in enumerate(BROKEN):
        broken = template()
        change(broken)
        if not list(faults(broken)):
            yield f"broken backfill {number} is accepted"


def template():
    return read_plain("backfill.yaml")
