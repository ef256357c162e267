"""A Python environment of a study's own, made on its first run."""

import os
import pathlib
import subprocess
import sys
import venv


def enter(name: str, pins: list[str], study: str) -> None:
    """Goes on inside the environment `.venv-<name>`, in which these packages are."""
    environment = pathlib.Path(study).resolve().parent / f".venv-{name}"
    python = environment / "bin/python"
    if not python.exists():
        print("making the Python environment", file=sys.stderr)
        venv.create(environment, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *pins], check=True)
    if pathlib.Path(sys.prefix).resolve() != environment.resolve():
        os.execv(python, [python, study, *sys.argv[1:]])
