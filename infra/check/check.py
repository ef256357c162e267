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
from pathlib import Path

import broken_permissions
import events
import lake
import operations
import permissions
from broken import BROKEN, BROKEN_FOR_THE_LINTER
from rules import RULES
from template import INFRA, REGION, TEMPLATE, Stack, expand, read, read_plain

# Plain CloudFormation, deployed beside the stack.
SIBLINGS = ["roles.yaml", "lake.yaml", "model-alarms.yaml"]
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
    template = copy.deepcopy(read())
    change(template)
    return template


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--demo", metavar="FOLDER", help="an account's folder that the demo made")
    arguments.add_argument("--tidegate", metavar="BINARY", help="the command that made it")
    given = arguments.parse_args()
    faults = []

    def expect(title, faults_found):
        print(("ok    " if not faults_found else "FAULT ") + title, flush=True)
        faults.extend(f"{title}: {fault}" for fault in faults_found)

    expect("cfn-lint, as written", list(filter(None, [run("cfn-lint", str(TEMPLATE))])))
    for sibling in SIBLINGS:
        expect(f"cfn-lint, {sibling}", list(filter(None, [run("cfn-lint", str(INFRA / sibling))])))
    expanded = expand(read())
    expect("cfn-lint, expanded", list(filter(None, [lint(expanded)])))
    expect("sam validate --lint", list(filter(None, [run("sam", "validate", "--lint", "--template", str(TEMPLATE))])))
    for code, form, change in BROKEN_FOR_THE_LINTER:
        template = changed(change)
        said = lint(template if form == "as written" else expand(template))
        expect(f"cfn-lint refuses a broken template with {code}, {form}", [] if code in said else [f"it said: {said or 'nothing'}"])

    expect("events hold together", list(events.faults()))

    stack = Stack(expanded)
    rules, broken = RULES + operations.RULES, BROKEN + operations.BROKEN
    for rule in rules:
        expect(rule.__name__.replace("_", " "), list(rule(stack)))
    for rule, change in broken:
        if not list(rule(Stack(expand(changed(change))))):
            faults.append(f"{rule.__name__} accepts a template that breaks it")
    for rule in set(rules) - {rule for rule, _ in broken}:
        faults.append(f"{rule.__name__} has no template that breaks it")

    expect("models' alarms watch what functions write", list(operations.models_alarms_watch_what_functions_write()))

    roles = read_plain("roles.yaml")
    expect("roles hold together", list(permissions.shape(roles)))
    for number, change in enumerate(broken_permissions.MISSHAPEN):
        misshapen = read_plain("roles.yaml")
        change(misshapen)
        if not list(permissions.shape(misshapen)):
            faults.append(f"misshapen roles {number} are accepted")
    asked, wrong = permissions.faults(expanded, roles)
    expect(f"who may do what: {asked} calls simulated", wrong)
    expect("nobody may what no list says", list(permissions.Accounts(expanded, roles).unused()))
    wider, missed = broken_permissions.missed(expanded, roles)
    expect(f"the matrix catches {wider} broken roles", missed)

    tables = lake.Lake(lake.template())
    expect("tables and queries of the lake hold together", list(tables.faults()))
    if given.demo:
        expect("tables and queries of the lake, on the demo's lake", list(tables.faults_on(given.demo, given.tidegate)))
    faults.extend(lake.accepted(given.demo))

    for fault in faults:
        print(f"  {fault}", file=sys.stderr)
    print(f"template: {len(rules)} rules, {len(broken) + len(BROKEN_FOR_THE_LINTER)} broken templates, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
