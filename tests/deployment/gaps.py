"""What the emulator does unlike AWS: what `mends.py` mends, and what it leaves. Each is asked of the emulator, so that a release that has caught up is noticed.

`True` means that the emulator is still unlike AWS. Mends are asked of an emulator without them and of a mended one; what is left, of a mended one.
"""

import approver
import stages
from account import Account
from calls import UNASKED
from emulator import REGION, Emulator
from gap_pieces import Gap, client_as, document, is_no_call, is_not_known, is_refused, make_role, make_schedule
from gaps_mended import MENDED

NUMBER, OTHER = "800000000001", "800000000002"

# ── Left as it is ──────────────────────────────────────────────────────────────────────────────────────────────────────


def a_table_ignores_its_time_to_live(account, _other):
    table = account.outputs["RegistryTableName"]
    return account.client("dynamodb").describe_time_to_live(TableName=table)["TimeToLiveDescription"]["TimeToLiveStatus"] == "DISABLED"


def a_table_ignores_its_recovery(account, _other):
    table = account.outputs["RegistryTableName"]
    said = account.client("dynamodb").describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    return said["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "DISABLED"


def nobody_asks_the_key(account, _other):
    """A role that may use the bucket and not its key."""
    bucket = account.outputs["LogsBucketName"]
    role = make_role(account, "keyless", [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}])
    return not is_refused(lambda: client_as(account, role, "s3").put_object(Bucket=bucket, Key="keyless", Body=b"x"))


def the_owner_stands_above_policies(account, _other):
    """A second checkpoint over the first, which the bucket's policy refuses everybody."""
    bucket = account.outputs["AuditBucketName"]
    return not is_refused(lambda: account.client("s3").put_object(Bucket=bucket, Key="checkpoints/none", Body=b"x"))


def nobody_asks_who_hands_a_role_over(account, _other):
    """A role that may change schedules and hand over no role."""
    arn = make_schedule(account, "handed")
    role = make_role(account, "handing", [{"Effect": "Allow", "Action": "scheduler:*", "Resource": "*"}])
    said = account.client("scheduler").get_schedule(Name=arn.rsplit("/", 1)[1])
    kept = {name: said[name] for name in ("Name", "ScheduleExpression", "FlexibleTimeWindow", "Target")}
    return not is_refused(lambda: client_as(account, role, "scheduler").update_schedule(**kept))


