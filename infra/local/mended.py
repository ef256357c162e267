"""The emulator's process: the emulator, with what it does unlike AWS mended before it starts."""

import sys

import mends
from ministack.app import main

mends.apply()
sys.argv = ["ministack"]
main()
