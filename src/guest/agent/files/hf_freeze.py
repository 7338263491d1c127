"""Makes a booted guest ready to be a template: the plan by which hf_fork makes a fork of it a guest of its own.

It stops what must not live through a fork, forgets what was logged, and finds every file
that holds a token of the guest's identity. It runs in the doorman once no connection is left.
"""
import glob
import os
import pwd
import signal
import time

import hf_dbus
from hf_fork import CLOUD, JOURNAL, Refusal, forget, processes, run

MACHINE_ID = "/etc/machine-id"
LINGER = "/var/lib/systemd/linger/"
# Nothing that holds a key, a lease or an address lives through a fork.
STOP = ("ssh.service", "sshd.service", "systemd-timesyncd.service", "chrony.service",
        "NetworkManager.service",
        "systemd-hostnamed.service")
# Started again by what asks for them.
BY_DEMAND = ("systemd-hostnamed.service",)
JOURNALS = ("/var/log/journal/*", "/run/log/journal/*")
SEARCHED = ("/etc", "/root", "/home", "/var/lib", "/var/log", "/var/cache", "/run", "/opt", "/srv")
SKIPPED = frozenset(("dpkg", "apt", "rpm", "udev", "terminfo", "python", "python3", "ca-certificates",
                     "ssl", "journal", "lock", "locale"))
FORGOTTEN = ("/var/lib/systemd/random-seed", "/var/lib/systemd/network/*",
             "/run/systemd/netif/leases/*",
             "/var/lib/NetworkManager/*.lease", "/var/lib/dhcp/*.leases", "/var/lib/private/systemd/*",
             CLOUD + "/instances/*/obj.pkl", "/run/cloud-init/*.pkl")
LEAST_TOKEN = 12
PIECE = 1 << 20
STOP_SECONDS = 10
# The clock may have been put right while it booted.
SLACK_SECONDS = 120


def booted_at():
    """Seconds since 1970."""
    with open("/proc/stat") as handle:
        return next(int(line.split()[1]) for line in handle if line.startswith("btime "))


def changed(since):
    """Regular files whose inode changed since then. Walked here: to a guest that is emulated, starting a program to do it
    costs more than the walk."""
    found, ahead = [], [path for path in SEARCHED if os.path.isdir(path)]
    while ahead:
        try:
            entries = os.scandir(ahead.pop())
        except OSError:
            continue
        with entries:
            for entry in entries:
                try:
                    if entry.name in SKIPPED:
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        ahead.append(entry.path)
                    elif entry.is_file(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_ctime > since:
                        found.append(entry.path)
                except OSError:
                    continue
    return found


def holds(path, needles):
    """Read piece by piece: a log may be larger than the guest's memory."""
    overlap = max(map(len, needles)) - 1
    held = b""
    try:
        with open(path, "rb") as handle:
            while True:
                piece = handle.read(PIECE)
                if not piece:
                    return False
                held += piece
                if any(needle in held for needle in needles):
                    return True
                held = held[-overlap:]
    except OSError:
        return False


def holding(tokens, since):
    """Every file that holds one of the tokens, of those changed since then."""
    needles = [token.encode() for token in tokens]
    return [path for path in changed(since) if holds(path, needles)]


def with_tokens(tokens):
    """A guest's identity comes with its first boot, and so do the files that hold it. Where the oldest of its tokens
    was there before, as in an image that was booted once, any file may hold it."""
    paths = holding(tokens, booted_at() - SLACK_SECONDS)
    if MACHINE_ID not in paths:
        paths = holding(tokens, 0)
    return paths


def keep_user_managers():
    """Who was logged in has a manager still, and the first login of a fork finds it running: starting one takes longest
    of all. -> what a fork is to remove then"""
    paths = [LINGER + pwd.getpwuid(int(os.path.basename(path))).pw_name for path in glob.glob("/run/systemd/users/*")]
    os.makedirs(LINGER, exist_ok=True)
    paths = [path for path in paths if not os.path.exists(path)]
    for path in paths:
        with open(path, "w"):
            pass
    return paths


def begin_to_stop(units):
    """Over the bus, so that they end while files are searched. -> the connection, or None where there is no bus"""
    try:
        return hf_dbus.tell("org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
                            *[("StopUnit", unit, "replace") for unit in units])
    except OSError:
        return None


def until_stopped(units, bus):
    until = time.monotonic() + STOP_SECONDS
    while bus is not None and any(map(processes, units)) and time.monotonic() < until:
        time.sleep(0.02)
    left = [unit for unit in units if processes(unit)]
    if left:
        run("systemctl", "stop", *left)
    if bus is not None:
        bus.close()


def hold_journal():
    """Halted, not stopped: what services have open to it stays open. -> ids of its processes"""
    time.sleep(0.2)  # for what has been said and not been read yet
    halted = processes(JOURNAL)
    for pid in halted:
        os.kill(pid, signal.SIGSTOP)
    for pattern in JOURNALS:
        forget(pattern)
    return halted


def freeze(tokens):
    """-> the plan; from here on the guest forks in a moment. `tokens`: those that the host knows."""
    if not isinstance(tokens, list) or not all(isinstance(token, str) and len(token) >= LEAST_TOKEN for token in tokens):
        raise Refusal("a template has a list of tokens")
    import hf_address  # noqa: F401  so that a fork has it at hand
    lingering = keep_user_managers()
    stopped = [unit for unit in STOP if processes(unit)]
    bus = begin_to_stop(stopped)
    with open(MACHINE_ID) as handle:
        machine_id = handle.read().strip()
    files = with_tokens(tokens + [machine_id])
    until_stopped(stopped, bus)
    for pattern in FORGOTTEN:
        forget(pattern)
    for path in ("/var/log/wtmp", "/var/log/btmp", "/var/log/lastlog"):
        if os.path.exists(path):
            os.truncate(path, 0)
    plan = {"tokens": tokens, "machineId": machine_id, "instance": os.path.basename(os.path.realpath(CLOUD + "/instance")),
            "files": files, "lingering": lingering,
            "start": [unit for unit in stopped if unit not in BY_DEMAND]}
    plan["journal"] = hold_journal()
    os.sync()
    return plan
