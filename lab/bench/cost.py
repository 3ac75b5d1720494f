# SPDX-License-Identifier: Apache-2.0
"""Runs a program over and over, in turn with each of several values of an environment variable.

Arguments: how often, the variable, its values with commas between them, the program and its arguments. Prints, for each run, the
number of the value, the exit status, milliseconds, and the peak of resident memory in kB. As small as it is, so that the peak
is the program's: that of a child counts from before it became another program.
"""
import os
import sys
import time

count, variable, values, command = int(sys.argv[1]), sys.argv[2], sys.argv[3].split(","), sys.argv[4:]
null = os.open("/dev/null", os.O_RDWR)
quiet = [(os.POSIX_SPAWN_DUP2, null, fd) for fd in (0, 1, 2)]
for _ in range(count):
    for i, value in enumerate(values):
        began = time.monotonic()
        child = os.posix_spawnp(command[0], command, {**os.environ, variable: value}, file_actions=quiet)
        _, status, usage = os.wait4(child, 0)
        print(i, os.waitstatus_to_exitcode(status), (time.monotonic() - began) * 1000, usage.ru_maxrss)
