"""Where netguard keeps what it knows, and which files are netplan's.

What a transaction needs within one boot lies in /run and is gone with it; what must outlive a
reboot (that it was armed, what it would have written) lies in /var/lib.
"""
import hashlib
import json
import os
import re

# Tests work in a directory of their own.
ROOT = os.environ.get("HOLDFAST_NETGUARD_ROOT", "")
STATE = ROOT + "/var/lib/holdfast/netguard"
RUN = ROOT + "/run/holdfast/netguard"
# netplan's own order: a name in an earlier one hides the same name in a later one.
NETPLAN = ("/run/netplan", "/etc/netplan", "/lib/netplan")
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,120}\.yaml")
MOST_FILES, MOST_BYTES = 64, 256 * 1024


class Refusal(Exception):
    """Nothing was changed; the message says what to do."""


def read(path, limit=MOST_BYTES):
    try:
        with open(path, "rb") as handle:
            return handle.read(limit + 1)
    except OSError:
        return None


def sync(path):
    """A name is on the disk when its directory is."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def write(path, content, mode=0o600, owner=None):
    """A new file, on the disk when this returns."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as handle:
        handle.write(content)
        handle.flush()
        if owner is not None:
            os.fchown(fd, *owner)
        os.fchmod(fd, mode)
        os.fsync(fd)


def forget(path):
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass


def replace(path, content, mode=0o600, owner=None):
    """The file as a whole, or the one that was there."""
    temporary = "%s/.%s.holdfast" % os.path.split(path)
    forget(temporary)
    write(temporary, content, mode, owner)
    os.rename(temporary, path)
    sync(os.path.dirname(path))


def load(path, limit=MOST_BYTES):
    """-> the JSON object in it, or None"""
    try:
        value = json.loads(read(path, limit) or b"")
        return value if isinstance(value, dict) else None
    except ValueError:
        return None


def load_large(path):
    return load(path, 16 << 20)


def digest(content):
    return hashlib.sha256(content).hexdigest()


def state_of(path):
    """What a change of the file would change; None where there is none."""
    try:
        seen = os.stat(ROOT + path)
    except OSError:
        return None
    content = read(ROOT + path)
    if content is None or len(content) > MOST_BYTES:
        raise Refusal("%s cannot be read, or has more than %d bytes" % (path, MOST_BYTES))
    return {"path": path, "mode": seen.st_mode & 0o7777, "uid": seen.st_uid, "gid": seen.st_gid,
            "mtimeNs": seen.st_mtime_ns, "content": content}


def netplan_files():
    """Of all three directories, those that are hidden by another one too. -> [state_of]"""
    found = []
    for directory in NETPLAN:
        try:
            names = sorted(os.listdir(ROOT + directory))
        except OSError:
            continue
        for name in names:
            path = "%s/%s" % (directory, name)
            if name.endswith(".yaml") and not name.startswith(".") and os.path.isfile(ROOT + path):
                found.append(state_of(path))
    found = [one for one in found if one is not None]
    if len(found) > MOST_FILES or sum(len(one["content"]) for one in found) > MOST_BYTES:
        raise Refusal("netplan has more than %d files, or more than %d bytes in them" % (MOST_FILES, MOST_BYTES))
    return found


def set_digest(files):
    """One word for the whole set: changes with any path, owner, mode or content."""
    lines = sorted("%s %o %d %d %s" % (one["path"], one["mode"], one["uid"], one["gid"], digest(one["content"])) for one in files)
    return digest("\n".join(lines).encode())
