"""Runs a command several times: seconds on the wall and the largest resident memory of each run."""

import os
import statistics
import subprocess
import time


class Measured:
    """Runs of one command."""

    def __init__(self, seconds, megabytes):
        self.seconds = seconds
        self.megabytes = megabytes

    @property
    def median(self):
        return statistics.median(self.seconds)

    def __str__(self):
        return (
            f"{self.median:8.3f} s ({min(self.seconds):.3f} to {max(self.seconds):.3f}, {len(self.seconds)} runs)"
            f"  peak {max(self.megabytes):6.0f} MB"
        )


def run(command, times, stdout=subprocess.DEVNULL, env=None):
    """Fails when the command fails: a tool that stops early is not a fast one."""
    seconds, megabytes = [], []
    for _ in range(times):
        started = time.monotonic()
        child = subprocess.Popen(command, stdout=stdout, stderr=subprocess.PIPE, env=env)
        errors = child.stderr.read()
        _, status, usage = os.wait4(child.pid, 0)
        seconds.append(time.monotonic() - started)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            raise SystemExit(f"{command[0]} ended with {child.returncode}: {errors.decode(errors='replace')[-2000:]}")
        megabytes.append(usage.ru_maxrss / 1024)
    return Measured(seconds, megabytes)
