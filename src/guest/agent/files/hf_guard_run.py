"""Programs that a transaction runs: each in a session of its own, written down, so that whoever comes later can end it."""
import os
import signal
import subprocess

import hf_guard_place as place

LAST_WORDS = 2000
TOO_LONG = 124
CHILD = "/child"


def started(pid):
    """When a process began, in the kernel's ticks: a number that comes again is not the same process."""
    stat = place.read("/proc/%d/stat" % pid)
    return int(stat.rpartition(b")")[2].split()[19]) if stat else None


def run(command, seconds, runtime=None, env=None):
    """-> {"code", "said"}; never raises for what the program does. `runtime`: the transaction's directory in /run."""
    try:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                 start_new_session=True, cwd="/", env=dict(os.environ, LC_ALL="C", **(env or {})))
    except OSError as error:
        return {"code": 127, "said": str(error)}
    note = runtime and runtime + CHILD
    if note:
        try:
            with open(note, "w") as handle:
                handle.write("%d %s" % (child.pid, started(child.pid)))
        except OSError:
            pass  # it ends by itself, then
    try:
        said, _ = child.communicate(timeout=seconds)
        code = child.returncode
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        said, code = child.communicate()[0] + b"\nit did not end within %d s" % seconds, TOO_LONG
    if note:
        place.forget(note)
    return {"code": code, "said": said[-LAST_WORDS:].decode("utf-8", "replace").strip()}


def end_leftover(runtime):
    """Ends what a netguard that was killed had running. -> whether there was something"""
    words = (place.read(runtime + CHILD) or b"").split()
    if len(words) != 2 or not words[0].isdigit() or str(started(int(words[0]))).encode() != words[1]:
        return False
    os.killpg(int(words[0]), signal.SIGKILL)
    return True
