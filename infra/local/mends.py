"""What this release of the emulator does unlike AWS, mended in its own process, so that the template need not be bent to it.

Each mend is one function, which says what AWS does (those of templates in mends_templates.py, those of requests in mends_requests.py). `tests/deployment/gaps.py` asks an emulator without them whether it still needs them.
"""

import contextvars
import json
import time

from mends_requests import messages_move_back, requests_say_more, resources_have_their_whole_names
from mends_templates import conditions_join, groups_and_queries
from ministack import app
from ministack.core import iam_actions
from ministack.core import iam_evaluator as iam
from ministack.core.arn import parse_arn
from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import apigateway, eventbridge, lambda_svc, scheduler, sqs, stepfunctions
from ministack.services import iam as iam_service
from ministack.services.cloudformation import provisioners


def apply():
    """All of them."""
    for mend in MENDS:
        mend()
    scheduler._SCHEDULE_TICK_INTERVAL = 0.5  # seconds; no mend, but nobody should wait for ten


# ── Who somebody is ────────────────────────────────────────────────────────────────────────────────────────────────────


def role_is_the_principal():
    """`aws:PrincipalArn` of a role's session is the role's ARN, in a bucket of another account as well. Services talk to each other by TLS."""
    resolve = iam._resolve_condition_key

    def resolved(key, ctx):
        if key.lower() == "aws:securetransport" and ctx.principal_type == "Service":
            return "true"
        if key.lower() != "aws:principalarn":
            return resolve(key, ctx)
        pinned = iam._request_caller_arn.get()
        stands_for_all = ctx.principal_arn == f"arn:aws:iam::{ctx.principal_account}:root"
        caller = pinned if stands_for_all and f":{ctx.principal_account}:" in pinned else ctx.principal_arn
        return _role_of(caller)

    iam._resolve_condition_key = resolved


def _role_of(arn):
    """The role behind the ARN of a session of it; anything else as it is."""
    head, _, session = arn.partition(":assumed-role/")
    return f"{head.replace(':sts:', ':iam:')}:role/{session.rsplit('/', 1)[0]}" if session else arn


def _role_may(role_arn, service, source_arn, action, resource, **context):
    """Whether a service may assume a role for the sake of a resource, and the role do this; what it was asked, for the other side's policy."""
    account = parse_arn(role_arn).account_id
    name = role_arn.rsplit("/", 1)[1]
    role = iam_service._roles.get_scoped(account, None, name)
    session = role_arn.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/") + "/" + service.split(".")[0]
    asked = iam.EvalContext(
        principal_arn=session,
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=get_region(),
        secure_transport=True,
        service_context={key.replace("__", ":").replace("_", "-"): value for key, value in context.items()},
    )
    if role is None:
        return False, asked
    trusted = _service_may(role["AssumeRolePolicyDocument"], service, "sts:AssumeRole", "*", source_arn, account)
    policies = iam._gather_role_policies(name, account)
    limits = iam._permissions_boundary(iam_service._roles, name, account)
    return trusted and iam.evaluate(asked, policies, *limits).decision == "Allow", asked


def _service_may(policy, service, action, resource, source_arn, source_account):
    """Whether a policy lets an AWS service do this for the sake of a resource. A trust policy names no resource."""
    document = json.loads(policy) if isinstance(policy, str) else policy
    statements = [{"Resource": "*", **statement} for statement in (document or {}).get("Statement", [])]
    asked = iam.EvalContext(
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action=action,
        resource_arn=resource,
        region=get_region(),
        service_context={"aws:sourcearn": source_arn, "aws:sourceaccount": source_account},
    )
    return iam.evaluate_resource_policy({"Statement": statements}, asked, service=service).decision == "Allow"


def batches_are_single_actions():
    """Who may send a message may send ten at once: there is no permission of its own for batches."""
    extract = iam_actions.extract_iam_action

    def extracted(service, *rest):
        action = extract(service, *rest)
        return action.removesuffix("Batch") if action and service in ("sqs", "sns") else action

    iam_actions.extract_iam_action = extracted


