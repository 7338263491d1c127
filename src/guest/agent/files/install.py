"""Puts Holdfast's files in place: at every boot from the seed, and when renewed."""
import base64
import json
import os
import re
import subprocess
import sys

UNITS = ("holdfast-doorman.service", "holdfast-rescue.service")
UNIT_DIR = "/etc/systemd/system/"
WANTS_DIR = UNIT_DIR + "sysinit.target.wants/"
# Of these nothing keeps running: one waits while a network change is armed, the other one is wanted by the doorman's at boot.
GUARD_UNITS = (UNIT_DIR + "holdfast-netguard.service", UNIT_DIR + "holdfast-netguard-boot.service")
GUARD_FILES = GUARD_UNITS + ("/usr/lib/holdfast/netguard.py",)
RESCUE_FILES = (UNIT_DIR + UNITS[1], "/usr/lib/holdfast/rescue.sh")
USERS_MADE = "/var/lib/cloud/instance/sem/config_users_groups"
VERSION_FILE = "/usr/lib/holdfast/version"
ALLOWED = re.compile(
    r"(/usr/lib/holdfast/|/etc/holdfast/|/etc/systemd/system/holdfast-|/etc/pam\.d/holdfast-)"
    r"[A-Za-z0-9_][A-Za-z0-9_.@-]*")


def version_key(text):
    """Numbers compare as numbers: 0.10.0 comes after 0.9.0."""
    return [int(number) for number in re.findall(r"\d+", text)]


def read(path):
    try:
        with open(path, "rb") as handle:
            return handle.read()
    except OSError:
        return None


def content_of(entry):
    if entry.get("encoding", "utf8") == "base64":
        return base64.b64decode(entry["content"], validate=True)
    return entry["content"].encode("utf-8")


def check(bundle):
    """-> [(path, mode, bytes)], or ValueError before anything was written."""
    files = []
    for entry in bundle["files"]:
        path, mode = entry["path"], entry["mode"]
        if not isinstance(path, str) or not ALLOWED.fullmatch(path):
            raise ValueError("refused to write outside Holdfast's places: %r" % (path,))
        parent = os.path.dirname(path)
        if os.path.realpath(parent) != parent and not parent.startswith("/usr/lib"):
            raise ValueError("%s is reached through a link" % parent)
        if not isinstance(mode, int) or mode & ~0o755:
            raise ValueError("%s: mode %r is not allowed" % (path, mode))
        files.append((path, mode, content_of(entry)))
    return files


def place(path, mode, content):
    """Atomic; -> whether anything changed."""
    if read(path) == content and os.stat(path).st_mode & 0o7777 == mode:
        return False
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    temporary = "%s/.%s.new" % (os.path.dirname(path), os.path.basename(path))
    try:
        os.unlink(temporary)
    except OSError:
        pass
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(fd, "wb") as handle:
        handle.write(content)
        handle.flush()
        os.fchmod(handle.fileno(), mode)
        os.fsync(handle.fileno())
    os.rename(temporary, path)
    return True


def systemctl(*arguments):
    try:
        return subprocess.call(("systemctl",) + arguments, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, timeout=60) == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def install(bundle):
    """-> {"version", "changed": [paths]}. A newer version that is there already stays."""
    files = check(bundle)
    there = (read(VERSION_FILE) or b"").decode("ascii", "replace").strip()
    if there and version_key(there) > version_key(bundle["version"]):
        return {"version": there, "changed": []}
    known = [path for path in [UNIT_DIR + unit for unit in UNITS] + list(GUARD_UNITS) if os.path.exists(path)]
    # The version is written last: an install that was cut short is done again.
    files.sort(key=lambda entry: entry[0] == VERSION_FILE)
    changed = [path for path, mode, content in files if place(path, mode, content)]
    os.makedirs(WANTS_DIR, exist_ok=True)
    for unit in UNITS:
        try:
            os.symlink(UNIT_DIR + unit, WANTS_DIR + unit)
        except FileExistsError:
            pass
    if any(path in changed for path in known):
        systemctl("daemon-reload")
    return {"version": bundle["version"], "changed": changed}


def outdated(changed):
    """The units whose running process has other files than are there now."""
    rescue = any(path in RESCUE_FILES for path in changed)
    doorman = any(path not in RESCUE_FILES and path not in GUARD_FILES and "/hf_guard_" not in path for path in changed)
    return [unit for unit, old in zip(UNITS, (doorman, rescue)) if old]


def make_user(name):
    """At a first boot, before cloud-init does: it waits for the network, for minutes when there is none."""
    try:
        subprocess.call((sys.executable, "-I", "/usr/lib/holdfast/agent.py", "early-user", name),
                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=20)
    except (OSError, subprocess.TimeoutExpired) as error:
        sys.stderr.write("holdfast: no user %s yet: %s\n" % (name, error))


def at_boot(bundle, user=None):
    try:
        result = install(bundle)
    except Exception as error:
        # What an earlier boot installed can still run.
        sys.stderr.write("holdfast: could not install: %s\n" % error)
        result = {"changed": []}
    for unit in UNITS:
        verb = "restart" if unit in outdated(result["changed"]) else "start"
        systemctl("--no-block", verb, unit)
    if user is not None and not os.path.exists(USERS_MADE):
        make_user(user)
    sys.stdout.write(json.dumps(result) + "\n")
