"""The functions' zips: one program each, named as the runtime wants it. The same program gives the same bytes."""

import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml_template
from zips import zip_of

QUICK = 1  # the least that deflate can do: these zips go nowhere


def functions(template):
    """(logical id, program) of every function of a template."""
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            yield name, resource["Metadata"]["BuildProperties"]["Binary"]


def zipped(program):
    """A zip that holds a program, without its symbols where `strip` is at hand. It is kept beside the program, until there is a newer one."""
    if not program.is_file():
        raise FileNotFoundError(f"{program} is missing; `cargo build --workspace --bins` makes it")
    kept = program.with_name(f"{program.name}.zip")
    if not kept.is_file() or kept.stat().st_mtime < program.stat().st_mtime:
        with tempfile.TemporaryDirectory(dir=program.parent) as scratch:  # others may be at the same
            made = Path(scratch) / kept.name
            made.write_bytes(zip_of(_stripped(program, Path(scratch)), QUICK))
            made.replace(kept)
    return kept.read_bytes()


def _stripped(program, scratch):
    strip = shutil.which("strip")
    if not strip:
        return program.read_bytes()
    bare = scratch / program.name
    subprocess.run([strip, "-o", str(bare), str(program)], check=True)
    return bare.read_bytes()


def packages(programs, template=None):
    """The zip of every function, by its logical id; `programs` is the folder that cargo writes into."""
    found = list(functions(template or yaml_template.read()))
    with ThreadPoolExecutor() as pool:
        return dict(zip((name for name, _ in found), pool.map(lambda one: zipped(Path(programs) / one[1]), found)))
