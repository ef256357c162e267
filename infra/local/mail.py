"""Prints the mails of an account that is up: decision links, alerts. There is no mail server; the topics' queues are the mailboxes."""

import sys
from pathlib import Path

import up
from mailbox import Mailbox


def main():
    state, stage = Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "test"
    account = next(account for account in up.connect(state) if account.stage == stage)
    kept = state / f"{stage}.mail"
    with kept.open("a", encoding="utf-8") as file:
        for name in ("decision", "alert"):
            for subject, text in Mailbox.of(account, name).look():
                file.write(f"── {subject}\n\n{text}\n\n")
    print(kept.read_text(encoding="utf-8") or f"no mail in {stage} yet", end="")


if __name__ == "__main__":
    main()
