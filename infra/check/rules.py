"""What no linter sees: this project's own rules for its template.

A rule is a function that yields one sentence per fault. `broken.py` holds, for each, templates that it must refuse.
"""

import json
import re

import events
from template import ROOT, ends, many, notifications, place, target, text

FOUR_DAYS, FOURTEEN_DAYS = 345_600, 1_209_600

# Metrics that exist, by namespace, with the dimensions that they are asked for (CloudWatch user guide, per service).
METRICS = {
    "AWS/Lambda": [({"Invocations", "Errors", "Throttles", "Duration", "IteratorAge"}, {"FunctionName"})],
    "AWS/SQS": [({"ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"}, {"QueueName"})],
    "AWS/ApiGateway": [({"4xx", "5xx", "Count", "Latency"}, {"ApiId"})],
    "AWS/SNS": [({"NumberOfNotificationsFailed"}, {"TopicName"})],
    "Tidegate": [({"LinksLocked", "Silent", "VolumeChanged", "TooManyFailures", "TooSlow"}, {"Stage"})],
}

# Who holds which verb of the key of decision links. One role each, so that the endpoint cannot mint what it verifies.
LINK_VERBS = {"kms:GenerateMac": "notify", "kms:VerifyMac": "approve"}

# Who writes what in the lake. What validate writes is what a candidate was judged by: it must be there to be looked at again.
WRITERS = {
    "CollectRole": {"records", "profiles", "quarantine", "halves", "truth", "receipts", "baselines", "datasets"},
    "DriftRole": {"profiles", "reports"},
    "PerformanceRole": {"performance"},
    "ValidateRole": {"artifacts", "candidates", "evaluations", "gates"},
    "NotifyRole": {"models"},
    "RegistryRole": {"datasets", "baselines"},
}

# What the stream's source lets through: the kinds of item that `notify` reads (functions/notify/src/committed.rs).
TOLD = {"audit", "window", "performance"}

# When the table may forget an item (shared/registry/src/store/notices.rs); what is to be kept has no such attribute.
EXPIRES = "expires_at_s"

# Actions on which IAM takes no resource (service authorization reference).
WITHOUT_RESOURCE = {"dynamodb:ListStreams", "xray:PutTraceSegments", "xray:PutTelemetryRecords"}

# What a function in a VPC needs, about interfaces that have no name before they are there.
JOIN_A_VPC = {f"ec2:{verb}" for verb in ("CreateNetworkInterface", "DescribeNetworkInterfaces", "DescribeSubnets", "DeleteNetworkInterface", "AssignPrivateIpAddresses", "UnassignPrivateIpAddresses")}


def a_message_stays_hidden_for_six_tries(stack):
    for name, mapping, function, queue in stack.queue_sources():
        window = mapping.get("MaximumBatchingWindowInSeconds", 0)
        least = 6 * function["Timeout"] + window
        found = queue.get("VisibilityTimeout", 30)
        if found < least:
            yield f"{name}: visibility is {found} s, expected at least 6 × {function['Timeout']} + {window} = {least} s"


def a_batch_reports_its_failed_messages(stack):
    for name, mapping, _, _ in stack.queue_sources():
        if mapping.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"{name}: no ReportBatchItemFailures, so one bad message would bring back all ten"
        if mapping.get("BatchSize", 10) > 10:
            yield f"{name}: batches of {mapping['BatchSize']}, expected at most 10"


def a_dead_letter_outlives_its_queue(stack):
    for name, mapping, _, queue in stack.queue_sources():
        redrive = queue.get("RedrivePolicy")
        if not redrive:
            yield f"{name}: its queue has no dead-letter queue"
            continue
        if redrive.get("maxReceiveCount") != 5:
            yield f"{name}: maxReceiveCount is {redrive.get('maxReceiveCount')}, expected 5"
        letters = stack.properties(redrive["deadLetterTargetArn"])
        kept = (queue.get("MessageRetentionPeriod"), letters.get("MessageRetentionPeriod"))
        if kept != (FOUR_DAYS, FOURTEEN_DAYS):
            yield f"{name}: queue and dead-letter queue keep {kept} s, expected ({FOUR_DAYS}, {FOURTEEN_DAYS})"
        if text(queue["QueueName"]) not in str(letters.get("RedriveAllowPolicy")):
            yield f"{name}: its dead-letter queue does not name the queue that it takes from"


