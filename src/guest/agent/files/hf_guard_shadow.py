"""The candidate's files, while it is not certain that they stay: in /run/netplan, where they hide those of the same name.

/etc/netplan is as before until the transaction is committed, so that whatever happens to the guest, its next boot has
never heard of the change.
"""
import base64
import binascii
import os

import hf_guard_place as place
from hf_guard_place import Refusal

# Instead of a file that is set aside.
NOTHING = b"network: {version: 2}\n"
WRITABLE = ("/etc/netplan", "/run/netplan")


def checked_path(path):
    directory, _, name = path.rpartition("/") if isinstance(path, str) else ("", "", "")
    if directory not in WRITABLE or not place.NAME.fullmatch(name):
        raise Refusal("%.200r is no netplan file that a transaction may change: they are in %s, and end in .yaml" % (path, " and ".join(WRITABLE)))
    return path


def whole(value, most, what):
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise Refusal("%s is no number up to %d" % (what, most))
    return value


def wanted(wish):
    """The wish of a caller, checked. -> [{path, mode, uid, gid, content}]; content None: set aside"""
    files, total = [], 0
    for entry in wish.get("write", []):
        try:
            content = base64.b64decode(entry["content"], validate=True)
        except (KeyError, TypeError, ValueError, binascii.Error):
            raise Refusal("a file to write has no content in base64")
        total += len(content)
        files.append({"path": checked_path(entry.get("path")), "content": content, "mode": whole(entry.get("mode", 0o600), 0o777, "mode"),
                      "uid": whole(entry.get("uid", 0), 0xFFFFFFFE, "uid"), "gid": whole(entry.get("gid", 0), 0xFFFFFFFE, "gid")})
    for path in wish.get("setAside", []):
        if not os.path.exists(place.ROOT + checked_path(path)):
            raise Refusal("%s is not there, so it cannot be set aside" % path)
        files.append({"path": path, "content": None, "mode": 0o600, "uid": 0, "gid": 0})
    if len({one["path"] for one in files}) != len(files):
        raise Refusal("a file is named twice")
    if not files:
        raise Refusal("there is nothing to write and nothing to set aside")
    if total > place.MOST_BYTES or len(files) > place.MOST_FILES:
        raise Refusal("more than %d files or %d bytes" % (place.MOST_FILES, place.MOST_BYTES))
    return files


def shadows(files):
    """What is to be in /run/netplan for them. -> [{path, mode, uid, gid, content}]; content None: nothing is to be there"""
    found = {one["path"]: one for one in files if one["path"].startswith("/run/")}
    for one in files:
        if one["path"] in found:
            continue
        above = "/run/netplan/" + os.path.basename(one["path"])
        # One that is in /run and stays there hides it, whoever put it there; it will do so after the commit.
        if above in found:
            hidden = found[above]["content"] is not None
        else:
            hidden = os.path.exists(place.ROOT + above)
        if not hidden:
            found[above] = dict(one, path=above, content=NOTHING if one["content"] is None else one["content"])
    return list(found.values())


def put(one):
    """Owner and mode included, or not at all."""
    path = place.ROOT + one["path"]
    if one["content"] is None:
        place.forget(path)
        return
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    place.replace(path, one["content"], one["mode"], (one["uid"], one["gid"]))
    if "mtimeNs" in one:
        os.utime(path, ns=(one["mtimeNs"], one["mtimeNs"]))


def same(a, b):
    """Whether two states of a file are one; a time counts where both have one."""
    if a is None or b is None:
        return a is None and b is None
    keys = ["mode", "uid", "gid", "content"] + (["mtimeNs"] if "mtimeNs" in a and "mtimeNs" in b else [])
    return all(a[key] == b[key] for key in keys)


def packed(one):
    return one if one is None or one["content"] is None else dict(one, content=base64.b64encode(one["content"]).decode())


def unpacked(one):
    return one if one is None or one["content"] is None else dict(one, content=base64.b64decode(one["content"]))
