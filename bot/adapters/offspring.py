"""How a child process is kept from outliving the process that started it, even on SIGKILL.

It knows nothing of what the children are.
"""

from __future__ import annotations

import os
import sys

_DIE_WITH_PARENT = (
    "import ctypes,os,sys;"
    "ctypes.CDLL(None).prctl(1,15);"
    "os.getppid()==int(sys.argv[1]) or sys.exit(1);"
    "os.execv(sys.argv[2],sys.argv[2:])"
)
"""PR_SET_PDEATHSIG = 1, SIGTERM = 15 (prctl(2)); set by a launcher that becomes the child, because
code between fork and exec is not safe in a program with threads. A parent that died before the
launcher asked for the signal sends none, so the launcher looks whose child it is."""


def bound_to_us(command: list[str]) -> list[str]:
    """Return the command of a child that Linux ends (SIGTERM) as soon as we are gone.

    Start it in a thread that lives as long as the process, that is the main one: the signal comes
    when the starting thread ends. The first word is a path. Other systems have no such signal, and
    there the command stays as it is.
    """
    if sys.platform != "linux":
        return command
    # -S and -I: no site packages, no environment; it only has to become the child.
    launcher = [sys.executable, "-I", "-S", "-c", _DIE_WITH_PARENT, str(os.getpid())]
    return [*launcher, *command]
