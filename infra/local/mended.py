"""The emulator's process: the emulator, with what it does unlike AWS mended before it starts; or without, for whoever asks what there is to mend.

    mended.py [unmended]
"""

import asyncio.constants
import sys

import mends
from hypercorn.config import Config
from ministack.app import main

# When it is told to end, it waits no longer for clients that keep their connections: it has functions to end, and nothing to save.
Config.graceful_timeout = 0.2  # seconds
asyncio.constants.SSL_SHUTDOWN_TIMEOUT = 0.2
if sys.argv[1:] != ["unmended"]:
    mends.apply()
sys.argv = ["ministack"]
main()
