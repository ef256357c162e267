"""Deploys the templates with the real programs on the emulator and walks through a model's life. See README.md.

    run                 the packages, SAM, the lifecycle, the gaps, and a few breakages: what CI does
    run packages        whether the same program gives the same zip
    run sam             `sam deploy`, as a team types it
    run lifecycle       three accounts, from the training set to the rollback
    run gaps            whether the emulator still does unlike AWS what mends.py mends and gaps.py lists
    run breakages       every template of breakages.py, each of which must be seen
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import breakages
import gaps
import package
import sam
import same_bytes
import stages
from emulator import Emulator
from lifecycle import WHOLE, Lifecycle

ROOT = Path(__file__).resolve().parent.parent.parent


def lifecycle(folder, programs, packages):
    """The whole life in three accounts; the faults that were found."""
    with Emulator(folder / "lifecycle") as emulator:
        started = time.monotonic()
        accounts = stages.deploy(emulator, packages, stages.NUMBERS)
        print(f"  {time.monotonic() - started:5.1f} s  three accounts are deployed", flush=True)
        life = Lifecycle(accounts, programs / "tidegate")
        for step in WHOLE:
            began = time.monotonic()
            try:
                step(life)
            except Exception as fault:  # whatever it was: what the functions said is worth more than where we stood
                said = [f"  {line}" for stage in stages.NUMBERS for line in life.lakes[stage].complaints()]
                return [f"{step.__name__.replace('_', ' ')}: {type(fault).__name__}: {fault}", *said]
            print(f"  {time.monotonic() - began:5.1f} s  {step.__name__.replace('_', ' ')}", flush=True)
    return []


def main():
    parser = argparse.ArgumentParser(description="the templates, deployed on the emulator")
    parser.add_argument("what", nargs="?", choices=["all", "packages", "sam", "lifecycle", "gaps", "breakages"], default="all")
    parser.add_argument("--programs", type=Path, default=Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug")
    parser.add_argument("--state", type=Path, help="where the emulator's log and state go, and stay")
    parser.add_argument("--only", help="the breakages whose names hold this text")
    arguments = parser.parse_args()
    started, faults = time.monotonic(), []
    packages = package.packages(arguments.programs)
    print(f"packaged {len(packages)} functions in {time.monotonic() - started:.1f} s", flush=True)
    with tempfile.TemporaryDirectory(prefix="tidegate-deployment-") as scratch:
        folder = arguments.state or Path(scratch)
        if arguments.what in ("all", "packages"):
            print("the packages", flush=True)
            faults += same_bytes.check(Path(scratch), arguments.programs)
        if arguments.what in ("all", "sam"):
            print("sam deploy", flush=True)
            began = time.monotonic()
            faults += sam.check(Path(scratch) / "sam-deploy", arguments.programs / "tidegate", packages)
            print(f"  {time.monotonic() - began:5.1f} s  sam deploy --config-env dev", flush=True)
        if arguments.what in ("all", "lifecycle"):
            print("the lifecycle", flush=True)
            faults += lifecycle(folder, arguments.programs, packages)
        if arguments.what in ("all", "gaps"):
            print("the gaps", flush=True)
            faults += gaps.check(folder, packages)
        if arguments.what in ("all", "breakages"):
            chosen = breakages.SAMPLE if arguments.what == "all" else breakages.BREAKAGES
            chosen = [one for one in chosen if arguments.only is None or arguments.only in one.name]
            print(f"{len(chosen)} of {len(breakages.BREAKAGES)} breakages", flush=True)
            faults += breakages.check(folder, arguments.programs / "tidegate", packages, chosen)
    for fault in faults:
        print(f"FAULT {fault}", file=sys.stderr)
    print(f"deployment: {len(faults)} faults, {time.monotonic() - started:.0f} s", flush=True)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
