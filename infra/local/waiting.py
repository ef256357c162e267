"""Waiting for what functions do by themselves, and saying what was there instead."""

import time

PATIENCE_S = 180
PAUSE_S = 0.15


class NotSeen(Exception):
    """Something that should have happened and did not."""


def until(what, look, patience_s=PATIENCE_S):
    """The first answer of `look` that is not empty. `what` says what is awaited."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(PAUSE_S)
    raise NotSeen(f"not seen within {patience_s:.0f} s: {what}")


def expect(what, found, wanted):
    """Fails unless what was found is what was wanted."""
    if found != wanted:
        raise NotSeen(f"{what}: found {found!r}, expected {wanted!r}")
