"""The functions' packages: the same program gives the same bytes, wherever it lies, whenever it was built, and whatever zips it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import package
import yaml_template

ZIPS = Path(package.__file__).with_name("zips.py")
LONG_AGO = 946_684_800  # seconds since 1970: the year 2000


def check(folder, programs):
    """Faults: zips of one program that differ."""
    smallest = min((programs / name for _, name in package.functions(yaml_template.read())), key=lambda program: program.stat().st_size)
    found = []
    for what, zipped, program in (("package.py", package.zipped, smallest), ("zips.py", _shipped, Path(__file__))):
        here, there = (_copied(program, folder / what / place) for place in ("here", "there"))
        os.utime(there, (LONG_AGO, LONG_AGO))
        if zipped(here) != zipped(there):
            found.append(f"{what} makes two zips of {program.name}, of two copies")
    return found


def _copied(program, folder):
    folder.mkdir(parents=True)
    return Path(shutil.copy(program, folder))


def _shipped(program):
    """The zip as build_zips has it made."""
    zipped = program.with_suffix(".shipped")
    subprocess.run([sys.executable, ZIPS, program, zipped], check=True)
    return zipped.read_bytes()
