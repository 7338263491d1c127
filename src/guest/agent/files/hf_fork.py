"""Gives a fork of a template an identity of its own, and lets what stood still begin anew.

A template's identity is made of tokens: strings that occur nowhere else (its name, its
machine-id, its keys, line by line). hf_freeze found every file with a token in it; `thaw`
writes the fork's own tokens in their place. It runs in the doorman, which has no key and
no generator, before any sshd of the fork exists.
"""
import base64
import fcntl
import glob
import os
import shutil
import signal
import socket
import struct
import subprocess
import time

import hf_dbus

CLOUD = "/var/lib/cloud"
RUN_CLOUD = "/run/cloud-init"
JOURNAL = "systemd-journald.service"
RNDADDENTROPY, RNDRESEEDCRNG, BLKFLSBUF = 0x40085203, 0x5207, 0x1261
SEED_BYTES = 64


class Refusal(Exception):
    pass


def run(*command, timeout=60):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=timeout)


def forget(pattern):
    for path in glob.glob(pattern):
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path, ignore_errors=True)
        else:
            os.unlink(path)


def processes(unit):
    """Ids of a service's processes: its control group says at once what systemd would be asked for."""
    for root in ("/sys/fs/cgroup", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified"):
        try:
            with open("%s/system.slice/%s/cgroup.procs" % (root, unit)) as handle:
                return [int(pid) for pid in handle.read().split()]
        except OSError:
            continue
    return []


def credit(seed):
    """The host's bytes are believed, and the generator begins anew with them."""
    if len(seed) != SEED_BYTES:
        raise Refusal("a seed has %d bytes" % SEED_BYTES)
    fd = os.open("/dev/random", os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.ioctl(fd, RNDADDENTROPY, struct.pack("ii", len(seed) * 8, len(seed)) + seed)
        fcntl.ioctl(fd, RNDRESEEDCRNG)
    finally:
        os.close(fd)


def rewrite(path, pairs):
    try:
        with open(path, "rb") as handle:
            before = handle.read()
    except OSError:
        return
    after = before
    for old, new in pairs:
        after = after.replace(old, new)
    if after != before:
        with open(path, "r+b") as handle:  # in place: owner, mode and links stay
            handle.write(after)
            handle.truncate()


def rename_instance(old, new):
    source = "%s/instances/%s" % (CLOUD, old)
    if old and os.path.isdir(source):
        target = "%s/instances/%s" % (CLOUD, new)
        os.rename(source, target)
        temporary = CLOUD + "/.instance.new"
        os.symlink(target, temporary)
        os.rename(temporary, CLOUD + "/instance")


def drop_disc_cache():
    """The seed's blocks that the template read are not this fork's."""
    for path in glob.glob("/dev/sr*"):
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            fcntl.ioctl(fd, BLKFLSBUF)
        except OSError:
            pass
        finally:
            os.close(fd)


def begin_anew():
    """As before a first boot: cloud-init finds nothing that it has done."""
    for path in glob.glob(CLOUD + "/*"):
        if os.path.basename(path) != "seed":
            forget(path)
    for path in glob.glob(RUN_CLOUD + "/*"):
        if os.path.basename(path) not in ("cloud.cfg", "enabled", "ds-identify.log", ".ds-identify.result"):
            forget(path)
    forget("/var/log/cloud-init*.log")


def read_network():
    """networkd, which lives through a fork, hears of the fork's files. -> what is to be closed a while later"""
    try:
        return hf_dbus.tell("org.freedesktop.network1", "/org/freedesktop/network1",
                            "org.freedesktop.network1.Manager", ("Reload",))
    except OSError:  # another program's network
        return None


def once_active(pattern):
    """Names of services that have run, as they came up."""
    shown = run("systemctl", "show", "--property=Id,ActiveState,ActiveEnterTimestampMonotonic", pattern)
    units = {}
    for block in shown.stdout.decode().split("\n\n"):
        values = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        if values.get("ActiveState") in ("active", "activating"):
            units[values["Id"]] = int(values.get("ActiveEnterTimestampMonotonic") or 0)
    return sorted(units, key=units.get)


# Services that have ended well and are to run once more, each after the one before it: at boot targets keep them apart,
# which are long reached. systemd takes ${...} for its own: there is none.
ANEW = """
systemctl stop "$@"
for unit; do systemctl start "$unit"; done
"""


def begin_journal(halted):
    """The template's journal daemon is halted, and its files are gone. It ends without a word, systemd starts another at
    once, and that reads what the fork has said meanwhile: nothing is lost, as it would be if it were told to end."""
    for pid in processes(JOURNAL):
        if pid in halted:
            os.kill(pid, signal.SIGKILL)


def start(plan, anew):
    """What the template had stopped; then, for a user's own data, cloud-init. -> what is to be closed a while later"""
    # Whoever has logged in by now keeps the manager that was kept for them.
    for path in plan["lingering"]:
        forget(path)
    begin_journal(plan["journal"])
    bus = hf_dbus.tell("org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
                       *[("StartUnit", unit, "replace") for unit in plan["start"]])
    # cloud-init's stages are called differently in every version.
    again = once_active("cloud-*.service") if anew else []
    if again:  # beside the doorman, who must go on answering
        run("systemd-run", "--quiet", "--no-block", "--collect", "--unit=holdfast-begin", "/bin/sh", "-c", ANEW, "sh", *again)
    return bus


def set_zone(name):
    if name and ".." not in name and os.path.exists("/usr/share/zoneinfo/" + name):
        temporary = "/etc/.localtime.new"
        forget(temporary)
        os.symlink("/usr/share/zoneinfo/" + name, temporary)
        os.rename(temporary, "/etc/localtime")
        if os.path.exists("/etc/timezone"):
            with open("/etc/timezone", "w") as handle:
                handle.write(name + "\n")


def grow():
    """The root file system takes up a disk that is larger than the template's."""
    source = run("findmnt", "-nro", "SOURCE,FSTYPE", "/").stdout.decode().split()
    if len(source) != 2:
        raise Refusal("the root file system is on no disk that can be told")
    device, kind = os.path.basename(os.path.realpath(source[0])), source[1]
    block = "/sys/class/block/" + device
    if os.path.exists(block + "/partition"):
        with open(block + "/partition") as handle:
            number = handle.read().strip()
        disk = os.path.basename(os.path.dirname(os.path.realpath(block)))
    else:
        number, disk = None, device
    with open("/sys/class/block/%s/device/rescan" % disk, "w") as handle:
        handle.write("1")
    if number:
        run("growpart", "/dev/" + disk, number)
    command = {"xfs": ("xfs_growfs", "/"), "btrfs": ("btrfs", "filesystem", "resize", "max", "/")}.get(
        kind, ("resize2fs", "/dev/" + device))
    done = run(*command)
    if done.returncode != 0:
        raise Refusal("the root file system did not grow: " + done.stdout.decode("utf-8", "replace")[-200:])


def thaw(plan, wish):
    """-> {"now", "took"}; `wish`: seed (base64), now (seconds since 1970), name, machineId, instanceId,
    tokens (old to new), zone, anew (the user's own data is to be run as on a first boot),
    grows (its disk is larger than the template's)."""
    credit(base64.b64decode(wish["seed"], validate=True))
    began = time.monotonic()
    time.clock_settime(time.CLOCK_REALTIME, float(wish["now"]))
    tokens = dict(wish["tokens"])
    if set(tokens) != set(plan["tokens"]):
        raise Refusal("the fork has not the template's tokens")
    tokens[plan["machineId"]] = wish["machineId"]
    # Longest first, so that no token is found within another's place.
    pairs = [(old.encode(), tokens[old].encode()) for old in sorted(tokens, key=len, reverse=True)]
    for path in plan["files"]:
        rewrite(path, pairs)
    socket.sethostname(wish["name"])
    set_zone(wish.get("zone"))
    drop_disc_cache()
    if wish.get("grows"):
        grow()
    if wish.get("anew"):
        begin_anew()
    else:
        rename_instance(plan["instance"], wish["instanceId"])
    return {"now": time.time(), "took": round(time.monotonic() - began, 3)}