def nothing_is_written_where_it_wakes_a_function(stack):
    # What the stage before approved becomes a candidate here: registry wakes validate by it, and nothing that validate writes wakes registry's queue.
    taken_over = {"RegistryRole": {"ModelsBucket/candidates/*", "ModelsBucket/evaluations/*"}}
    waking = {name for name, bucket in stack.of("AWS::S3::Bucket") if "NotificationConfiguration" in bucket}
    for name, role in stack.of("AWS::IAM::Role"):
        for statement in stack.statements(role):
            writes = [action for action in many(statement["Action"]) if action.startswith(("s3:Put", "s3:Delete", "s3:Restore"))]
            resources = [resource for resource in many(statement["Resource"]) if place(resource) not in taken_over.get(name, set())]
            for bucket in {target(resource) for resource in resources} & waking if writes else ():
                yield f"{name}: may {writes[0]} to {bucket}, which wakes functions and is only read: a loop, or a loss"


def the_lake_is_written_where_its_room_says(stack):
    room = (ROOT / "shared" / "lake" / "src" / "lib.rs").read_text(encoding="utf-8")
    said = set(re.findall(r"^//! (\w+)/", room, re.MULTILINE))
    granted = {
        text(resource).split("/")[1]
        for _, role in stack.of("AWS::IAM::Role")
        for statement in stack.statements(role)
        if "s3:PutObject" in many(statement["Action"])
        for resource in many(statement["Resource"])
        if target(resource) == "LakeBucket"
    }
    yield from (f"LakeBucket: no function may write {prefix}/, which shared/lake names" for prefix in sorted(said - granted))
    yield from (f"LakeBucket: a function may write {prefix}/, which shared/lake does not name" for prefix in sorted(granted - said))


def each_role_writes_its_own_part_of_the_lake(stack):
    for name, role in stack.of("AWS::IAM::Role"):
        written, deleted = set(), set()
        for statement in stack.statements(role):
            prefixes = {text(r).split("/")[1] if "/" in text(r) else "*" for r in many(statement["Resource"]) if target(r) == "LakeBucket"}
            written |= prefixes if "s3:PutObject" in many(statement["Action"]) else set()
            deleted |= prefixes if any(action.startswith("s3:Delete") for action in many(statement["Action"])) else set()
        expected = WRITERS.get(name, set())
        if written != expected:
            yield f"{name}: may write {sorted(written)} in the lake, expected {sorted(expected)}"
        for prefix in sorted(deleted & (WRITERS["ValidateRole"] | {"*"})):
            yield f"{name}: may delete {prefix}/, by which candidates were judged"


def an_example_object_wakes_whom_its_table_says(stack):
    functions = {target(mapping["EventSourceArn"]): text(function["FunctionName"]).rsplit("-", 1)[1] for _, mapping, function, _ in stack.queue_sources()}
    buckets = {text(bucket["BucketName"]).split("-")[2]: bucket for _, bucket in stack.of("AWS::S3::Bucket")}
    for example, bucket, key in events.created_objects():
        woken = [functions.get(target(n["Queue"])) for n in notifications(buckets.get(bucket, {})) if key.startswith(ends(n)[0]) and key.endswith(ends(n)[1])]
        if woken != sorted(events.wakes(example)):
            yield f"events/{example}: {key} wakes {woken}, expected {sorted(events.wakes(example))}, as events/README.md says"


