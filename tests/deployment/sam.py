"""`sam deploy --config-env dev`, as a team types it: with the real SAM, by the MLOps Engineer, through the role that deploys.

What `sam build` leaves is laid out here, with the programs that cargo has built for this machine: SAM itself would cross-build the release profile for half an hour.
"""

import io
import json
import os
import shutil
import subprocess
import zipfile

import stack
import stages
import yaml_template
from account import Account
from emulator import REGION, SECRET, Emulator
from lifecycle import Lifecycle
from stack import INFRA

SAM = INFRA / "check/.venv/bin/sam"  # infra/check/run puts it there
ANYTHING = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
PATIENCE_S = 300


def check(folder, tidegate, packages):
    """Faults: what kept SAM from deploying a stack that works."""
    if not SAM.exists():
        return [f"found no SAM at {SAM}, expected it there: infra/check/run installs it"]
    build(folder / "infra", packages)
    with Emulator(folder / "sam") as emulator:
        account = Account(emulator, stages.NUMBERS["dev"], "dev")
        roles = stack.deploy_beside(account, "roles-of-tidegate-dev", "roles.yaml", **stages.who(account))
        owner = {"AWS_ACCESS_KEY_ID": account.number, "AWS_SECRET_ACCESS_KEY": SECRET}
        faults = _makes_its_bucket(folder, emulator, owner) or _deploys(folder / "infra", emulator, _session(account, roles), roles)
        if not faults:
            account.outputs = stack.outputs(account)
            Lifecycle([account], tidegate).a_training_set_becomes_the_baseline()
        return faults


def build(folder, packages):
    """A folder of templates as `sam build` leaves it, from the functions' zips."""
    built, template = folder / ".aws-sam/build", yaml_template.read()
    built.mkdir(parents=True)
    for name in ("template.yaml", "samconfig.toml"):
        shutil.copy(INFRA / name, folder / name)
    for name, code in packages.items():
        zipfile.ZipFile(io.BytesIO(code)).extractall(built / name)
        (built / name / "bootstrap").chmod(0o755)
        template["Resources"][name]["Properties"]["CodeUri"] = name
    (built / "template.yaml").write_text(json.dumps(template), encoding="utf-8")


def _makes_its_bucket(folder, emulator, owner):
    """SAM makes the bucket of its zips with the first stack of an account, whichever it is; that is the administrator's to do."""
    (folder / "anything.json").write_text(json.dumps(ANYTHING), encoding="utf-8")
    return _faults(folder, emulator, owner, "--resolve-s3", "--stack-name", "anything", "--template", "anything.json")


def _session(account, roles):
    session = account.client("sts").assume_role(RoleArn=roles["MlopsEngineerRoleArn"], RoleSessionName="sam")["Credentials"]
    return {"AWS_ACCESS_KEY_ID": session["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"], "AWS_SESSION_TOKEN": session["SessionToken"]}


def _deploys(folder, emulator, who, roles):
    """The command of infra/README.md."""
    bounded = ("--parameter-overrides", "Stage=dev", f"PermissionsBoundaryArn={roles['PermissionsBoundaryArn']}")
    return _faults(folder, emulator, who, "--config-env", "dev", "--role-arn", roles["DeployRoleArn"], *bounded)


def _faults(folder, emulator, who, *arguments):
    """What `sam deploy` says if it fails."""
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(emulator.folder),
        "AWS_ENDPOINT_URL": emulator.url,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CA_BUNDLE": str(emulator.certificate),
        "SAM_CLI_TELEMETRY": "0",
    } | who
    done = subprocess.run([SAM, "deploy", *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    return [] if done.returncode == 0 else [f"sam deploy {' '.join(arguments)}: {(done.stdout + done.stderr)[-2000:]}"]