def a_put_says_what_it_writes_over():
    """`s3:if-none-match` is what a put says in its header `If-None-Match`: a policy may ask for it."""
    of_request = iam_actions.s3_service_context

    def with_condition(action, query, path, headers):
        said = {name.lower(): value for name, value in headers.items()}.get("if-none-match")
        return {**of_request(action, query, path, headers), **({"s3:if-none-match": said} if said else {})}

    iam_actions.s3_service_context = with_condition


# ── Buses ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def bus_policies():
    """CloudFormation makes a bus's policies, and a bus heeds them."""

    def create(_logical_id, properties, _stack):
        bus, name = properties["EventBusName"], properties["StatementId"]
        policy = eventbridge._event_bus_policies.setdefault(bus, {"Version": "2012-10-17", "Statement": []})
        policy["Statement"].append({"Sid": name, **properties["Statement"]})
        return f"{bus}|{name}", {}

    def delete(physical_id, _properties):
        bus, name = physical_id.split("|")
        eventbridge._remove_permission({"EventBusName": bus, "StatementId": name})

    def policy_of(arn):
        bus = parse_arn(arn)
        return eventbridge._event_bus_policies.get_scoped(bus.account_id, bus.region, bus.resource.split("/", 1)[1]), bus.account_id

    provisioners._RESOURCE_HANDLERS["AWS::Events::EventBusPolicy"] = {"create": create, "delete": delete}
    eventbridge.bus_policy_for_arn = policy_of
    iam._RESOURCE_POLICY_LOOKUPS["events"] = ("eventbridge", "bus_policy_for_arn")


_RULE = contextvars.ContextVar("the rule or the schedule that is at work, and its target")


def rules_have_roles():
    """A rule reaches a bus of another account, as its role, if both sides let it; a queue if its policy lets the rule. A schedule works as its
    role and fills in its time. What is not let goes to the target's dead letters."""
    invoke, to_bus, to_queue = eventbridge._invoke_target, eventbridge._dispatch_to_event_bus, eventbridge._dispatch_to_sqs

    def invoked(target, event, rule, view=None):
        token = _RULE.set((rule, target))
        try:
            if event.get("Source") != "aws.scheduler":
                return invoke(target, event, rule, view)
            group = rule["Arn"].replace(":schedule/", ":schedule-group/").rsplit("/", 1)[0]
            may, _ = _role_may(target["RoleArn"], "scheduler.amazonaws.com", group, "lambda:InvokeFunction", target["Arn"])
            filled = {**target, "Input": _filled_in(target.get("Input", "{}"), rule, event)}
            return invoke(filled, event, rule, view) if may else _set_aside(filled["Input"])
        finally:
            _RULE.reset(token)

    def dispatched_to_bus(spec, event, rule, path, payload=None):
        if spec.account_id == get_account_id():
            return to_bus(spec, event, rule, path, payload)
        _, target = _RULE.get()
        may, asked = _role_may(
            target["RoleArn"], "events.amazonaws.com", rule["Arn"], "events:PutEvents", str(spec),
            events__source=event["Source"], events__detail_type=event["DetailType"],
        )
        policy, _ = eventbridge.bus_policy_for_arn(str(spec))
        if not may or iam.evaluate_resource_policy(policy or {}, asked).decision != "Allow":
            return _set_aside(json.dumps(eventbridge._pattern_event_view(event).event_with_detail()))
        with request_scope(spec.account_id, spec.region):
            eventbridge._dispatch_event({**event, "EventBusName": spec.resource.split("/", 1)[1]})
        return None

    def dispatched_to_queue(spec, payload, parameters=None):
        rule, _ = _RULE.get()
        if sqs.queue_policy_allows(str(spec), "events.amazonaws.com", rule["Arn"], get_account_id()):
            return to_queue(spec, payload, parameters)
        return _set_aside(payload)

    def _set_aside(payload):
        rule, target = _RULE.get()
        queue = (target.get("DeadLetterConfig") or {}).get("Arn", "")
        by_policy = bool(queue) and sqs.queue_policy_allows(queue, "events.amazonaws.com", rule["Arn"], get_account_id())
        by_role = bool(queue) and "ScheduleExpression" in rule and _schedule_sets_aside(rule, target, queue)
        eventbridge.logger.warning("%s may not reach %s; set aside: %s", rule["Arn"], target["Arn"], by_policy or by_role)
        if by_policy or by_role:
            to_queue(parse_arn(queue), payload)

    def _schedule_sets_aside(rule, target, queue):
        group = rule["Arn"].replace(":schedule/", ":schedule-group/").rsplit("/", 1)[0]
        return _role_may(target["RoleArn"], "scheduler.amazonaws.com", group, "sqs:SendMessage", queue)[0]

    eventbridge._invoke_target = invoked
    eventbridge._dispatch_to_event_bus = dispatched_to_bus
    eventbridge._dispatch_to_sqs = dispatched_to_queue


