"""Puts Holdfast's files in place: at every boot from the seed, and when renewed."""
import base64
import json
import os
import re
import subprocess
import sys

UNIT = "holdfast-doorman.service"
UNIT_FILE = "/etc/systemd/system/" + UNIT
WANTED = "/etc/systemd/system/sysinit.target.wants/" + UNIT
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
    known_unit = os.path.exists(UNIT_FILE)
    # The version is written last: an install that was cut short is done again.
    files.sort(key=lambda entry: entry[0] == VERSION_FILE)
    changed = [path for path, mode, content in files if place(path, mode, content)]
    try:
        os.makedirs(os.path.dirname(WANTED), exist_ok=True)
        os.symlink(UNIT_FILE, WANTED)
    except FileExistsError:
        pass
    if known_unit and UNIT_FILE in changed:
        systemctl("daemon-reload")
    return {"version": bundle["version"], "changed": changed}


def at_boot(bundle):
    try:
        result = install(bundle)
    except Exception as error:
        # What an earlier boot installed can still run.
        sys.stderr.write("holdfast: could not install: %s\n" % error)
        result = {"changed": []}
    # A running doorman has old code only when its own files changed.
    verb = "restart" if any(p.startswith("/usr/lib/holdfast/") for p in result["changed"]) else "start"
    systemctl("--no-block", verb, UNIT)
    sys.stdout.write(json.dumps(result) + "\n")
