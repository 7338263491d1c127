"""Makes a booted guest into a template, and a fork of it into a guest of its own.

A template's identity is made of tokens: strings that occur nowhere else (its name, its
machine-id, its keys, line by line). `freeze` stops what must not live through a fork,
forgets what was logged, and finds every file with a token in it; `thaw`, in each fork,
writes the fork's own tokens in their place. It runs in the doorman, which has no key and
no generator, before any sshd of the fork exists.
"""
import base64
import fcntl
import glob
import json
import os
import pwd
import shutil
import signal
import socket
import struct
import subprocess
import time

PLAN = "/run/holdfast/fork.json"
CLOUD = "/var/lib/cloud"
RUN_CLOUD = "/run/cloud-init"
# Nothing that holds a key, a lease or an address lives through a fork.
STOP = ("ssh.service", "sshd.service", "systemd-timesyncd.service", "chrony.service",
        "NetworkManager.service",
        "systemd-hostnamed.service")
# Started again by what asks for them.
BY_DEMAND = ("systemd-hostnamed.service",)
JOURNAL = "systemd-journald.service"
JOURNALS = ("/var/log/journal/*", "/run/log/journal/*")
SEARCHED = ("/etc", "/root", "/home", "/var/lib", "/var/log", "/var/cache", "/run", "/opt", "/srv")
SKIPPED = ("dpkg", "apt", "rpm", "udev", "terminfo", "python", "python3", "ca-certificates",
           "ssl", "journal", "lock", "locale")
FORGOTTEN = ("/var/lib/systemd/random-seed", "/var/lib/systemd/network/*",
             "/run/systemd/netif/leases/*",
             "/var/lib/NetworkManager/*.lease", "/var/lib/dhcp/*.leases", "/var/lib/private/systemd/*")
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


def active(*patterns):
    done = run("systemctl", "list-units", "--plain", "--no-legend", "--state=active,activating", *patterns)
    return [line.split()[0] for line in done.stdout.decode().splitlines() if line.split()]


def in_order(units):
    """As they came up at boot."""
    if not units:
        return units
    shown = run("systemctl", "show", "--property=Id,ActiveEnterTimestampMonotonic", *units).stdout.decode()
    times = {}
    for block in shown.split("\n\n"):
        values = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        times[values.get("Id")] = int(values.get("ActiveEnterTimestampMonotonic") or 0)
    return sorted(units, key=lambda unit: times.get(unit, 0))


def with_tokens(tokens):
    """Every file that holds one of the tokens."""
    skip = ["--exclude-dir=" + name for name in SKIPPED]
    found = run("grep", "-rlsaF", "--devices=skip", *skip, "-e", "\n".join(tokens), "--",
                *[path for path in SEARCHED if os.path.isdir(path)])
    paths = [path.decode("utf-8", "surrogateescape") for path in found.stdout.split(b"\n") if path]
    return [path for path in paths if os.path.isfile(path) and not os.path.islink(path) and path != PLAN]


def keep_user_manager():
    """Who is logged in now has a manager, and the first login of a fork finds it running: starting one takes longest of
    all. Only until the next boot."""
    for path in glob.glob("/run/systemd/users/*"):
        user = pwd.getpwuid(int(os.path.basename(path))).pw_name
        run("loginctl", "enable-linger", user)
        forget("/var/lib/systemd/linger/" + user)


def freeze(tokens):
    """-> {"machineId", "files"}; the plan is kept where the doorman finds it."""
    # cloud-init's stages are called differently in every version.
    running = active("cloud-*.service", *STOP)
    stopped = [unit for unit in running if unit in STOP]
    with open("/etc/machine-id") as handle:
        machine_id = handle.read().strip()
    instance = os.path.basename(os.path.realpath(CLOUD + "/instance"))
    units = in_order([unit for unit in running if unit not in STOP])
    if stopped:
        run("systemctl", "stop", *stopped)
    keep_user_manager()
    for pattern in FORGOTTEN:
        forget(pattern)
    for link in glob.glob(CLOUD + "/instances/*/obj.pkl") + glob.glob("/run/cloud-init/*.pkl"):
        os.unlink(link)
    for path in ("/var/log/wtmp", "/var/log/btmp", "/var/log/lastlog"):
        if os.path.exists(path):
            os.truncate(path, 0)
    files = with_tokens(list(tokens) + [machine_id])
    plan = {"tokens": tokens, "machineId": machine_id, "instance": instance, "files": files, "cloudUnits": units,
            "start": [unit for unit in stopped if unit not in BY_DEMAND]}
    with open(PLAN, "w") as handle:
        json.dump(plan, handle)
    os.sync()
    return {"machineId": machine_id, "files": len(files)}


def load():
    """The doorman's part, last before the template is taken: from here on it forks in a moment."""
    with open(PLAN) as handle:
        plan = json.load(handle)
    os.unlink(PLAN)
    import hf_netlink  # noqa: F401  so that a fork has it at hand
    hold_journal()
    return plan


def hold_journal():
    """Halted, not stopped: what services have open to it stays open until a fork restarts it."""
    time.sleep(0.2)  # for what has been said and not been read yet
    for root in ("/sys/fs/cgroup", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified"):
        try:
            with open("%s/system.slice/%s/cgroup.procs" % (root, JOURNAL)) as handle:
                for pid in handle.read().split():
                    os.kill(int(pid), signal.SIGSTOP)
        except OSError:
            continue
    for pattern in JOURNALS:
        forget(pattern)
    os.sync()


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
    """networkd, which lives through a fork, hears of the fork's files."""
    run("networkctl", "reload")


# The journal's files that are not this guest's go when nobody writes to them any more. Then what the template had
# stopped; then services that have ended well and are to run once more, each after the one before it: at boot targets
# keep them apart, which are long reached.
BEGIN = """
systemctl restart systemd-journald.service
own=$(cat /etc/machine-id)
for path in /var/log/journal/* /run/log/journal/*; do
  [ "${path##*/}" = "$own" ] || rm -rf "$path"
done
while [ "$1" != -- ]; do systemctl start --no-block "$1"; shift; done
shift
[ $# -eq 0 ] || systemctl stop "$@"
for unit; do systemctl start "$unit"; done
"""


def start(units, again):
    """Beside the doorman, who must go on answering."""
    run("systemd-run", "--quiet", "--no-block", "--collect", "--unit=holdfast-begin",
        "/bin/sh", "-c", BEGIN, "sh", *units, "--", *again)


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
    """-> {"now", "took"}, what `start` is to be given later; `wish`: seed (base64), now (seconds since 1970), name, machineId, instanceId,
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
    again = plan["cloudUnits"] if wish.get("anew") else []
    return {"now": time.time(), "took": round(time.monotonic() - began, 3)}, (plan["start"], again)