def nobody_has_a_second_factor(account, _other):
    """A user's session that was begun with one."""
    iam, two = account.client("iam"), {"Bool": {"aws:MultiFactorAuthPresent": True}}
    iam.create_user(UserName="two-factors")
    iam.put_user_policy(UserName="two-factors", PolicyName="may", PolicyDocument=document([{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": two}]))
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="two-factors")["VirtualMFADevice"]["SerialNumber"]
    iam.enable_mfa_device(UserName="two-factors", SerialNumber=device, AuthenticationCode1="123456", AuthenticationCode2="654321")
    key = iam.create_access_key(UserName="two-factors")["AccessKey"]
    session = account.client_as("sts", key["AccessKeyId"], key["SecretAccessKey"]).get_session_token(SerialNumber=device, TokenCode="123456")["Credentials"]
    s3 = account.client_as("s3", session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])
    return is_refused(s3.list_buckets)


def a_dashboard_is_not_known_by_its_name(account, _other):
    name = f"tidegate-{account.stage}"
    arn = f"arn:aws:cloudwatch::{account.number}:dashboard/{name}"
    return is_not_known(account, "dashboard", arn, lambda to: to("cloudwatch").get_dashboard(DashboardName=name))


def a_database_is_not_in_its_catalogue(account, _other):
    """A role that may read the database and not the catalogue that it is in."""
    account.client("glue").create_database(DatabaseInput={"Name": "alone"})
    arn = f"arn:aws:glue:{REGION}:{account.number}:database/alone"
    return not is_not_known(account, "catalogue", arn, lambda to: to("glue").get_database(Name="alone"))


def an_execution_is_not_redriven(account, _other):
    return is_no_call(lambda: account.client("stepfunctions").redrive_execution(
        executionArn=f"arn:aws:states:{REGION}:{account.number}:execution:none:none"))


def a_named_query_is_not_changed(account, _other):
    return is_no_call(lambda: account.client("athena").update_named_query(NamedQueryId="none", Name="q", QueryString="SELECT 1"))


def an_api_is_not_throttled(account, _other):
    address = account.outputs["DecisionEndpoint"]
    return all(approver.request(account.emulator, "GET", f"{address}/decision")[0] != 429 for _ in range(25))


def an_api_writes_no_access_log(account, _other):
    group = f"/aws/lambda/tidegate-{account.stage}-approve-access"
    return not account.client("logs").filter_log_events(logGroupName=group).get("events")


def an_api_answers_options_itself(account, _other):
    headers = approver.request(account.emulator, "OPTIONS", f"{account.outputs['DecisionEndpoint']}/decision")[1]
    return "content-security-policy" not in {name.lower() for name in headers}


def no_program_is_of_another_kind(account, _other):
    said = account.client("lambda").get_function_configuration(FunctionName=f"tidegate-{account.stage}-approve")
    return said["Architectures"] == ["arm64"]  # and it ran on whatever this machine is


def no_alarm_rings(account, _other):
    """A message among the dead letters of collect."""
    account.client("sqs").send_message(QueueUrl=account.outputs["CollectDeadLettersUrl"], MessageBody="poison")
    alarms = account.client("cloudwatch").describe_alarms(AlarmNames=[f"tidegate-{account.stage}-collect-dead-letters"])["MetricAlarms"]
    return alarms[0]["StateValue"] != "ALARM"


PEOPLE = "infra/check: who may do what, simulated (matrix/people.yaml)"
LEFT = [
    Gap("a table's time to live is ignored", a_table_ignores_its_time_to_live, "infra/check: the_registry_is_kept"),
    Gap("a table's point-in-time recovery is ignored", a_table_ignores_its_recovery, "infra/check: the_registry_is_kept"),
    Gap("no service asks the key that it encrypts with", nobody_asks_the_key, "infra/check: a_role_names_single_actions_on_its_own_resources"),
    Gap("the account's owner stands above bucket policies", the_owner_stands_above_policies,
        "infra/check: the_audit_trail_is_signed_by_one_role_and_cannot_be_unwritten; tests/flows/registry.rs"),
    Gap("nobody is asked for leave to hand over a role", nobody_asks_who_hands_a_role_over, PEOPLE),
    Gap("nobody has a second factor", nobody_has_a_second_factor, "the account itself becomes MLOps Engineer: stages.py"),
    Gap("a dashboard is not known by its name", a_dashboard_is_not_known_by_its_name, PEOPLE),
    Gap("a database is not in its catalogue", a_database_is_not_in_its_catalogue, PEOPLE),
    Gap("an execution is not redriven", an_execution_is_not_redriven, PEOPLE),
    Gap("a named query is not changed", a_named_query_is_not_changed, PEOPLE),
    Gap("an HTTP API is not throttled", an_api_is_not_throttled, "infra/check: a_public_address_is_throttled_and_its_log_holds_no_link"),
    Gap("an HTTP API writes no access log", an_api_writes_no_access_log, "infra/check: a_public_address_is_throttled_and_its_log_holds_no_link"),
    Gap("an HTTP API answers OPTIONS by itself", an_api_answers_options_itself, "tests/flows/decisions"),
    Gap("a function runs whatever its architecture", no_program_is_of_another_kind, "infra/check/build_zips arm64"),
    Gap("no alarm rings at once", no_alarm_rings, "infra/check: everything_that_can_fail_has_its_alarm"),
]


def check(folder, packages):
    """Faults: gaps that are none any more, and mends that do not mend."""
    known = {gap.says for gap in LEFT}
    faults = [f"{line}: is not asked because {why}, which is no gap here" for line, why in UNASKED.items() if why not in known]
    with Emulator(folder / "unmended", mended=False) as unmended, Emulator(folder / "mended") as mended:
        pairs = {emulator: [Account(emulator, number, "dev") for number in (NUMBER, OTHER)] for emulator in (unmended, mended)}
        for gap in MENDED:
            before, after = gap.asks(*pairs[unmended]), gap.asks(*pairs[mended])
            print(f"  {'mended' if before and not after else 'FAULT '}  {gap.says}", flush=True)
            if not before:
                faults.append(f"{gap.says}: the emulator does as AWS does by now; take the mend and this gap away")
            if after:
                faults.append(f"{gap.says}: the mend does not mend it")
        deployed = stages.deploy(mended, packages, {"test": "800000000003"})[0]
        for gap in LEFT:
            still = gap.asks(deployed, None)
            print(f"  {'left  ' if still else 'FAULT '}  {gap.says} → {gap.covered}", flush=True)
            if not still:
                faults.append(f"{gap.says}: the emulator does as AWS does by now; walk that part here, and take this gap away")
    return faults
