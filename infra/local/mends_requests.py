"""What this release of the emulator does unlike AWS with requests: what they are about, what they say of themselves, and one that it does not know. Mended as in mends.py."""

import base64
import json
import time

from ministack.core import iam_actions
from ministack.services import athena, kms, sqs
from ministack.services import iam as iam_service

# ── What a request is about ────────────────────────────────────────────────────────────────────────────────────────────


def resources_have_their_whole_names():
    """A policy is asked about a schedule in its group, a group of people in its path, a subscription, a queue whose letters are moved, a map run, and the
    workgroup of a query, each by its whole ARN."""
    extract = iam_actions.extract_resource_arn

    def extracted(service, method, path, headers, body, query, region, account):
        found = WHOLE_NAMES.get(service, lambda *_: None)(_fields(body) | query, path, f"{region}:{account}")
        return found or extract(service, method, path, headers, body, query, region, account)

    iam_actions.extract_resource_arn = extracted


def _fields(body):
    """What a request in JSON says; nothing of any other."""
    try:
        said = json.loads(body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _schedule(said, path, here):
    name = path.partition("/schedules/")[2]
    return name and f"arn:aws:scheduler:{here}:schedule/{_one(said, 'groupName') or _one(said, 'GroupName') or 'default'}/{name}"


def _group(said, _path, _here):
    return (iam_service._groups.get(_one(said, "GroupName")) or {}).get("Arn")


def _workgroup(said, _path, here):
    query = athena._executions.get(said.get("QueryExecutionId")) or athena._named_queries.get(said.get("NamedQueryId")) or {}
    name = query.get("WorkGroup") or ("WorkGroup" not in said and "Database" not in said and said.get("Name"))
    return said.get("ResourceARN") or (name and f"arn:aws:athena:{here}:workgroup/{name}")


def _database(said, _path, here):
    name = "DatabaseName" not in said and said.get("Name")
    return name and f"arn:aws:glue:{here}:database/{name}"


def _moved(said, _path, _here):
    return said.get("SourceArn") or ("TaskHandle" in said and _source_of(said["TaskHandle"]))


WHOLE_NAMES = {  # service → what a request is about: its fields, its path, region and account
    "athena": _workgroup,
    "glue": _database,
    "iam": _group,
    "scheduler": _schedule,
    "sns": lambda said, _path, _here: _one(said, "SubscriptionArn"),
    "sqs": _moved,
    "states": lambda said, _path, _here: said.get("mapRunArn"),
}


def _one(said, name):
    value = said.get(name)
    return value[0] if isinstance(value, list) else value


def requests_say_more():
    """A policy may ask who is to be subscribed and how, by which role a stack is deployed, and which aliases a key has."""
    of_tags = iam_actions.request_tag_context

    def context(service, action, body, query):
        said = {key: _one(query, name) for key, name in SAID.get(service, {}).items() if query.get(name)}
        if service == "kms" and (key := _fields(body).get("KeyId")):
            aliases = [arn.rsplit(":", 1)[1] for arn, of in kms._aliases.items() if of == key.rsplit("/", 1)[-1]]
            said["kms:ResourceAliases"] = aliases
        return {**of_tags(service, action, body, query), **said}

    iam_actions.request_tag_context = context


SAID = {  # service → condition key → the field of the request
    "sns": {"sns:Protocol": "Protocol", "sns:Endpoint": "Endpoint"},
    "cloudformation": {"cloudformation:RoleArn": "RoleARN"},
}


# ── Dead letters ───────────────────────────────────────────────────────────────────────────────────────────────────────


def messages_move_back():
    """SQS moves dead letters back into the queues that they came from. Here a move is over at once."""
    tasks = {}  # ARN of the dead-letter queue → its moves, the newest first

    def start(said, _url):
        arn = said["SourceArn"]
        source = _dead_letter_queue(arn)
        moved, reason = 0, None
        while source["messages"]:
            letter = source["messages"][0]
            to = sqs._queue_by_arn(said.get("DestinationArn") or letter["sys"].get("DeadLetterQueueSourceArn", ""))
            if to is None:
                reason = "CouldNotDetermineMessageSource"
                break
            source["messages"].pop(0)
            to["messages"].append({**letter, "visible_at": time.time(), "receive_count": 0, "receipt_handle": None, "first_receive_at": None})
            moved += 1
        sqs.esm_wake.set()
        handle = base64.b64encode(json.dumps({"taskId": sqs.new_uuid(), "sourceArn": arn}).encode()).decode()
        task = {
            "Status": "FAILED" if reason else "COMPLETED",
            "SourceArn": arn,
            "ApproximateNumberOfMessagesMoved": moved,
            "ApproximateNumberOfMessagesToMove": moved + len(source["messages"]),
            "StartedTimestamp": int(time.time() * 1000),
        } | ({"FailureReason": reason} if reason else {})
        tasks.setdefault(arn, []).insert(0, task)
        return {"TaskHandle": handle}

    def listed(said, _url):
        _dead_letter_queue(said["SourceArn"])
        return {"Results": tasks.get(said["SourceArn"], [])[: int(said.get("MaxResults", 1))]}

    def cancel(_said, _url):
        raise sqs._Err("ResourceNotFoundException", "The task does not exist.", 404)

    sqs._HANDLERS.update({"StartMessageMoveTask": start, "ListMessageMoveTasks": listed, "CancelMessageMoveTask": cancel})


def _dead_letter_queue(arn):
    """The queue, if it takes the dead letters of another one."""
    queue = sqs._queue_by_arn(arn)
    if queue is None:
        raise sqs._Err("ResourceNotFoundException", "The resource that you specified for the SourceArn parameter doesn't exist.", 404)
    if not any(arn in other["attributes"].get("RedrivePolicy", "") for other in sqs._queues.values()):
        raise sqs._Err("InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue.")
    return queue


def _source_of(handle):
    """The queue that a move is about; nothing if the handle is none."""
    try:
        return json.loads(base64.b64decode(handle))["sourceArn"]
    except (ValueError, KeyError):
        return None
