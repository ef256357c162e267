"""The three accounts: their numbers, and the parameters with which each stage is deployed."""

import tomllib

import package
import stack
import yaml_template
from account import Account
from stack import INFRA

# The accounts of this machine: twelve digits each, in the order of promotion.
NUMBERS = {"dev": "111111111111", "test": "222222222222", "prod": "333333333333"}
ORDER = tuple(NUMBERS)


def parameters(stage, numbers):
    """What `samconfig.toml` says for a stage, and the accounts beside it."""
    config = tomllib.loads((INFRA / "samconfig.toml").read_text(encoding="utf-8"))[stage]["deploy"]["parameters"]
    said = dict(entry.split("=", 1) for entry in config["parameter_overrides"])
    at = ORDER.index(stage)
    before, after = ORDER[:at][-1:], ORDER[at + 1:][:1]
    beside = {"PreviousStageAccountId": before, "NextStageAccountId": after}
    return said | {name: numbers[of] for name, (of,) in ((name, of) for name, of in beside.items() if of and of[0] in numbers)}


def who(account):
    """Who may become what: Data Scientists and Data Engineers as members of their groups. Nobody has a second factor here, nor a pipeline of its own: the account
    itself becomes MLOps Engineer and pipeline."""
    itself = f"arn:aws:iam::{account.number}:root"
    return {"MlopsEngineerPrincipals": itself, "PipelinePrincipals": itself, "ApproverEmails": "lead@example.com,risk@example.com"}


def deploy(emulator, packages, numbers, change=None):
    """Every stage of `numbers` in its account, behind the boundary of `roles.yaml`, from the template, or from what `change` makes of it; the accounts."""
    accounts = []
    for stage, number in numbers.items():
        account = Account(emulator, number, stage)
        template = yaml_template.read()
        if change:
            change(template["Resources"])
        kept = {name: packages[name] for name, _ in package.functions(template)}
        account.roles = stack.deploy_beside(account, f"roles-of-tidegate-{stage}", "roles.yaml", **who(account))
        bounded = {"PermissionsBoundaryArn": account.roles["PermissionsBoundaryArn"]}
        stack.deploy(account, parameters(stage, numbers) | bounded, kept, template)
        accounts.append(account)
    return accounts


def found(emulator, numbers):
    """The accounts in which the stages were deployed before."""
    accounts = [Account(emulator, number, stage) for stage, number in numbers.items()]
    for account in accounts:
        account.outputs = stack.outputs(account)
    return accounts
