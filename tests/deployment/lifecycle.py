"""The whole life of a model in its accounts, by what people and applications do: objects put, pages opened, commands sent."""

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor

import approver
import demo_data
import people
import stack
from demo_data import MODEL
from emulator import REGION, SECRET
from lake import Lake
from mailbox import Mailbox, code, link
from schedules import fire, hold
from waiting import PATIENCE_S, expect, until

APPROVERS = {"dev": [], "test": ["lead"], "prod": ["lead", "risk"]}  # as the demo's contract names them
WEEK = ("02/22", "02/28")  # like January, more or less
TRUTH = ("02/22", "03/02")  # what became of the flights of that week, as it was known
JULY = ("07/08", "07/14")  # thunderstorms, and warmer than the model has ever seen
YEAR = 2013
LATE = "late-contract"  # a second model, whose training set comes before its contract


class Lifecycle:
    """Accounts with their stacks, and what has happened in them."""

    def __init__(self, accounts, tidegate, patience_s=PATIENCE_S):
        self.accounts = {account.stage: account for account in accounts}
        self.lakes = {stage: Lake(account) for stage, account in self.accounts.items()}
        self.tidegate, self.patience_s = tidegate, patience_s
        for account in accounts:
            hold(account)
        self.mail = {
            (stage, who): Mailbox(account, account.outputs["DecisionTopicArn"], who, approver=f"{who}@example.com")
            for stage, account in self.accounts.items()
            for who in APPROVERS[stage]
        }
        self.alerts = {stage: Mailbox(account, account.outputs["AlertTopicArn"], "alerts") for stage, account in self.accounts.items()}

    # ── what happens ───────────────────────────────────────────────────────────────────────────────────────────────────

    def what_stands_beside_the_stack_is_deployed(self):
        for account in self.accounts.values():
            out, name = account.outputs, f"tidegate-{account.stage}"
            boundary = {"PermissionsBoundaryArn": account.roles["PermissionsBoundaryArn"]}
            stack.deploy_beside(account, f"{name}-groups", "groups.yaml")
            stack.deploy_beside(account, f"{name}-lake", "lake.yaml", KeyArn=out["KeyArn"])
            stack.deploy_beside(account, f"{name}-backfill", "backfill.yaml", LogsBucketName=out["LogsBucketName"], KeyArn=out["KeyArn"], **boundary)
            stack.deploy_beside(account, f"{name}-{MODEL}-1d", "model-alarms.yaml", Model=MODEL, Window="1d", LatencyP99Ms="100", AlarmTopicArn=out["AlarmTopicArn"])
            tables = account.client("glue").get_tables(DatabaseName=f"tidegate_{account.stage}")["TableList"]
            expect(f"tables over the lake of {account.stage}", {table["Name"] for table in tables} >= {"records", "verdicts"}, True)
            expect(f"questions to ask in {account.stage}", len(account.client("athena").list_named_queries(WorkGroup=name)["NamedQueryIds"]) > 0, True)

    def a_training_set_becomes_the_baseline(self):
        for account in self.accounts.values():
            demo_data.contract(account)
        demo_data.training_set(self.accounts["dev"])
        lake = self.lakes["dev"]
        self.january = self.until("January's dataset version in dev's registry", lambda: lake.records("dataset"))[0]["version"]
        expect("baselines in dev", f"baselines/model={MODEL}/{self.january}.profile" in lake.keys("baselines/"), True)

    def logs_become_a_report(self, days=WEEK, window="7d"):
        verdict = self.judged("dev", days, window)
        expect("what dev's verdict is about", (verdict["model"], verdict["records"] > 300), (MODEL, True))
        key = f"reports/model={MODEL}/window={window}/end={_day_after(days)}T00/index.html"
        page = self.until(f"{key} in dev", lambda: self.lakes["dev"].read(key))
        expect("dev's report", page[:15], b"<!DOCTYPE html>")

    def old_logs_are_told_of(self, stage="dev", day="02/20"):
        """Logs from before the stack: nobody was told of them when they were put."""
        account, lake = self.accounts[stage], self.lakes[stage]
        s3, bucket, before = account.client("s3"), account.outputs["LogsBucketName"], len(lake.receipts())
        told = s3.get_bucket_notification_configuration(Bucket=bucket)
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
        count = demo_data.logs(account, day, day)
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"QueueConfigurations": told["QueueConfigurations"]})
        machines = account.client("stepfunctions")
        machine = f"arn:aws:states:{REGION}:{account.number}:stateMachine:tidegate-{stage}-backfill"
        run = machines.start_execution(stateMachineArn=machine, input=f'{{"prefix": "{MODEL}/{YEAR}/{day}"}}')["executionArn"]
        self.until("the end of the backfill", lambda: machines.describe_execution(executionArn=run)["status"] != "RUNNING")
        expect(f"the backfill in {stage}", machines.describe_execution(executionArn=run)["status"], "SUCCEEDED")
        self.until(f"{count} old objects collected in {stage}", lambda: lake.has_collected(before + count))

    def truth_becomes_a_measure_of_quality(self, days=TRUTH, judged=WEEK):
        demo_data.truth(self.accounts["dev"], *days)
        self.until("truth in dev's lake", lambda: self.lakes["dev"].keys(f"truth/model={MODEL}/"))
        fire(self.accounts["dev"], "plan-performance", f"{_day_after(judged)}T00:15:00Z")
        self.until("a measure of quality in dev's lake", lambda: self.lakes["dev"].keys(f"performance/model={MODEL}/window=1d/"))

    def a_candidate_serves_in_dev(self, run="plain"):
        demo_data.candidate(self.accounts["dev"], run, self.january)
        self.serves("dev", run)

    def test_decides_by_a_link(self, number=1, run="plain"):
        self.decide("test", "lead", number)
        self.serves("test", run)

    def prod_decides_by_two_links_with_codes(self, number=1, run="plain"):
        self.decide("prod", "lead", number)
        self.decide("prod", "risk", number)
        self.serves("prod", run)

    def drift_is_told(self, stage="prod", days=JULY, window="7d"):
        verdict = self.judged(stage, days, window)
        expect(f"{stage}'s verdict on July", verdict["state"], "drift")
        self.until(f"a mail about drift in {stage}", lambda: self.alerts[stage].find("drift"))

    def a_better_one_takes_its_place_everywhere(self):
        self.a_candidate_serves_in_dev("trees")
        self.test_decides_by_a_link(2, "trees")
        self.prod_decides_by_two_links_with_codes(2, "trees")

    def a_rollback_brings_the_first_one_back(self):
        out = self.accounts["prod"].outputs
        self.command("prod", "rollback", MODEL, "--reason", "the old one was better",
                     "--registry-queue", out["RegistryQueueUrl"], "--registry-table", out["RegistryTableName"])
        self.serves("prod", "plain")

    def the_audit_trail_is_signed_and_whole(self, stage="prod"):
        out = self.accounts[stage].outputs
        fire(self.accounts[stage], "registry", "2026-01-01T00:00:00Z")
        self.until(f"a signed checkpoint in {stage}", lambda: self.lakes[stage].keys("checkpoints/", out["AuditBucketName"]))
        self.command(stage, "verify", "--registry-table", out["RegistryTableName"], "--audit-bucket", out["AuditBucketName"],
                     "--signing-key", out["SigningKeyArn"])

    def a_redrive_brings_back_what_failed(self, stage="dev"):
        """A training set that came before its contract. The command is the MLOps Engineer's, with nothing but that role."""
        account, lake = self.accounts[stage], self.lakes[stage]
        sqs, queue = account.client("sqs"), account.outputs["CollectQueueUrl"]
        patient = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["VisibilityTimeout", "RedrivePolicy"])["Attributes"]
        once = json.dumps({**json.loads(patient["RedrivePolicy"]), "maxReceiveCount": 1})
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "1", "RedrivePolicy": once})
        demo_data.training_set(account, LATE)
        self.until("a dead letter of collect", lambda: lake.dead_letters() == {"CollectDeadLettersUrl": 1})
        sqs.set_queue_attributes(QueueUrl=queue, Attributes=patient)
        by = account.client("sts").assume_role(RoleArn=account.roles["MlopsEngineerRoleArn"], RoleSessionName="on-call")["Credentials"]
        where = ("--registry-queue", account.outputs["RegistryQueueUrl"])
        listed = self.command(stage, "redrive", *where, by=by, code=1)
        expect(f"the key in what is listed: {listed}", f"datasets/{LATE}/2013-january.parquet" in listed, True)
        self.command(stage, "redrive", "notify", *where, by=by, code=2)  # what never was in a queue has no way back into one
        demo_data.contract(account, LATE)
        expect("what the redrive says", self.command(stage, "redrive", "collect", *where, by=by), "1 message is back in the queue of collect.\n")
        self.until(f"a baseline of {LATE}", lambda: lake.keys(f"baselines/model={LATE}/"))
        listed = self.command(stage, "redrive", *where, by=by)
        expect(f"what is left: {listed}", "Nothing was left behind." in listed, True)

    def nothing_was_left_behind(self):
        for stage, lake in self.lakes.items():
            expect(f"dead letters of {stage}", lake.dead_letters(), {})

    def everybody_may_what_the_table_says(self):
        with ThreadPoolExecutor() as pool:
            for count, faults in pool.map(people.faults, self.accounts.values()):
                expect(f"what is otherwise than the table of roles says, in {count} calls", faults, [])

    def a_removed_stack_keeps_its_data(self):
        account = self.accounts["dev"]
        account.client("cloudformation").delete_stack(StackName="tidegate-dev")
        account.client("cloudformation").get_waiter("stack_delete_complete").wait(StackName="tidegate-dev", WaiterConfig={"Delay": 1})
        expect("dev's champion after its stack", (self.lakes["dev"].champion(MODEL) or {}).get("run"), "trees")
        expect("dev's registry after its stack", len(self.lakes["dev"].records("version")), 2)

    # ── pieces ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def until(self, what, look):
        return until(what, look, self.patience_s)

    def judged(self, stage, days, window):
        """The verdict on a window that ends with these days' last, whose logs are put and collected first."""
        lake = self.lakes[stage]
        before = len(lake.receipts())
        count = demo_data.logs(self.accounts[stage], *days)
        self.until(f"{count} more objects collected in {stage}", lambda: lake.has_collected(before + count))
        end = _day_after(days)
        fire(self.accounts[stage], "plan", f"{end}T00:05:00Z")
        key = f"reports/model={MODEL}/window={window}/end={end}T00/verdict.json"
        return self.until(f"{key} in {stage}", lambda: lake.json(key))

    def serves(self, stage, run):
        """Waits until serving reads this run's version."""
        self.until(f"{run} is champion in {stage}", lambda: (self.lakes[stage].champion(MODEL) or {}).get("run") == run)

    def decide(self, stage, who, number):
        """Opens the newest link about a version, reads, fills in the form and approves."""
        about = f"version {number} "
        mail = self.until(f"a mail to {who} in {stage} about {about}", lambda: self.mail[stage, who].find(about))
        emulator, address = self.accounts[stage].emulator, link(mail)
        status, headers, page = approver.request(emulator, "GET", address)
        expect(f"the page of {who} in {stage}", (status, MODEL in page, headers.get("cache-control")), (200, True, "no-store"))
        form = {"choice": "approve", "reason": "looked at", "name": f"{MODEL} {number}"}
        if stage == "prod":
            form["code"] = code(mail)
        status, _, page = approver.request(emulator, "POST", address, form)
        expect(f"the answer to {who} in {stage}", (status, "recorded" in page), (200, True))

    def command(self, stage, *arguments, by=None, code=0):
        """What a command of `tidegate` says in an account, to its owner or to whoever has this session."""
        account = self.accounts[stage]
        environment = {
            "AWS_ENDPOINT_URL": account.emulator.url,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": by["AccessKeyId"] if by else account.number,
            "AWS_SECRET_ACCESS_KEY": by["SecretAccessKey"] if by else SECRET,
            "SSL_CERT_FILE": str(account.emulator.certificate),
        } | ({"AWS_SESSION_TOKEN": by["SessionToken"]} if by else {})
        done = subprocess.run([self.tidegate, *arguments], env=environment, capture_output=True, text=True, timeout=120, check=False)
        expect(f"tidegate {arguments[0]} in {stage}, which said: {done.stdout}{done.stderr}", done.returncode, code)
        return done.stdout


def _day_after(days):
    """The day after the last one: `2013-07-15`."""
    month, day = days[1].split("/")
    following = {"02/28": "03-01", "07/31": "08-01"}.get(days[1], f"{month}-{int(day) + 1:02}")
    return f"{YEAR}-{following}"


WHOLE = (
    Lifecycle.what_stands_beside_the_stack_is_deployed,
    Lifecycle.a_training_set_becomes_the_baseline,
    Lifecycle.logs_become_a_report,
    Lifecycle.old_logs_are_told_of,
    Lifecycle.truth_becomes_a_measure_of_quality,
    Lifecycle.a_candidate_serves_in_dev,
    Lifecycle.test_decides_by_a_link,
    Lifecycle.prod_decides_by_two_links_with_codes,
    Lifecycle.drift_is_told,
    Lifecycle.a_better_one_takes_its_place_everywhere,
    Lifecycle.a_rollback_brings_the_first_one_back,
    Lifecycle.the_audit_trail_is_signed_and_whole,
    Lifecycle.a_redrive_brings_back_what_failed,
    Lifecycle.nothing_was_left_behind,
    Lifecycle.everybody_may_what_the_table_says,
    Lifecycle.a_removed_stack_keeps_its_data,
)
