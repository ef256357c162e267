"""What checkov says of the expanded template and its siblings: nothing, but for what matrix/checkov.yaml leaves with a reason."""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

import yaml
from template import INFRA

HERE = Path(__file__).resolve().parent
CHECKOV = HERE / ".venv-checkov" / "bin" / "checkov"
# The most that may be left (docs of the project say so, and the list is to be read).
MOST = 10
# What a template that is broken in these ways must be found for.
BROKEN = {
    "CKV_AWS_21": lambda r: r["LakeBucket"]["Properties"].pop("VersioningConfiguration"),
    "CKV_AWS_53": lambda r: r["LogsBucket"]["Properties"].pop("PublicAccessBlockConfiguration"),
    "CKV_AWS_27": lambda r: r["DriftQueue"]["Properties"].pop("KmsMasterKeyId"),
    "CKV_AWS_26": lambda r: r["ChatTopic"]["Properties"].pop("KmsMasterKeyId"),
    "CKV_AWS_28": lambda r: r["RegistryTable"]["Properties"].pop("PointInTimeRecoverySpecification"),
    "CKV_AWS_119": lambda r: r["RegistryTable"]["Properties"].pop("SSESpecification"),
    "CKV_AWS_158": lambda r: r["DriftLogs"]["Properties"].pop("KmsKeyId"),
}


def findings(expanded, siblings):
    """(file, resource, check) of everything that is found, in the templates and in one that is broken."""
    broken = json.loads(json.dumps(expanded))
    for change in BROKEN.values():
        change(broken["Resources"])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "template.json").write_text(json.dumps(expanded), encoding="utf-8")
        (folder / "broken.json").write_text(json.dumps(broken), encoding="utf-8")
        for sibling in siblings:
            shutil.copy(INFRA / sibling, folder)
        command = [CHECKOV, "--directory", folder, "--framework", "cloudformation", "--compact", "--quiet", "--output", "json", "--skip-download"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        try:
            found = json.loads(done.stdout)
        except ValueError:
            raise RuntimeError(f"checkov said: {(done.stdout + done.stderr)[-2000:]}") from None
    if found["summary"]["parsing_errors"]:
        raise RuntimeError(f"checkov could not read {found['results']['parsing_errors']}")
    return {(Path(f["file_path"]).stem, f["resource"].split(".")[-1], f["check_id"]) for f in found["results"]["failed_checks"]}


def faults(expanded, siblings):
    left = yaml.safe_load((HERE / "matrix" / "checkov.yaml").read_text(encoding="utf-8"))
    if len(left) > MOST:
        yield f"{len(left)} checks are left out, at most {MOST} may be"
    found = findings(expanded, siblings)
    skipped = {(*resource.split("."), check) for check, entry in left.items() for resource in entry["of"] if entry["why"]}
    here = {finding for finding in found if finding[0] != "broken"}
    yield from (f"{file}: {resource}: {check}" for file, resource, check in sorted(here - skipped))
    yield from (f"{file}: {resource}: {check} is left out, and is not found any more" for file, resource, check in sorted(skipped - here))
    noticed = {check for file, _, check in found if file == "broken"} - {check for _, _, check in here}
    yield from (f"{check} accepts a template that breaks it" for check in sorted(set(BROKEN) - noticed))
