"""A function's zip: its program, under the name that the runtime wants. The same program gives the same bytes, whenever and wherever it lies.

    zips.py PROGRAM ZIP     writes a zip to be shipped; build_zips does that, since cargo-lambda's own zips hold the time of the build
"""

import io
import sys
import zipfile
from pathlib import Path

EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say
SMALL = 9  # the most that deflate can do


def zip_of(program, level):
    """The bytes of the zip that holds a program's bytes."""
    entry = zipfile.ZipInfo("bootstrap", date_time=EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o755 << 16
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        archive.writestr(entry, program, compresslevel=level)
    return memory.getvalue()


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:])
    target.write_bytes(zip_of(source.read_bytes(), SMALL))
