"""Checks infra/template.yaml and its siblings: linters on the template as written and as expanded, this project's own rules, and
who may do what, simulated.

Every rule is also shown templates that it must refuse. Needs no account and no network. With `--demo FOLDER --tidegate BINARY`, what
`tidegate demo --state FOLDER` made, the tables and queries of lake.yaml are tried on its lake.
"""

import argparse
import copy
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import backfill
import broken_permissions
import events
import existing
import hardening
import lake
import operations
import other_tools
import permissions
from broken import BROKEN, BROKEN_FOR_THE_LINTER
from rules import RULES
from template import INFRA, REGION, TEMPLATE, Stack, expand, expand_changed, read, read_plain

# Plain CloudFormation, deployed beside the stack, each small enough to be handed over without a bucket between (CloudFormation quotas).
MAX_TEMPLATE_BYTES = 51_200
SIBLINGS = ["roles.yaml", "groups.yaml", "lake.yaml", "model-alarms.yaml", "backfill.yaml"]
TOOLS = Path(sys.executable).parent
# No credentials, no settings of the person who runs this, nothing sent home.
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
    "AWS_DEFAULT_REGION": REGION,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "SAM_CLI_TELEMETRY": "0",
    "SAM_CLI_CHECK_FOR_UPDATES": "0",
}


def run(*command):
    """What a tool says when it refuses; empty when it is content."""
    done = subprocess.run([TOOLS / command[0], *command[1:]], env=ENVIRONMENT, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else (done.stdout + done.stderr).strip()


def lint(template):
    """What cfn-lint says about a template held in memory."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.json"
        path.write_text(json.dumps(template), encoding="utf-8")
        return run("cfn-lint", str(path))


def changed(change):
    template = read()
    change(template)
    return template


class Report:
    """What was checked, and what was found."""

    def __init__(self):
        self.faults = []

    def expect(self, title, faults):
        faults = list(filter(None, faults))
        print(("ok    " if not faults else "FAULT ") + title, flush=True)
        self.faults.extend(f"{title}: {fault}" for fault in faults)


def linters(expanded):
    """(title, what to ask): other people's checkers, each a process of its own."""
    yield "cfn-lint, as written", lambda: [run("cfn-lint", str(TEMPLATE))]
    yield "cfn-lint, expanded", lambda: [lint(expanded)]
    yield "sam validate --lint", lambda: [run("sam", "validate", "--lint", "--template", str(TEMPLATE))]
    yield "cfn-lint, " + ", ".join(SIBLINGS), lambda: [run("cfn-lint", *(str(INFRA / sibling) for sibling in SIBLINGS))]
    for code, form, change in BROKEN_FOR_THE_LINTER:
        template = changed(change)
        template = template if form == "as written" else expand(template)

        def refuses(code=code, template=template):
            said = lint(template)
            return [] if code in said else [f"it said: {said or 'nothing'}"]

        yield f"cfn-lint refuses a broken template with {code}, {form}", refuses
    yield "checkov, expanded", lambda: hardening.faults(expanded, SIBLINGS)


def check_rules(report, expanded):
    """Our own rules, each with the templates that it must refuse; how many of both."""
    stack = Stack(expanded)
    rules, broken = RULES + operations.RULES, BROKEN + operations.BROKEN
    for rule in rules:
        report.expect(rule.__name__.replace("_", " "), rule(stack))
    for rule, change in broken:
        if not list(rule(Stack(expand_changed(changed(change), expanded)))):
            report.faults.append(f"{rule.__name__} accepts a template that breaks it")
    for rule in existing.RULES:
        report.expect(rule.__name__.replace("_", " "), rule(expanded))
    for number, (rule, change) in enumerate(existing.BROKEN):
        template = copy.deepcopy(expanded)
        change(template)
        if not list(rule(template)):
            report.faults.append(f"{rule.__name__} accepts a template that breaks it ({number})")
    rules, broken = rules + existing.RULES, broken + existing.BROKEN
    report.faults.extend(f"{rule.__name__} has no template that breaks it" for rule in set(rules) - {rule for rule, _ in broken})
    return len(rules), len(broken)


def check_roles(report, expanded):
    """Who may do what, and whether a role that may something else is noticed."""
    roles = read_plain("roles.yaml")
    report.expect("roles hold together", permissions.shape(roles))
    for number, change in enumerate(broken_permissions.MISSHAPEN):
        misshapen = read_plain("roles.yaml")
        change(misshapen)
        if not list(permissions.shape(misshapen)):
            report.faults.append(f"misshapen roles {number} are accepted")
    groups = read_plain("groups.yaml")
    report.expect("members of a group become its role", permissions.groups(groups))
    groups["Resources"]["DataScientists"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][0]["Resource"] = "*"
    report.faults.extend([] if list(permissions.groups(groups)) else ["a group whose members may become anything is accepted"])
    report.expect("functions call what their lists name", permissions.code())
    for number, change in enumerate(broken_permissions.MISLISTED):
        lists = permissions.matrix("functions.yaml")["roles"]
        change(lists)
        if not list(permissions.code(lists)):
            report.faults.append(f"lists {number} that do not fit the code are accepted")
    asked, wrong = permissions.faults(expanded, roles)
    report.expect(f"who may do what: {asked} calls simulated", wrong)
    report.expect("nobody may what no list says", permissions.Accounts(expanded, roles).unused())
    wider, missed = broken_permissions.missed(expanded, roles)
    report.expect(f"the matrix catches {wider} broken roles", missed)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--demo", metavar="FOLDER", help="an account's folder that the demo made")
    arguments.add_argument("--tidegate", metavar="BINARY", help="the command that made it")
    given = arguments.parse_args()
    report, expanded = Report(), expand(read())
    with ThreadPoolExecutor(max_workers=1) as beside:  # on the second processor
        asked = [(title, beside.submit(lambda ask=ask: list(ask()))) for title, ask in linters(expanded)]

        report.expect("events hold together", events.faults())
        rules, broken = check_rules(report, expanded)
        report.expect("models' alarms watch what functions write", operations.models_alarms_watch_what_functions_write())
        report.expect("every stage is tagged", existing.every_stage_is_tagged())
        sizes = {sibling: (INFRA / sibling).stat().st_size for sibling in SIBLINGS}
        report.expect("siblings need no bucket", [f"{sibling}: {size} bytes" for sibling, size in sizes.items() if size > MAX_TEMPLATE_BYTES])
        check_roles(report, expanded)

        written = json.loads(json.dumps(read()))
        report.expect("the same template by Terraform and CDK", other_tools.faults(written))
        report.faults.extend(other_tools.accepted(written))
        report.expect("old logs are told of as events/ says", backfill.faults(backfill.template()))
        report.faults.extend(backfill.accepted())

        tables = lake.Lake(lake.template())
        report.expect("tables and queries of the lake hold together", tables.faults())
        if given.demo:
            report.expect("tables and queries of the lake, on the demo's lake", tables.faults_on(given.demo, given.tidegate))
        report.faults.extend(lake.accepted(given.demo))

        for title, answer in asked:
            report.expect(title, answer.result())

    for fault in report.faults:
        print(f"  {fault}", file=sys.stderr)
    print(f"template: {rules} rules, {broken + len(BROKEN_FOR_THE_LINTER)} broken templates, {len(report.faults)} faults")
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
