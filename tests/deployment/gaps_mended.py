"""What the emulator does unlike AWS by itself, and no more with `mends.py`. `True` means that it is still so."""

import json

from botocore.exceptions import ClientError
from emulator import REGION
from gap_pieces import (
    ECHO,
    Gap,
    client_as,
    comes_true,
    document,
    end_of_backfill,
    heard_of_schedule,
    is_not_known,
    is_refused,
    make_api,
    make_queue,
    make_role,
    make_schedule,
    received,
    refusal_of,
    sourced,
    status_of,
)


def a_role_is_not_known_by_its_name(account, _other):
    sns = account.client("sns")
    topic = sns.create_topic(Name="known")["TopicArn"]
    role = make_role(account, "known", [{"Effect": "Allow", "Action": "sns:Publish", "Resource": topic}])
    policy = [{"Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": topic, "Condition": {"ArnNotEquals": {"aws:PrincipalArn": role}}}]
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=document(policy))
    return is_refused(lambda: client_as(account, role, "sns").publish(TopicArn=topic, Message="hello"))


def a_batch_wants_a_permission_of_its_own(account, _other):
    sqs = account.client("sqs")
    url = sqs.create_queue(QueueName="batch")["QueueUrl"]
    role = make_role(account, "batch", [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}])
    return is_refused(lambda: client_as(account, role, "sqs").send_message_batch(QueueUrl=url, Entries=[{"Id": "1", "MessageBody": "x"}]))


