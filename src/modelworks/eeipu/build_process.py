"""Snakemake as a child of the sweep's driver: it is interrupted when the driver dies, whatever ends it.

`python -m modelworks.eeipu.build_process DRIVER ARGUMENT...`, where DRIVER is the driver's process id.
"""

import ctypes
import os
import runpy
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Run snakemake with the arguments."""
    driver = int(sys.argv[1])
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
    if os.getppid() != driver:
        sys.exit(1)
    sys.argv = ["snakemake", *sys.argv[2:]]
    runpy.run_module("snakemake", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
