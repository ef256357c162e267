"""Templates that must be refused: a rule that accepts its broken template is a rule that checks nothing.

Each entry names the rule and breaks one thing in the template as written.
"""

import rules


def properties(template, name):
    return template["Resources"][name]["Properties"]


def event(template, function, name):
    return properties(template, function)["Events"][name]["Properties"]


def variables(template, function):
    return properties(template, function)["Environment"]["Variables"]


def statement(template, role, sid):
    return next(s for s in properties(template, role)["Policies"][0]["PolicyDocument"]["Statement"] if s.get("Sid") == sid)


def told(template, bucket, at):
    return properties(template, bucket)["NotificationConfiguration"]["QueueConfigurations"][at]


def change(place, key, value):
    """Sets one key, found by `place` in the template."""
    return lambda template: place(template).__setitem__(key, value)


def grant(role, sid, action, resource):
    """Lets a role do something else than one of its statements says."""
    return lambda template: statement(template, role, sid).update(Action=action, Resource=resource)


def drop(place, key):
    """Removes one key, found by `place` in the template."""
    return lambda template: place(template).__delitem__(key)


def of(name):
    return lambda template: properties(template, name)


BROKEN = [
    (rules.a_message_stays_hidden_for_six_tries, change(of("CollectQueue"), "VisibilityTimeout", 1804)),
    (rules.a_message_stays_hidden_for_six_tries, drop(of("DriftQueue"), "VisibilityTimeout")),
    (rules.a_message_stays_hidden_for_six_tries, change(of("ValidateFunction"), "Timeout", 906)),
    (rules.a_batch_reports_its_failed_messages, drop(lambda t: event(t, "CollectFunction", "Objects"), "FunctionResponseTypes")),
    (rules.a_batch_reports_its_failed_messages, change(lambda t: event(t, "DriftFunction", "Windows"), "BatchSize", 11)),
    (rules.a_batch_reports_its_failed_messages, drop(lambda t: event(t, "ValidateFunction", "Candidates"), "FunctionResponseTypes")),
    (rules.a_dead_letter_outlives_its_queue, change(of("CollectDeadLetters"), "MessageRetentionPeriod", 345_600)),
    (rules.a_dead_letter_outlives_its_queue, drop(of("DriftQueue"), "RedrivePolicy")),
    (rules.a_dead_letter_outlives_its_queue, change(lambda t: properties(t, "DriftQueue")["RedrivePolicy"], "maxReceiveCount", 1)),
    (rules.nothing_is_written_where_it_wakes_a_function, change(lambda t: statement(t, "CollectRole", "ReadWhatCameIn"), "Action", ["s3:GetObject", "s3:PutObject"])),
    (
        rules.nothing_is_written_where_it_wakes_a_function,
        change(of("LakeBucket"), "NotificationConfiguration", {"QueueConfigurations": [{"Event": "s3:ObjectCreated:*", "Queue": {"Fn::GetAtt": ["CollectQueue", "Arn"]}}]}),
    ),
    (rules.nothing_is_written_where_it_wakes_a_function, change(lambda t: statement(t, "ValidateRole", "KeepArtifacts"), "Resource", {"Fn::Sub": "${ModelsBucket.Arn}/artifacts/*"})),
    (rules.nothing_is_written_where_it_wakes_a_function, change(lambda t: statement(t, "ValidateRole", "ReadWhatTeamsPut"), "Action", ["s3:GetObject", "s3:DeleteObject"])),
    (rules.each_role_writes_its_own_part_of_the_lake, change(lambda t: statement(t, "DriftRole", "KeepProfilesAndReports"), "Resource", {"Fn::Sub": "${LakeBucket.Arn}/gates/*"})),
    (rules.each_role_writes_its_own_part_of_the_lake, change(lambda t: statement(t, "ValidateRole", "WriteGateReports"), "Resource", {"Fn::Sub": "${LakeBucket.Arn}/*"})),
    (rules.each_role_writes_its_own_part_of_the_lake, change(lambda t: statement(t, "ValidateRole", "WriteGateReports"), "Action", ["s3:PutObject", "s3:DeleteObject"])),
    (rules.an_example_object_wakes_whom_its_table_says, change(lambda t: told(t, "ModelsBucket", 1)["Filter"]["S3Key"]["Rules"][1], "Value", "manifest.yaml")),
    (rules.an_example_object_wakes_whom_its_table_says, change(lambda t: told(t, "ModelsBucket", 1), "Queue", {"Fn::GetAtt": ["CollectQueue", "Arn"]})),
    (rules.an_example_object_wakes_whom_its_table_says, drop(lambda t: told(t, "ModelsBucket", 0), "Filter")),
    (rules.a_bucket_tells_one_queue_of_an_object, drop(lambda t: told(t, "ModelsBucket", 0), "Filter")),
    (rules.a_bucket_tells_one_queue_of_an_object, change(lambda t: told(t, "ModelsBucket", 1)["Filter"]["S3Key"]["Rules"][0], "Value", "candidate/")),
    (rules.the_lake_is_written_where_its_room_says, change(lambda t: statement(t, "DriftRole", "KeepProfilesAndReports"), "Resource", {"Fn::Sub": "${LakeBucket.Arn}/report/*"})),
    (rules.only_named_buckets_of_this_account_send_to_a_queue, change(of("LogsBucket"), "BucketName", {"Fn::Sub": "another-${Stage}"})),
    (
        rules.only_named_buckets_of_this_account_send_to_a_queue,
        lambda t: properties(t, "CollectQueuePolicy")["PolicyDocument"]["Statement"][0]["Condition"].pop("StringEquals"),
    ),
    (rules.only_named_buckets_of_this_account_send_to_a_queue, change(lambda t: t["Resources"]["ModelsBucket"], "DependsOn", ["CollectQueuePolicy"])),
    (
        rules.only_named_buckets_of_this_account_send_to_a_queue,
        lambda t: properties(t, "ValidateQueuePolicy")["PolicyDocument"]["Statement"][0]["Condition"].pop("ArnEquals"),
    ),
    (rules.a_function_is_told_what_its_settings_ask, drop(lambda t: variables(t, "DriftFunction"), "DRIFT_QUEUE_URL")),
    (rules.a_function_is_told_what_its_settings_ask, drop(lambda t: variables(t, "ValidateFunction"), "STAGE")),
    (rules.a_function_is_told_what_its_settings_ask, change(lambda t: variables(t, "CollectFunction"), "LAKE", "x")),
    (rules.what_is_spooled_fits_on_the_disk, drop(of("CollectFunction"), "EphemeralStorage")),
    (rules.an_alarm_watches_a_metric_that_exists, change(of("CollectAgeAlarm"), "MetricName", "AgeOfOldestMessage")),
    (rules.an_alarm_watches_a_metric_that_exists, change(of("DriftErrorsAlarm"), "AlarmActions", [])),
    (rules.everything_that_can_fail_has_its_alarm, lambda t: t["Resources"].pop("PlanDeadLettersAlarm")),
    (rules.a_role_names_single_actions_on_its_own_resources, change(lambda t: statement(t, "CollectRole", "KeepTheLake"), "Action", "s3:*")),
    (rules.a_role_names_single_actions_on_its_own_resources, change(lambda t: statement(t, "DriftRole", "KeepProfilesAndReports"), "Resource", "*")),
    (rules.a_role_names_single_actions_on_its_own_resources, change(of("DriftRole"), "ManagedPolicyArns", ["arn:aws:iam::aws:policy/AmazonS3FullAccess"])),
    (rules.a_role_belongs_to_one_function_and_is_bounded, change(of("DriftFunction"), "Role", {"Fn::GetAtt": ["CollectRole", "Arn"]})),
    (rules.a_role_belongs_to_one_function_and_is_bounded, drop(of("ScheduleRole"), "PermissionsBoundary")),
    (rules.a_service_acts_for_this_account_only, lambda t: properties(t, "CollectRole")["AssumeRolePolicyDocument"]["Statement"][0].pop("Condition")),
    (rules.a_service_acts_for_this_account_only, lambda t: properties(t, "Key")["KeyPolicy"]["Statement"][3].pop("Condition")),
    (rules.the_registry_is_written_in_transactions_only, drop(lambda t: statement(t, "DriftRole", "ChangeTheRegistryInOneTransactionOnly"), "Condition")),
    (rules.the_registry_is_kept, drop(of("RegistryTable"), "PointInTimeRecoverySpecification")),
    (rules.the_registry_is_kept, change(lambda t: properties(t, "RegistryTable")["StreamSpecification"], "StreamViewType", "KEYS_ONLY")),
    (rules.the_audit_trail_is_signed_by_one_role_and_cannot_be_unwritten, change(lambda t: statement(t, "DriftRole", "SetAside"), "Action", "kms:Sign")),
    (rules.the_audit_trail_is_signed_by_one_role_and_cannot_be_unwritten, lambda t: properties(t, "SigningKey")["KeyPolicy"]["Statement"].pop()),
    (rules.the_audit_trail_is_signed_by_one_role_and_cannot_be_unwritten, drop(of("AuditBucket"), "ObjectLockConfiguration")),
    (rules.the_audit_trail_is_signed_by_one_role_and_cannot_be_unwritten, lambda t: properties(t, "AuditBucketPolicy")["PolicyDocument"]["Statement"].pop()),
    (
        rules.the_audit_trail_is_signed_by_one_role_and_cannot_be_unwritten,
        change(lambda t: statement(t, "RegistryRole", "WriteCheckpointsOnce"), "Action", ["s3:PutObject", "s3:DeleteObject"]),
    ),
    (rules.links_are_minted_by_one_role_and_verified_by_another, change(lambda t: statement(t, "ApproveRole", "VerifyLinks"), "Action", ["kms:VerifyMac", "kms:GenerateMac"])),
    (rules.links_are_minted_by_one_role_and_verified_by_another, change(lambda t: statement(t, "RegistryRole", "SignCheckpoints"), "Action", ["kms:Sign", "kms:VerifyMac"])),
    (rules.links_are_minted_by_one_role_and_verified_by_another, change(lambda t: statement(t, "ApproveRole", "VerifyLinks"), "Resource", {"Fn::GetAtt": ["Key", "Arn"]})),
    (rules.links_are_minted_by_one_role_and_verified_by_another, lambda t: properties(t, "LinkKey")["KeyPolicy"]["Statement"].pop(1)),
    (rules.links_are_minted_by_one_role_and_verified_by_another, lambda t: properties(t, "LinkKey")["KeyPolicy"]["Statement"].pop(2)),
    (rules.links_are_minted_by_one_role_and_verified_by_another, change(of("LinkKey"), "KeySpec", "SYMMETRIC_DEFAULT")),
    (rules.links_are_minted_by_one_role_and_verified_by_another, change(of("LinkKey"), "KeyUsage", "ENCRYPT_DECRYPT")),
    (rules.links_are_minted_by_one_role_and_verified_by_another, change(lambda t: statement(t, "NotifyRole", "MintLinks"), "Action", ["kms:GenerateMac", "kms:VerifyMac"])),
    (rules.a_link_is_minted_with_the_key_that_verifies_it, change(lambda t: variables(t, "NotifyFunction"), "LINK_KEY_ID", "k2")),
    (rules.a_link_is_minted_with_the_key_that_verifies_it, change(lambda t: variables(t, "NotifyFunction"), "LINK_KEY", {"Fn::GetAtt": ["Key", "Arn"]})),
    (rules.only_notify_speaks, grant("RegistryRole", "SetAside", "sns:Publish", {"Ref": "DecisionTopic"})),
    (rules.only_notify_speaks, grant("ApproveRole", "VerifyLinks", "events:PutEvents", {"Fn::GetAtt": ["EventBus", "Arn"]})),
    (rules.only_notify_speaks, lambda t: properties(t, "DecisionTopicPolicy")["PolicyDocument"]["Statement"].pop(0)),
    (rules.only_notify_speaks, lambda t: t["Resources"].pop("EventBusPolicy")),
    (rules.only_notify_speaks, lambda t: properties(t, "PreviousStagePolicy")["Statement"]["Condition"]["StringEquals"].pop("events:detail-type")),
    (rules.a_stranger_reaches_one_secret_and_one_queue, grant("WebhookRole", "HandOn", "dynamodb:PutItem", {"Fn::GetAtt": ["RegistryTable", "Arn"]})),
    (rules.a_stranger_reaches_one_secret_and_one_queue, change(lambda t: statement(t, "WebhookRole", "HandOn"), "Resource", {"Fn::GetAtt": ["CollectQueue", "Arn"]})),
    (rules.a_stranger_reaches_one_secret_and_one_queue, grant("RegistryRole", "SetAside", "secretsmanager:GetSecretValue", {"Ref": "MlflowSecretArn"})),
    (rules.a_rule_of_the_bus_retries_and_sets_aside, lambda t: properties(t, "ModelPackageRule")["EventPattern"].pop("account")),
    (rules.everything_that_can_fail_has_its_alarm, lambda t: t["Resources"].pop("WebhookErrorsAlarm")),
    (rules.a_topic_is_encrypted_and_takes_nothing_over_plain_http, drop(of("ChatTopic"), "KmsMasterKeyId")),
    (rules.a_topic_is_encrypted_and_takes_nothing_over_plain_http, lambda t: properties(t, "AlertTopicPolicy")["PolicyDocument"]["Statement"].pop(1)),
    (rules.a_stream_reports_bisects_and_sets_aside, drop(lambda t: event(t, "NotifyFunction", "Committed"), "FunctionResponseTypes")),
    (rules.a_stream_reports_bisects_and_sets_aside, drop(lambda t: event(t, "NotifyFunction", "Committed"), "BisectBatchOnFunctionError")),
    (rules.a_stream_reports_bisects_and_sets_aside, drop(lambda t: event(t, "NotifyFunction", "Committed"), "MaximumRetryAttempts")),
    (rules.a_stream_reports_bisects_and_sets_aside, drop(lambda t: event(t, "NotifyFunction", "Committed"), "DestinationConfig")),
    (rules.a_stream_reports_bisects_and_sets_aside, change(lambda t: event(t, "NotifyFunction", "Committed"), "ParallelizationFactor", 2)),
    (rules.a_stream_reports_bisects_and_sets_aside, drop(lambda t: event(t, "NotifyFunction", "Committed"), "FilterCriteria")),
    (rules.a_stream_reports_bisects_and_sets_aside, change(of("NotifyDeadLetters"), "MessageRetentionPeriod", 345_600)),
    (rules.a_stream_reports_bisects_and_sets_aside, change(lambda t: statement(t, "NotifyRole", "SetAside"), "Resource", {"Fn::GetAtt": ["PlanDeadLetters", "Arn"]})),
    (rules.a_rule_of_the_bus_retries_and_sets_aside, lambda t: properties(t, "ApprovedBeforeRule")["Targets"][0].pop("DeadLetterConfig")),
    (rules.a_rule_of_the_bus_retries_and_sets_aside, lambda t: properties(t, "ApprovedHereRule")["EventPattern"].pop("account")),
    (rules.the_registry_is_kept, drop(of("RegistryTable"), "TimeToLiveSpecification")),
    (rules.everything_that_can_fail_has_its_alarm, lambda t: t["Resources"].pop("NotifyAgeAlarm")),
    (rules.a_public_address_is_throttled_and_its_log_holds_no_link, drop(of("ApproveStage"), "DefaultRouteSettings")),
    (rules.a_public_address_is_throttled_and_its_log_holds_no_link, drop(of("ApproveStage"), "AccessLogSettings")),
    (rules.a_public_address_is_throttled_and_its_log_holds_no_link, change(lambda t: properties(t, "ApproveStage")["AccessLogSettings"], "Format", '{"path":"$context.path"}')),
    (rules.a_public_address_is_throttled_and_its_log_holds_no_link, lambda t: t["Resources"].pop("ApproveElsewhereRoute")),
    (rules.a_public_address_is_throttled_and_its_log_holds_no_link, drop(of("ApproveApiMayInvoke"), "SourceArn")),
    (rules.a_public_address_is_throttled_and_its_log_holds_no_link, change(of("ApproveFunction"), "FunctionUrlConfig", {"AuthType": "NONE"})),
    (rules.everything_that_can_fail_has_its_alarm, lambda t: t["Resources"].pop("ApproveLockedAlarm")),
    (rules.everything_that_can_fail_has_its_alarm, lambda t: t["Resources"].pop("ApproveUnavailableAlarm")),
    (rules.a_schedule_retries_and_sends_the_documented_event, change(lambda t: event(t, "RegistryFunction", "Hour"), "Input", '{"schedule":"registry"}')),
    (rules.a_bucket_is_private_encrypted_and_tidy, change(lambda t: properties(t, "LakeBucket")["PublicAccessBlockConfiguration"], "BlockPublicPolicy", False)),
    (rules.a_bucket_is_private_encrypted_and_tidy, lambda t: t["Resources"].pop("LogsBucketPolicy")),
    (rules.a_bucket_is_private_encrypted_and_tidy, drop(of("ModelsBucket"), "LifecycleConfiguration")),
    (rules.a_schedule_retries_and_sends_the_documented_event, drop(lambda t: event(t, "DriftFunction", "Plan"), "DeadLetterConfig")),
    (rules.a_schedule_retries_and_sends_the_documented_event, change(lambda t: event(t, "DriftFunction", "Plan"), "Input", '{"schedule":"plan"}')),
    (rules.a_function_is_small_traced_and_logs_into_a_group_that_ends, drop(of("CollectLogs"), "RetentionInDays")),
    (rules.a_function_is_small_traced_and_logs_into_a_group_that_ends, drop(lambda t: event(t, "CollectFunction", "Objects"), "ScalingConfig")),
]

# What the linter must refuse: the first as written, the others only once the template is expanded.
BROKEN_FOR_THE_LINTER = [
    ("E3002", "as written", change(of("LogsBucket"), "BucketNam", "x")),
    ("E3030", "expanded", change(lambda t: t["Globals"]["Function"], "Runtime", "provided.al2029")),
    ("W3037", "expanded", change(lambda t: statement(t, "ScheduleRole", "SetAside"), "Action", "sqs:SendMesage")),
]