def a_policy_cannot_ask_for_if_none_match(account, _other):
    s3 = account.client("s3")
    s3.create_bucket(Bucket="once-only", CreateBucketConfiguration={"LocationConstraint": REGION})
    role = make_role(account, "once", [{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}])
    once = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::once-only/*", "Condition": {"Null": {"s3:if-none-match": "true"}}}
    s3.put_bucket_policy(Bucket="once-only", Policy=document([once]))
    return is_refused(lambda: client_as(account, role, "s3").put_object(Bucket="once-only", Key="first", Body=b"x", IfNoneMatch="*"))


def a_schedule_is_not_known_by_its_group(account, _other):
    account.client("scheduler").create_schedule_group(Name="people")
    arn = make_schedule(account, "grouped", GroupName="people")
    return is_not_known(account, "grouped", arn, lambda to: to("scheduler").get_schedule(GroupName="people", Name="grouped"))


def a_group_of_people_is_not_known_by_its_path(account, _other):
    arn = account.client("iam").create_group(GroupName="pathed", Path="/people/")["Group"]["Arn"]
    return is_not_known(account, "pathed", arn, lambda to: to("iam").get_group(GroupName="pathed"))


def a_subscription_is_not_known_by_its_name(account, _other):
    sns = account.client("sns")
    topic = sns.create_topic(Name="subscribed")["TopicArn"]
    arn = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=make_queue(account, "subscribed", "sns.amazonaws.com")[1], ReturnSubscriptionArn=True)["SubscriptionArn"]
    return is_not_known(account, "subscribed", arn, lambda to: to("sns").get_subscription_attributes(SubscriptionArn=arn))


def a_query_is_not_known_by_its_workgroup(account, _other):
    athena = account.client("athena")
    athena.create_work_group(Name="asking")
    query = athena.create_named_query(Name="q", Database="d", QueryString="SELECT 1", WorkGroup="asking")["NamedQueryId"]
    arn = f"arn:aws:athena:{REGION}:{account.number}:workgroup/asking"
    return is_not_known(account, "asking", arn, lambda to: to("athena").get_named_query(NamedQueryId=query))


def a_database_is_not_known_by_its_name(account, _other):
    account.client("glue").create_database(DatabaseInput={"Name": "named"})
    arn = f"arn:aws:glue:{REGION}:{account.number}:database/named"
    return is_not_known(account, "database", arn, lambda to: to("glue").get_database(Name="named"))


def a_map_run_is_not_known_by_its_name(account, _other):
    arn = f"arn:aws:states:{REGION}:{account.number}:mapRun:machine/run:1"
    try:
        return is_not_known(account, "map-run", arn, lambda to: to("stepfunctions").describe_map_run(mapRunArn=arn))
    except ClientError as error:  # that there is none is said to whoever may ask
        assert error.response["Error"]["Code"] == "ResourceNotFound", error
        return False


def a_policy_cannot_ask_who_is_subscribed(account, _other):
    topic = account.client("sns").create_topic(Name="whom")["TopicArn"]
    one = {"StringEquals": {"sns:Protocol": "email", "sns:Endpoint": "lead@example.com"}}
    role = make_role(account, "whom", [{"Effect": "Allow", "Action": "sns:Subscribe", "Resource": topic, "Condition": one}])
    return is_refused(lambda: client_as(account, role, "sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="lead@example.com"))


def a_policy_cannot_ask_by_which_role_a_stack_is_deployed(account, _other):
    by = make_role(account, "deploying", [{"Effect": "Allow", "Action": "*", "Resource": "*"}], "cloudformation.amazonaws.com")
    asked = {"StringEquals": {"cloudformation:RoleArn": by}}
    role = make_role(account, "by-role", [{"Effect": "Allow", "Action": "cloudformation:CreateStack", "Resource": "*", "Condition": asked}])
    body = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
    return is_refused(lambda: client_as(account, role, "cloudformation").create_stack(StackName="by-role", TemplateBody=body, RoleARN=by))


def a_policy_cannot_ask_for_aliases_of_a_key(account, _other):
    kms = account.client("kms")
    key = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/asked", TargetKeyId=key)
    asked = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/asked"}}
    role = make_role(account, "alias", [{"Effect": "Allow", "Action": "kms:GetPublicKey", "Resource": "*", "Condition": asked}])
    return is_refused(lambda: client_as(account, role, "kms").get_public_key(KeyId=key))


def dead_letters_do_not_move_back(account, _other):
    sqs = account.client("sqs")
    dead, arn = make_queue(account, "move-dead", "sns.amazonaws.com")
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1})
    url = sqs.create_queue(QueueName="move", Attributes={"RedrivePolicy": policy, "VisibilityTimeout": "0"})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="letter")
    for _ in range(2):
        sqs.receive_message(QueueUrl=url)
    try:
        sqs.start_message_move_task(SourceArn=arn)
    except ClientError as error:
        assert error.response["Error"]["Code"] == "InvalidAction", error
        return True
    return received(account, url) != "letter" or received(account, dead, 1) is not None


def a_condition_does_not_join(account, _other):
    more = {"Parameters": {"Names": {"Type": "CommaDelimitedList", "Default": ""}},
            "Conditions": {"Some": {"Fn::Not": [{"Fn::Equals": [{"Fn::Join": ["", {"Ref": "Names"}]}, ""]}]}}}
    said = refusal_of(account, "join", {"Topic": {"Type": "AWS::SNS::Topic"}, "Queue": {"Type": "AWS::SQS::Queue", "Condition": "Some"}}, more)
    assert said is None, said
    return len(account.client("cloudformation").list_stack_resources(StackName="join")["StackResourceSummaries"]) != 1


def a_group_of_people_is_no_resource(account, _other):
    return refusal_of(account, "group", {"Group": {"Type": "AWS::IAM::Group", "Properties": {"GroupName": "made"}}}) is not None


def a_named_query_is_no_resource(account, _other):
    properties = {"Name": "q", "Database": "d", "QueryString": "SELECT 1"}
    return refusal_of(account, "query", {"Query": {"Type": "AWS::Athena::NamedQuery", "Properties": properties}}) is not None


def a_distributed_map_needs_no_role(account, _other):
    return end_of_backfill(account, "needless-map", []) == "SUCCEEDED"


def a_distributed_map_tells_of_nothing(account, _other):
    may = [{"Effect": "Allow", "Action": ["s3:ListBucket", "sqs:SendMessage"], "Resource": "*"}]
    return end_of_backfill(account, "telling-map", may) != "SUCCEEDED" or not received(account, f"{account.emulator.url}/{account.number}/telling-map")


def a_bus_policy_is_no_resource(account, _other):
    return refusal_of(account, "bus", {
        "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "bus"}},
        "Policy": {"Type": "AWS::Events::EventBusPolicy", "Properties": {"EventBusName": {"Ref": "Bus"}, "StatementId": "s", "Statement": {
            "Effect": "Deny", "Principal": "*", "Action": "events:PutEvents", "Resource": {"Fn::GetAtt": ["Bus", "Arn"]}}}},
    }) is not None


def a_rule_reaches_no_bus_of_another_account(account, other):
    here, there = account.client("events"), other.client("events")
    bus = f"arn:aws:events:{REGION}:{other.number}:event-bus/there"
    let = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account.number}:root"}, "Action": "events:PutEvents", "Resource": bus}
    refused = refusal_of(other, "there", {
        "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "there"}},
        "Policy": {"Type": "AWS::Events::EventBusPolicy", "Properties": {"EventBusName": {"Ref": "Bus"}, "StatementId": "s", "Statement": let}},
    })
    if refused:
        there.create_event_bus(Name="there")
    queue = make_queue(other, "there", "events.amazonaws.com")
    there.put_rule(Name="all", EventBusName="there", EventPattern=json.dumps({"source": ["a"]}))
    there.put_targets(Rule="all", EventBusName="there", Targets=[{"Id": "queue", "Arn": queue[1]}])
    here.create_event_bus(Name="here")
    role = make_role(account, "forward", [{"Effect": "Allow", "Action": "events:PutEvents", "Resource": bus}], "events.amazonaws.com")
    here.put_rule(Name="all", EventBusName="here", EventPattern=json.dumps({"source": ["a"]}))
    here.put_targets(Rule="all", EventBusName="here", Targets=[{"Id": "bus", "Arn": bus, "RoleArn": role}])
    here.put_events(Entries=[{"EventBusName": "here", "Source": "a", "DetailType": "b", "Detail": "{}"}])
    return not received(other, queue[0])


def a_rule_needs_no_leave_of_a_queue(account, _other):
    events, sqs = account.client("events"), account.client("sqs")
    url, arn = make_queue(account, "closed", "sns.amazonaws.com")
    events.create_event_bus(Name="closed")
    events.put_rule(Name="all", EventBusName="closed", EventPattern=json.dumps({"source": ["a"]}))
    events.put_targets(Rule="all", EventBusName="closed", Targets=[{"Id": "queue", "Arn": arn}])
    events.put_events(Entries=[{"EventBusName": "closed", "Source": "a", "DetailType": "b", "Detail": "{}"}])
    return bool(sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages"))


def a_schedule_needs_no_role(account, _other):
    return heard_of_schedule(account, "needless", [], '{"say":"hello"}') is not None


def a_schedule_fills_in_no_time(account, _other):
    said = heard_of_schedule(account, "time", [{"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*"}], '{"say":"<aws.scheduler.scheduled-time>"}')
    return said is None or "<aws" in said


def a_source_needs_no_leave(account, _other):
    return refusal_of(account, "leave", sourced([])) is None


def a_number_of_a_parameter_stays_text(account, _other):
    """After the SAM transform, which writes the parameter's value as text: a mapping with it stops all mappings."""
    resources = sourced([{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}])
    source = {"Queue": {"Fn::GetAtt": ["Queue", "Arn"]}, "ScalingConfig": {"MaximumConcurrency": {"Ref": "Most"}}}
    resources["Function"] = {"Type": "AWS::Serverless::Function", "Properties": {
        "FunctionName": "number", "Runtime": "python3.12", "Handler": "index.handler", "InlineCode": ECHO,
        "Role": {"Fn::GetAtt": ["Role", "Arn"]}, "Events": {"Source": {"Type": "SQS", "Properties": source}}}}
    del resources["Source"]
    more = {"Transform": "AWS::Serverless-2016-10-31", "Parameters": {"Most": {"Type": "Number", "Default": 3}}}
    said = refusal_of(account, "number", resources, more)
    assert said is None, said
    queue = account.client("lambda").list_event_source_mappings(FunctionName="number")["EventSourceMappings"][0]["EventSourceArn"]
    sqs = account.client("sqs")
    url = sqs.get_queue_url(QueueName=queue.rsplit(":", 1)[1])["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="{}")
    counts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]

    def is_empty():
        return not any(int(count) for count in sqs.get_queue_attributes(QueueUrl=url, AttributeNames=counts)["Attributes"].values())

    return not comes_true(is_empty)


def an_api_needs_no_leave(account, _other):
    """By the address with the stage in it, which the emulator knows without any mend, with the credentials that it wants for it."""
    return status_of(account, make_api(account, "leave-api"), "/test/page") == 200


def an_api_has_no_address(account, _other):
    api = make_api(account, "address-api")
    account.client("lambda").add_permission(
        FunctionName="address-api", StatementId="api", Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com"
    )
    return status_of(account, api, "/some/page") != 200


MENDED = [
    Gap("aws:PrincipalArn of a role's session is not the role", a_role_is_not_known_by_its_name),
    Gap("a batch wants a permission of its own", a_batch_wants_a_permission_of_its_own),
    Gap("a bucket policy cannot ask for If-None-Match", a_policy_cannot_ask_for_if_none_match),
    Gap("a schedule is not known by its group", a_schedule_is_not_known_by_its_group),
    Gap("a group of people is not known by its path", a_group_of_people_is_not_known_by_its_path),
    Gap("a subscription is not known by its name", a_subscription_is_not_known_by_its_name),
    Gap("a query is not known by its workgroup", a_query_is_not_known_by_its_workgroup),
    Gap("a database is not known by its name", a_database_is_not_known_by_its_name),
    Gap("a map run is not known by its name", a_map_run_is_not_known_by_its_name),
    Gap("a policy cannot ask who is subscribed", a_policy_cannot_ask_who_is_subscribed),
    Gap("a policy cannot ask by which role a stack is deployed", a_policy_cannot_ask_by_which_role_a_stack_is_deployed),
    Gap("a policy cannot ask for the aliases of a key", a_policy_cannot_ask_for_aliases_of_a_key),
    Gap("dead letters do not move back", dead_letters_do_not_move_back),
    Gap("a condition does not join a list", a_condition_does_not_join),
    Gap("CloudFormation makes no group of people", a_group_of_people_is_no_resource),
    Gap("CloudFormation makes no named query", a_named_query_is_no_resource),
    Gap("a distributed map needs no role", a_distributed_map_needs_no_role),
    Gap("a distributed map tells of nothing", a_distributed_map_tells_of_nothing),
    Gap("CloudFormation makes no bus policy", a_bus_policy_is_no_resource),
    Gap("a rule reaches no bus of another account", a_rule_reaches_no_bus_of_another_account),
    Gap("a rule needs no leave of its queue", a_rule_needs_no_leave_of_a_queue),
    Gap("a schedule needs no role", a_schedule_needs_no_role),
    Gap("a schedule does not fill in its time", a_schedule_fills_in_no_time),
    Gap("a source of a function needs no leave", a_source_needs_no_leave),
    Gap("a number that a parameter gives stays text", a_number_of_a_parameter_stays_text),
    Gap("an HTTP API needs no leave to invoke", an_api_needs_no_leave),
    Gap("an HTTP API has no address without credentials", an_api_has_no_address),
]