def a_bucket_tells_one_queue_of_an_object(stack):
    rooms = (ROOT / "shared" / "lake" / "src" / "keys.rs").read_text(encoding="utf-8")
    named = set(re.findall(r'^pub const \w+: &str = "(\w+/)";', rooms, re.MULTILINE))
    for name, bucket in stack.of("AWS::S3::Bucket"):
        told = [ends(notification) for notification in notifications(bucket)]
        for prefix, _ in told:
            if prefix and prefix not in named:
                yield f"{name}: notifies of {prefix}, which shared/lake/src/keys.rs does not name"
        for at, (prefix, suffix) in enumerate(told):
            for other, ending in told[at + 1 :]:
                if (prefix.startswith(other) or other.startswith(prefix)) and (suffix.endswith(ending) or ending.endswith(suffix)):
                    yield f"{name}: notifies twice of {prefix}…{suffix} and {other}…{ending}, which S3 refuses"


def only_named_buckets_of_this_account_send_to_a_queue(stack):
    policies = [policy for _, policy in stack.of("AWS::SQS::QueuePolicy")]
    for name, bucket in stack.of("AWS::S3::Bucket"):
        for notification in notifications(bucket):
            queue = target(notification["Queue"])
            policy = [p for p in policies if queue in map(target, p["Queues"])]
            allows = [s for p in policy for s in p["PolicyDocument"]["Statement"] if s["Effect"] == "Allow"]
            arns = [text(arn) for s in allows for arn in many(s["Condition"].get("ArnEquals", {}).get("aws:SourceArn", []))]
            if not any(arn.endswith(":::" + text(bucket["BucketName"])) for arn in arns):
                yield f"{name}: {queue}'s policy does not name this bucket in aws:SourceArn"
            if any("aws:SourceAccount" not in s["Condition"].get("StringEquals", {}) for s in allows):
                yield f"{name}: {queue}'s policy does not ask for aws:SourceAccount"
            if not any(queue in map(target, stack.resources[d]["Properties"].get("Queues", [])) for d in many(stack.resources[name].get("DependsOn", []))):
                yield f"{name}: does not wait for {queue}'s policy, and S3 refuses a queue that it may not send to"


def a_function_is_told_what_its_settings_ask(stack):
    for name, function in stack.of("AWS::Lambda::Function"):
        folder = text(function["FunctionName"]).rsplit("-", 1)[1]
        source = (ROOT / "functions" / folder / "src" / "settings.rs").read_text(encoding="utf-8").split("#[cfg(test)]")[0]
        asked = dict((variable, kind) for kind, variable in re.findall(r'variables\.(\w+)(?:::<\w+>)?\(\s*"([A-Z_]+)"', source))
        told = set(function.get("Environment", {}).get("Variables", {}))
        for variable in sorted(v for v, kind in asked.items() if kind in {"text", "parsed"} and v not in told):
            yield f"{name}: {variable} is not set, and settings.rs demands it"
        for variable in sorted(told - set(asked)):
            yield f"{name}: {variable} is set, and settings.rs never reads it"


def what_is_spooled_fits_on_the_disk(stack):
    for name, function in stack.of("AWS::Lambda::Function"):
        told = function.get("Environment", {}).get("Variables", {})
        if "COLLECT_SPOOL_MIB" in told:
            # Each object may spool itself, and beside it what waits for its upload.
            need = 2 * int(told["COLLECT_SPOOL_MIB"]) * int(told["COLLECT_CONCURRENCY"])
            disk = function.get("EphemeralStorage", {}).get("Size", 512)
            if need > disk:
                yield f"{name}: may spool {need} MiB at once, its disk has {disk} MiB"


def an_alarm_watches_a_metric_that_exists(stack):
    for name, alarm in stack.of("AWS::CloudWatch::Alarm"):
        named = {d["Name"] for d in alarm["Dimensions"]}
        if not any(alarm["MetricName"] in metrics and named == dimensions for metrics, dimensions in METRICS.get(alarm.get("Namespace"), [])):
            yield f"{name}: {alarm.get('Namespace')} {alarm['MetricName']} by {[d['Name'] for d in alarm['Dimensions']]} does not exist"
        if not alarm.get("AlarmActions"):
            yield f"{name}: tells nobody"