def _filled_in(text, schedule, event):
    at = time.strftime("%Y-%m-%dT%H:%M:00Z", time.gmtime(event["Time"]))
    words = {"scheduled-time": at, "schedule-arn": schedule["Arn"], "execution-id": event["EventId"], "attempt-number": "1"}
    for word, value in words.items():
        text = text.replace(f"<aws.scheduler.{word}>", value)
    return text


# ── State machines ─────────────────────────────────────────────────────────────────────────────────────────────────────

_MACHINE = contextvars.ContextVar("the state machine that is at work")


def machines_have_roles():
    """A distributed map reads what its arguments come to, in batches; it reads, and its states send messages, ten to a call, as the machine's role."""
    stepfunctions._AWS_SDK_SERVICE_MAP["sqs"] = {"protocol": "json", "target_prefix": "AmazonSQS"}
    run, call = stepfunctions._run_distributed_map, stepfunctions._dispatch_aws_sdk_json

    def ran(state, given, effective, processor, execution, context):
        token = _MACHINE.set(execution["stateMachineArn"])
        try:
            reader = {**state["ItemReader"], "Arguments": stepfunctions._apply_jsonata_template(state["ItemReader"]["Arguments"], given, context)}
            _require_of_machine("s3:ListBucket", f"arn:aws:s3:::{reader['Arguments']['Bucket']}")
            found = stepfunctions._read_map_items(reader, effective, context)
            size = state["ItemBatcher"]["MaxItemsPerBatch"]
            batches = [{"Items": found[at : at + size]} for at in range(0, len(found), size)]
            rest = {name: value for name, value in state.items() if name not in ("ItemReader", "ItemBatcher")}
            return run(rest, given, batches, processor, execution, context)
        finally:
            _MACHINE.reset(token)

    def called(service, name, action, given):
        if name == "sqs":
            queue = given["QueueUrl"].rsplit("/", 2)
            _require_of_machine("sqs:SendMessage", f"arn:aws:sqs:{get_region()}:{queue[1]}:{queue[2]}")
        return call(service, name, action, given)

    stepfunctions._run_distributed_map = ran
    stepfunctions._dispatch_aws_sdk_json = called


def _require_of_machine(action, resource):
    """Fails the state whose machine's role may not do this."""
    machine = _MACHINE.get()
    role = stepfunctions._state_machines[machine]["roleArn"]
    if not _role_may(role, "states.amazonaws.com", machine, action, resource)[0]:
        raise stepfunctions._ExecutionError("AccessDenied", f"{role} is not authorized to perform {action} on {resource}")


# ── Functions ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def numbers_are_numbers():
    """A number that is written as text, as the SAM transform writes a parameter's value, is a number: CloudFormation goes by the property's schema."""
    _before_a_source(lambda properties: properties.update(_with_whole_numbers(properties)))


