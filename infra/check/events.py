"""Whether the examples in events/ hold together: sums of bodies, and batches that carry the single examples."""

import hashlib
import json
import re
from urllib.parse import unquote_plus

from template import ROOT

EVENTS = ROOT / "events"
# Message of sqs-collect-batch.json → the example that it carries.
CARRIED = {
    1: "s3-object-created-put.json",
    2: "s3-test-event.json",
    3: "s3-complete-multipart.json",
    4: "eventbridge-object-created.json",
    6: "s3-object-created-put.json",
}


def load(name):
    return json.loads((EVENTS / name).read_text(encoding="utf-8"))


def wakes(name):
    """The functions that events/README.md says an example wakes."""
    row = re.search(rf"^\| `{re.escape(name)}` \|[^|]*\|([^|]*)\|", (EVENTS / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    return set(re.findall(r"`(\w+)`", row[1])) if row else set()


def created_objects():
    """(file, which bucket of the stack, decoded key) of every S3 notification among the examples."""
    for path in sorted(EVENTS.glob("s3-*.json")):
        for record in load(path.name).get("Records", []):
            yield path.name, record["s3"]["bucket"]["name"].rsplit("-", 1)[1], unquote_plus(record["s3"]["object"]["key"])


def faults():
    readme = (EVENTS / "README.md").read_text(encoding="utf-8")
    for path in sorted(EVENTS.glob("*.json")):
        if f"`{path.name}`" not in readme:
            yield f"{path.name}: not in events/README.md"
        records = load(path.name).get("Records", [])
        for record in (r for r in records if "body" in r):
            if hashlib.md5(record["body"].encode()).hexdigest() != record["md5OfBody"]:
                yield f"{path.name}: md5OfBody of {record['messageId']} is wrong"
    messages = load("sqs-collect-batch.json")["Records"]
    for number, name in CARRIED.items():
        if json.loads(messages[number - 1]["body"]) != load(name):
            yield f"sqs-collect-batch.json: message {number} does not carry {name}"