def everything_that_can_fail_has_its_alarm(stack):
    watched = {(a["MetricName"], target(d["Value"])) for _, a in stack.of("AWS::CloudWatch::Alarm") for d in a["Dimensions"]}
    wanted = {(metric, name) for name, _ in stack.of("AWS::Lambda::Function") for metric in ("Errors", "Throttles")}
    sources = {target(mapping["EventSourceArn"]) for _, mapping, _, _ in stack.queue_sources()}
    wanted |= {("ApproximateAgeOfOldestMessage", name) for name in sources}
    wanted |= {("IteratorAge", target(mapping["FunctionName"])) for _, mapping, _, _ in stack.stream_sources()}
    wanted |= {("ApproximateNumberOfMessagesVisible", name) for name, _ in stack.of("AWS::SQS::Queue") if name not in sources}
    wanted |= {("5xx", name) for name, _ in stack.of("AWS::ApiGatewayV2::Api")}
    wanted |= {("LinksLocked", "Stage") for _, key in stack.of("AWS::KMS::Key") if key.get("KeySpec") == "HMAC_256"}
    for metric, name in sorted(wanted - watched):
        yield f"{name}: no alarm on {metric}"


def a_role_names_single_actions_on_its_own_resources(stack):
    for name, role in stack.of("AWS::IAM::Role"):
        if role.get("ManagedPolicyArns"):
            yield f"{name}: takes managed policies, whose actions nobody here chose"
        for statement in stack.statements(role):
            actions = many(statement["Action"])
            if any("*" in action for action in actions):
                yield f"{name}: {statement['Sid']} allows {actions}, expected single actions"
            if "*" in many(statement["Resource"]) and not set(actions) <= WITHOUT_RESOURCE | JOIN_A_VPC:
                yield f"{name}: {statement['Sid']} allows {actions} on everything"


def a_role_belongs_to_one_function_and_is_bounded(stack):
    roles = [target(function["Role"]) for _, function in stack.of("AWS::Lambda::Function")]
    for name in sorted({role for role in roles if roles.count(role) > 1}):
        yield f"{name}: shared by {roles.count(name)} functions"
    for name, role in stack.of("AWS::IAM::Role"):
        if "PermissionsBoundaryArn" not in str(role.get("PermissionsBoundary")):
            yield f"{name}: takes no permissions boundary"


def a_service_acts_for_this_account_only(stack):
    documents = [(name, role["AssumeRolePolicyDocument"]) for name, role in stack.of("AWS::IAM::Role")]
    documents += [(name, key["KeyPolicy"]) for name, key in stack.of("AWS::KMS::Key")]
    documents += [(name, p["PolicyDocument"]) for kind in ("AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy") for name, p in stack.of(kind)]
    for name, document in documents:
        for statement in document["Statement"]:
            service = statement["Principal"].get("Service") if isinstance(statement["Principal"], dict) else None
            # CloudWatch Logs says for which log group it acts by the encryption context.
            told = str(statement.get("Condition", {}))
            if service and "aws:SourceAccount" not in told and "kms:EncryptionContext:aws:logs:arn" not in told:
                yield f"{name}: {text(service)} may act for any account"


