"""Reads the template, and says where its functions' zips lie, as `sam package` does."""

import copy
from pathlib import Path

from samtranslator.yaml_helper import yaml_parse

TEMPLATE = Path(__file__).resolve().parent.parent / "template.yaml"


def read(path=TEMPLATE):
    """The template as written, with `!Ref` and its like as plain dictionaries."""
    return yaml_parse(Path(path).read_text(encoding="utf-8"))


def packaged(template, bucket, keys):
    """The same template, its functions' code in a bucket. Nothing else is changed."""
    template = copy.deepcopy(template)
    for name, key in keys.items():
        template["Resources"][name]["Properties"]["CodeUri"] = f"s3://{bucket}/{key}"
    return template