def _with_whole_numbers(properties):
    scaling = properties.get("ScalingConfig")
    return {"ScalingConfig": {name: int(value) for name, value in scaling.items()}} if scaling else {}


NEEDED = {  # what Lambda asks a function's role for before it takes its source
    "sqs": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
    "dynamodb": ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
}


def sources_need_leave():
    """Lambda takes a source of a function, and a place for what failed, only if the function's role may use it."""

    def check(properties):
        function = properties["FunctionName"]
        source = properties["EventSourceArn"]
        for action in NEEDED[parse_arn(source).service]:
            _require(function, action, source)
        _check_destination(properties)

    def _check_destination(properties):
        failure = (properties.get("DestinationConfig") or {}).get("OnFailure") or {}
        if failure.get("Destination"):
            _require(properties["FunctionName"], "sqs:SendMessage", failure["Destination"])

    _before_a_source(check)
    _before("AWS::Lambda::EventInvokeConfig", _check_destination)


def _require(function, action, resource):
    """Fails the resource whose function's role may not do this, in Lambda's own words."""
    _, config, _ = lambda_svc._get_func_record_for_ref(function)
    may, _ = _role_may(config["Role"], "lambda.amazonaws.com", config["FunctionArn"], action, resource)
    if not may:
        raise ValueError(f"The provided execution role does not have permissions to call {action.split(':')[1]} on {resource}")


def _before_a_source(check):
    _before("AWS::Lambda::EventSourceMapping", check)


def _before(kind, check):
    """Looks at a resource's properties before it is made."""
    handler = provisioners._RESOURCE_HANDLERS[kind]
    create = handler["create"]

    def created(logical_id, properties, stack):
        check(properties)
        return create(logical_id, properties, stack)

    handler["create"] = created


def pages_need_leave():
    """An HTTP API invokes a function only if the function's policy lets it; otherwise it answers 500."""
    invoke = apigateway._invoke_lambda_proxy

    async def invoked(integration, api, stage, path, method, *request, **rest):
        account, region = rest.get("owner_account_id") or get_account_id(), rest.get("owner_region") or get_region()
        arn = apigateway._extract_lambda_ref_from_integration_uri(integration.get("integrationUri", ""))
        source = f"arn:aws:execute-api:{region}:{account}:{api}/{stage}/{method}{path}"
        with request_scope(account, region):
            held = lambda_svc.function_policy_for_arn(arn)
            may = held is None or _service_may(held[0], "apigateway.amazonaws.com", "lambda:InvokeFunction", arn, source, account)
        if not may:
            return 500, {"Content-Type": "application/json"}, b'{"message":"Internal Server Error"}'
        return await invoke(integration, api, stage, path, method, *request, **rest)

    apigateway._invoke_lambda_proxy = invoked


def pages_have_an_address():
    """An API's address leads to it whoever asks, without credentials too. Its stage `$default` is served at the root; the first piece of a path
    names a stage only where there is such a one."""
    parse = app._parse_execute_api_url

    def found(api):
        places = ((account, region) for (account, region, name), _ in apigateway._apis.all_items() if name == api)
        return next(places, None)

    def parsed(host, path):
        said = parse(host, path)
        if said is None or path.startswith(("/_aws/", "/restapis/")):
            return said
        api, stage, _ = said
        with request_scope(*(found(api) or (get_account_id(), get_region()))):
            return said if stage in apigateway._stages.get(api, {}) else (api, "$default", path)

    apigateway.find_api_scope = found
    app._parse_execute_api_url = parsed


MENDS = (
    role_is_the_principal,
    batches_are_single_actions,
    a_put_says_what_it_writes_over,
    resources_have_their_whole_names,
    requests_say_more,
    messages_move_back,
    conditions_join,
    groups_and_queries,
    bus_policies,
    rules_have_roles,
    machines_have_roles,
    numbers_are_numbers,
    sources_need_leave,
    pages_need_leave,
    pages_have_an_address,
)