def the_registry_is_written_in_transactions_only(stack):
    tables = {name for name, _ in stack.of("AWS::DynamoDB::Table")}
    writes = {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"}
    for name, role in stack.of("AWS::IAM::Role"):
        for statement in stack.statements(role):
            if set(many(statement["Action"])) & writes and {target(r) for r in many(statement["Resource"])} & tables:
                if statement.get("Condition") != {"ForAnyValue:StringEquals": {"dynamodb:EnclosingOperation": ["TransactWriteItems"]}}:
                    yield f"{name}: {statement['Sid']} may write the registry outside a transaction"


def the_registry_is_kept(stack):
    for name, table in stack.of("AWS::DynamoDB::Table"):
        kept = {
            "point-in-time recovery": table.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled"),
            "deletion protection": table.get("DeletionProtectionEnabled"),
            "a customer-managed key": table.get("SSESpecification", {}).get("KMSMasterKeyId"),
            "a stream of new and old images": table.get("StreamSpecification", {}).get("StreamViewType") == "NEW_AND_OLD_IMAGES",
            "end for notes of what was told": table.get("TimeToLiveSpecification") == {"AttributeName": EXPIRES, "Enabled": True},
        }
        yield from (f"{name}: no {what}" for what, found in kept.items() if not found)


def the_audit_trail_is_signed_by_one_role_and_cannot_be_unwritten(stack):
    keys = {name: key for name, key in stack.of("AWS::KMS::Key") if key.get("KeyUsage") == "SIGN_VERIFY"}
    signers = [name for name, role in stack.of("AWS::IAM::Role") for s in stack.statements(role) if "kms:Sign" in many(s["Action"])]
    if len(signers) != 1:
        yield f"{sorted(signers)} may sign, expected one role"
    for name, key in keys.items():
        denied = [s for s in key["KeyPolicy"]["Statement"] if s["Effect"] == "Deny" and "kms:Sign" in many(s["Action"])]
        if not any("ArnNotEquals" in s.get("Condition", {}) for s in denied):
            yield f"{name}: its policy lets whoever has a policy of their own sign"
    locked = {name for name, bucket in stack.of("AWS::S3::Bucket") if bucket.get("ObjectLockConfiguration", {}).get("Rule", {}).get("DefaultRetention")}
    once = {
        target(policy["Bucket"])
        for _, policy in stack.of("AWS::S3::BucketPolicy")
        for s in policy["PolicyDocument"]["Statement"]
        if s["Effect"] == "Deny" and "s3:PutObject" in many(s["Action"]) and s.get("Condition") == {"Null": {"s3:if-none-match": True}}
    }
    for _, function in stack.of("AWS::Lambda::Function"):
        audit = target(function.get("Environment", {}).get("Variables", {}).get("AUDIT_BUCKET"))
        if audit and audit not in locked:
            yield f"{audit}: no Object Lock with a retention"
        if audit and audit not in once:
            yield f"{audit}: its policy lets an object be written over"
    for name, role in stack.of("AWS::IAM::Role"):
        for statement in stack.statements(role):
            deletes = [action for action in many(statement["Action"]) if action.startswith(("s3:Delete", "s3:Bypass"))]
            if deletes and {target(resource) for resource in many(statement["Resource"])} & locked:
                yield f"{name}: may {deletes[0]} in a bucket under Object Lock"


def links_are_minted_by_one_role_and_verified_by_another(stack):
    keys = {name: key for name, key in stack.of("AWS::KMS::Key") if key.get("KeySpec") == "HMAC_256"}
    if not keys:
        yield "no HMAC key for decision links"
    for name, key in keys.items():
        if key.get("KeyUsage") != "GENERATE_VERIFY_MAC":
            yield f"{name}: its usage is {key.get('KeyUsage')}, expected GENERATE_VERIFY_MAC"
        for verb, owner in LINK_VERBS.items():
            denied = [s for s in key["KeyPolicy"]["Statement"] if s["Effect"] == "Deny" and verb in many(s["Action"])]
            roles = [text(s.get("Condition", {}).get("ArnNotEquals", {}).get("aws:PrincipalArn", "")) for s in denied]
            if not any(f":role/${{NamePrefix}}-${{Stage}}-{owner}-" in role for role in roles):
                yield f"{name}: its policy lets others than {owner} call {verb}"
    for name, role in stack.of("AWS::IAM::Role"):
        for statement in stack.statements(role):
            for verb in set(many(statement["Action"])) & set(LINK_VERBS):
                owner = f"${{NamePrefix}}-${{Stage}}-{LINK_VERBS[verb]}-${{AWS::Region}}"
                if text(role["RoleName"]) != owner:
                    yield f"{name}: may {verb}, expected only {owner}"
                if {target(resource) for resource in many(statement["Resource"])} - set(keys):
                    yield f"{name}: may {verb} with other keys than that of decision links"


def a_link_is_minted_with_the_key_that_verifies_it(stack):
    variables = {text(f["FunctionName"]).rsplit("-", 1)[1]: f.get("Environment", {}).get("Variables", {}) for _, f in stack.of("AWS::Lambda::Function")}
    minted = f"{variables['notify'].get('LINK_KEY_ID')}=${{{target(variables['notify'].get('LINK_KEY'))}.Arn}}"
    verified = text(variables["approve"].get("LINK_KEYS", "")).split(",")
    if minted not in verified:
        yield f"NotifyFunction: mints links with {minted}, and approve verifies {verified}"


def only_notify_speaks(stack):
    """To people and programs. The stage's approvals are forwarded by a role that a rule of the bus assumes, to another account."""
    speaker = "role/${NamePrefix}-${Stage}-notify-${AWS::Region}"
    functions = [f for _, f in stack.of("AWS::Lambda::Function") if target(f["Role"]) == "NotifyRole"]
    topics = {target(v) for f in functions for n, v in f["Environment"]["Variables"].items() if n.endswith("_TOPIC_ARN")}
    buses = {name for name, _ in stack.of("AWS::Events::EventBus")}
    if len(topics) != 3 or not buses:
        yield f"notify is told of topics {sorted(map(str, topics))} and buses {sorted(buses)}, expected three topics and a bus"
    for name, role in stack.of("AWS::IAM::Role"):
        for statement in stack.statements(role):
            aims = {target(resource) for resource in many(statement["Resource"])}
            for verb in {"sns:Publish", "events:PutEvents"} & set(many(statement["Action"])):
                if aims & (topics | buses) and name != "NotifyRole":
                    yield f"{name}: may {verb} to {sorted(aims & (topics | buses))}, expected only NotifyRole"
    denies = {"sns:Publish": set(), "events:PutEvents": set()}
    for _, policy in stack.of("AWS::SNS::TopicPolicy"):
        for statement in policy["PolicyDocument"]["Statement"]:
            if statement["Effect"] == "Deny" and text(statement.get("Condition", {}).get("ArnNotEquals", {}).get("aws:PrincipalArn", "")).endswith(speaker):
                denies["sns:Publish"] |= set(map(target, policy["Topics"]))
    for name, policy in stack.of("AWS::Events::EventBusPolicy"):
        statement = policy["Statement"]
        condition = statement.get("Condition", {})
        if statement["Effect"] == "Deny":
            but = [text(arn) for arn in many(condition.get("ArnNotEquals", {}).get("aws:PrincipalArn", ""))]
            if isinstance(but[0], str) and but[0].endswith(speaker):
                denies["events:PutEvents"].add(target(policy["EventBusName"]))
        elif condition.get("StringEquals") != {"events:source": "tidegate", "events:detail-type": "ModelApproved"} or "ArnEquals" not in condition:
            yield f"{name}: lets another account put more than the approvals that its role forwards"
    yield from (f"{topic}: its policy lets others than notify publish" for topic in sorted(map(str, topics - denies["sns:Publish"])))
    yield from (f"{bus}: its policy lets others than notify put events" for bus in sorted(buses - denies["events:PutEvents"]))


def a_stranger_reaches_one_secret_and_one_queue(stack):
    """What calls webhook is nobody until its signature is verified."""
    may = {
        "secretsmanager:GetSecretValue": {"MlflowSecretArn"},
        "sqs:SendMessage": {"RegistryQueue"},
        "kms:Decrypt": {"Key", None},
        "kms:GenerateDataKey": {"Key"},
        "logs:CreateLogStream": {"WebhookLogs"},
        "logs:PutLogEvents": {"WebhookLogs"},
    }
    for name, role in stack.of("AWS::IAM::Role"):
        for statement in stack.statements(role):
            aims = {target(resource) for resource in many(statement["Resource"])}
            for action in set(many(statement["Action"])) - WITHOUT_RESOURCE - JOIN_A_VPC:
                if name == "WebhookRole" and not aims <= may.get(action, set()):
                    yield f"{name}: may {action} on {sorted(map(str, aims))}, and answers strangers"
                if name != "WebhookRole" and action.startswith("secretsmanager:"):
                    yield f"{name}: may {action}, expected only WebhookRole"
    if not any(name == "WebhookRole" for name, _ in stack.of("AWS::IAM::Role")):
        yield "webhook has no role of its own"


def a_topic_is_encrypted_and_takes_nothing_over_plain_http(stack):
    tls_only = {
        target(topic)
        for _, policy in stack.of("AWS::SNS::TopicPolicy")
        for s in policy["PolicyDocument"]["Statement"]
        if s["Effect"] == "Deny" and s.get("Condition") == {"Bool": {"aws:SecureTransport": False}}
        for topic in policy["Topics"]
    }
    for name, topic in stack.of("AWS::SNS::Topic"):
        if not topic.get("KmsMasterKeyId"):
            yield f"{name}: no customer-managed key"
        if name not in tls_only:
            yield f"{name}: no policy against plain HTTP"


def a_stream_reports_bisects_and_sets_aside(stack):
    sources = list(stack.stream_sources())
    if not sources:
        yield "nothing listens to the registry's stream"
    for name, mapping, function, _ in sources:
        if mapping.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"{name}: no ReportBatchItemFailures, so one bad record would bring back the whole batch"
        if not mapping.get("BisectBatchOnFunctionError"):
            yield f"{name}: a batch that crashes the function is not halved"
        if not 0 <= mapping.get("MaximumRetryAttempts", -1) <= 100:
            yield f"{name}: a bad record would hold up the stream for a day"
        letters = target(mapping.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination"))
        role = stack.role_of(function)
        sends = {target(r) for s in stack.statements(role) if "sqs:SendMessage" in many(s["Action"]) for r in many(s["Resource"])}
        if letters is None or letters not in sends:
            yield f"{name}: no queue for what is given up, or none that its function may send to"
        elif stack.resources[letters]["Properties"].get("MessageRetentionPeriod") != FOURTEEN_DAYS:
            yield f"{letters}: expected to keep messages for {FOURTEEN_DAYS} s"
        if mapping.get("ParallelizationFactor", 1) != 1:
            yield f"{name}: a model's news may overtake each other"
        patterns = [json.loads(f["Pattern"]) for f in mapping.get("FilterCriteria", {}).get("Filters", [])]
        kinds = [set(p.get("dynamodb", {}).get("NewImage", {}).get("item_kind", {}).get("S", [])) for p in patterns]
        if kinds != [TOLD] or patterns[0].get("eventName") != ["INSERT", "MODIFY"]:
            yield f"{name}: lets {patterns} through, expected INSERT and MODIFY of {sorted(TOLD)}"


def a_rule_of_the_bus_retries_and_sets_aside(stack):
    for name, rule in stack.of("AWS::Events::Rule"):
        for aim in rule["Targets"]:
            if "RetryPolicy" not in aim or "DeadLetterConfig" not in aim:
                yield f"{name}: no retry policy or no dead-letter queue"
        # A rule that took every account's events would send them in a circle.
        if "account" not in rule.get("EventPattern", {}):
            yield f"{name}: takes events of any account"


def a_public_address_is_throttled_and_its_log_holds_no_link(stack):
    stages = {target(stage["ApiId"]): (name, stage) for name, stage in stack.of("AWS::ApiGatewayV2::Stage")}
    for name, _ in stack.of("AWS::Lambda::Url"):
        yield f"{name}: a function's own address, which nothing throttles"
    for api, _ in stack.of("AWS::ApiGatewayV2::Api"):
        name, stage = stages.get(api, (api, {}))
        settings = stage.get("DefaultRouteSettings", {})
        if not settings.get("ThrottlingRateLimit") or not settings.get("ThrottlingBurstLimit"):
            yield f"{name}: not throttled"
        log = stage.get("AccessLogSettings", {}).get("Format", "")
        if not log:
            yield f"{name}: no access log"
        for said in re.findall(r"\$context\.([\w.]*)", log):
            if re.search(r"path|query|uri|url|referer|userAgent", said, re.IGNORECASE):
                yield f"{name}: its log holds {said}, which may carry a link"
        routes = {route["RouteKey"] for _, route in stack.of("AWS::ApiGatewayV2::Route") if target(route["ApiId"]) == api}
        if "$default" not in routes:
            yield f"{api}: what it has no route for is answered without the page's headers"
    for name, permission in stack.of("AWS::Lambda::Permission"):
        if permission.get("Principal") == "apigateway.amazonaws.com" and not {"SourceArn", "SourceAccount"} <= set(permission):
            yield f"{name}: lets any API call the function"


def a_bucket_is_private_encrypted_and_tidy(stack):
    tls_only = {
        target(policy["Bucket"])
        for _, policy in stack.of("AWS::S3::BucketPolicy")
        for s in policy["PolicyDocument"]["Statement"]
        if s["Effect"] == "Deny" and s.get("Condition") == {"Bool": {"aws:SecureTransport": False}} and s["Action"] == "s3:*"
    }
    for name, bucket in stack.of("AWS::S3::Bucket"):
        rules = bucket.get("LifecycleConfiguration", {}).get("Rules", [])
        has = {
            "public access block": list(bucket.get("PublicAccessBlockConfiguration", {}).values()) == [True] * 4,
            "customer-managed key": "KMSMasterKeyID" in str(bucket.get("BucketEncryption")),
            "versioning": bucket.get("VersioningConfiguration", {}).get("Status") == "Enabled",
            "end for unfinished uploads": any("AbortIncompleteMultipartUpload" in rule for rule in rules),
            "policy against plain HTTP": name in tls_only,
            "retention when the stack goes": stack.resources[name].get("DeletionPolicy") == "RetainExceptOnCreate",
        }
        yield from (f"{name}: no {what}" for what, found in has.items() if not found)


def a_schedule_retries_and_sends_the_documented_event(stack):
    examples = [json.loads(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "events").glob("scheduler-*.json"))]
    documented = [{**example, "scheduled_time": "<aws.scheduler.scheduled-time>"} for example in examples]
    for name, schedule in stack.of("AWS::Scheduler::Schedule"):
        aim = schedule["Target"]
        if "RetryPolicy" not in aim or "DeadLetterConfig" not in aim:
            yield f"{name}: no retry policy or no dead-letter queue"
        sent = json.loads(aim.get("Input", "{}"))
        if sent not in documented:
            yield f"{name}: sends {sent}, expected the shape of one of events/scheduler-*.json with Scheduler's own time"


def a_function_is_small_traced_and_logs_into_a_group_that_ends(stack):
    for name, function in stack.of("AWS::Lambda::Function"):
        group = target(function.get("LoggingConfig", {}).get("LogGroup"))
        if not group or not stack.resources[group]["Properties"].get("RetentionInDays"):
            yield f"{name}: its log group is not declared with a retention"
        if function.get("TracingConfig") != {"Mode": "Active"}:
            yield f"{name}: not traced"
        if function.get("Architectures") != ["arm64"] or function.get("Runtime") != "provided.al2023":
            yield f"{name}: expected provided.al2023 on arm64"
    for name, mapping, _, _ in stack.queue_sources():
        if "MaximumConcurrency" not in mapping.get("ScalingConfig", {}):
            yield f"{name}: nothing bounds how many copies the queue starts"


RULES = [value for name, value in list(globals().items()) if callable(value) and getattr(value, "__module__", "") == __name__]
