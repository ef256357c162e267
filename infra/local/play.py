"""Plays the demo's first steps in the accounts that are up: a contract everywhere; in dev a training set, a week of logs, a report, a candidate."""

import sys
from pathlib import Path

import demo_data
import up
from demo_data import MODEL
from lake import Lake
from schedules import fire
from waiting import until


def main():
    state = Path(sys.argv[1])
    accounts = {account.stage: account for account in up.connect(state)}
    dev, lake = accounts["dev"], Lake(accounts["dev"])
    for account in accounts.values():
        demo_data.contract(account)
    up.say("Contract", f"contracts/{MODEL}.yaml in the models bucket of each account")
    demo_data.training_set(dev)
    january = until("the dataset version of January", lambda: lake.records("dataset"))[0]["version"]
    up.say("Training", f"January became dataset version {january[:12]}… and the baseline in dev")
    before = len(lake.receipts())
    count = demo_data.logs(dev, "02/22", "02/28")
    until("the logs, collected", lambda: lake.has_collected(before + count))
    up.say("Logs", f"{count} objects of the last week of February, collected in dev")
    fire(dev, "plan", "2013-03-01T00:05:00Z")
    page = f"reports/model={MODEL}/window=7d/end=2013-03-01T00"
    verdict = until("the verdict", lambda: lake.json(f"{page}/verdict.json"))
    until("the report", lambda: lake.read(f"{page}/index.html"))
    (state / "report.html").write_bytes(lake.read(f"{page}/index.html"))
    up.say("Verdict", f"{verdict['state']}: {verdict['headline']}")
    up.say("Report", str(state / "report.html"))
    demo_data.candidate(dev, "plain", january)
    until("a champion in dev", lambda: lake.champion(MODEL))
    up.say("Candidate", "a first model passes the gate in dev, where nobody is asked, and serves")
    up.say("Next", f"{state / 'mail'} test    shows what lead@example.com is asked; open the link, read, approve")


if __name__ == "__main__":
    main()
