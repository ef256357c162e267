"""`tidegate up`: three accounts on this machine that stay until `tidegate down`. Prints what it does, line by line, then one line of JSON."""

import argparse
import json
import os
import shlex
import socket
import stat
import sys
import time
from pathlib import Path

import package
import stages
from emulator import REGION, SECRET, Emulator
from mailbox import Mailbox

PORT = 4566
HERE = Path(__file__).resolve().parent


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("state", type=Path)
    parser.add_argument("programs", type=Path)
    arguments = parser.parse_args()
    state = arguments.state.resolve()
    packages = package.packages(arguments.programs)
    say("Packages", f"{len(packages)} functions, {sum(map(len, packages.values())) / 1e6:.0f} MB")
    emulator = Emulator(state, port=PORT if _is_free(PORT) else None)
    emulator.start()
    (state / "emulator.pid").write_text(str(emulator.process.pid), encoding="utf-8")
    say("Emulator", f"{emulator.url}, process {emulator.process.pid}")
    started = time.monotonic()
    accounts = stages.deploy(emulator, packages, stages.NUMBERS)
    for account in accounts:
        for topic in ("DecisionTopicArn", "AlertTopicArn"):
            Mailbox(account, account.outputs[topic], topic.removesuffix("TopicArn").lower())
        _write_environment(state, account)
    say("Accounts", f"dev, test and prod, deployed in {time.monotonic() - started:.0f} s")
    for name in ("play", "mail"):
        _write_script(state, name)
    print(json.dumps({"url": emulator.url, "accounts": [{"stage": a.stage, "number": a.number, "outputs": a.outputs} for a in accounts]}))


def say(what, words):
    print(f"{what:11}{words}", flush=True)


def connect(state):
    """The accounts of a state folder whose emulator is running."""
    emulator = Emulator(state, port=int((state / "port").read_text(encoding="utf-8")))
    return stages.found(emulator, stages.NUMBERS)


def _is_free(port):
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return listener.connect_ex(("127.0.0.1", port)) != 0


def _write_environment(state, account):
    """What a shell sources to be in an account: for `tidegate`, for the AWS command line, for any SDK."""
    out = account.outputs
    said = {
        "AWS_ENDPOINT_URL": account.emulator.url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": account.number,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_CA_BUNDLE": str(account.emulator.certificate),
        "SSL_CERT_FILE": str(account.emulator.certificate),
        "LOGS_BUCKET": out["LogsBucketName"],
        "MODELS_BUCKET": out["ModelsBucketName"],
        "LAKE_BUCKET": out["LakeBucketName"],
        "AUDIT_BUCKET": out["AuditBucketName"],
        "REGISTRY_TABLE": out["RegistryTableName"],
        "REGISTRY_QUEUE": out["RegistryQueueUrl"],
        "SIGNING_KEY": out["SigningKeyArn"],
    }
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in said.items()]
    (state / f"{account.stage}.env").write_text("".join(lines), encoding="utf-8")
    (state / "port").write_text(str(account.emulator.port), encoding="utf-8")


def _write_script(state, name):
    path = state / name
    line = f"PYTHONDONTWRITEBYTECODE=1 exec {shlex.quote(sys.executable)} {shlex.quote(str(HERE / name))}.py {shlex.quote(str(state))}"
    path.write_text(f'#!/bin/sh\n{line} "$@"\n', encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


if __name__ == "__main__":
    os.umask(0o077)
    main()
