"""Notices that somebody changed netplan's files: the kernel tells of it (inotify), nothing is asked while nothing happens."""
import base64
import ctypes
import json
import os
import struct
import time

import hf_guard_place as place
from hf_guard_state import WRITING, WRITTEN

CLOSE_WRITE, ATTRIB, MOVED_FROM, MOVED_TO, CREATE, DELETE, DELETE_SELF, MOVE_SELF = 0x8, 0x4, 0x40, 0x80, 0x100, 0x200, 0x400, 0x800
ONLY_DIRECTORY, OVERFLOW = 0x01000000, 0x4000
INSIDE = CLOSE_WRITE | ATTRIB | MOVED_FROM | MOVED_TO | CREATE | DELETE | DELETE_SELF | MOVE_SELF | ONLY_DIRECTORY
OF_ITSELF = DELETE_SELF | MOVE_SELF | OVERFLOW
# An editor writes beside and renames; what it leaves is told, and not each of its steps.
SETTLE, LONGEST, PATIENCE = 0.25, 1.0, 5.0
MOST_CONTENT, MOST_LINE = 32768, 60000


class NetplanWatch:
    """`fd` is to be read when the poll says so; `due` is when to tell, None while there is nothing to tell."""

    def __init__(self):
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.fd = self.libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self.fd < 0:
            raise OSError(ctypes.get_errno(), "inotify")
        self.watched = {}
        self.digest = self.due = self.since = None
        self.arrange()

    def add(self, path, mask):
        number = self.libc.inotify_add_watch(self.fd, (place.ROOT + path).encode(), mask)
        if number >= 0:
            self.watched[number] = path
        return number >= 0

    def arrange(self):
        """Each directory, or the one above it until it is there."""
        known, self.watched = self.watched, {}
        for path in place.NETPLAN:
            above = os.path.dirname(path)
            if not self.add(path, INSIDE) and self.add(above, CREATE | MOVED_TO | ONLY_DIRECTORY):
                self.add(path, INSIDE)  # made just now
        for number in known:
            if number not in self.watched:
                self.libc.inotify_rm_watch(self.fd, number)

    def drain(self):
        try:
            data = os.read(self.fd, 65536)
        except BlockingIOError:
            return
        at, matters, moved = 0, False, False
        while at + 16 <= len(data):
            number, mask, _, length = struct.unpack_from("=iIII", data, at)
            name = data[at + 16:at + 16 + length].rstrip(b"\0")
            at += 16 + length
            path = self.watched.get(number)
            if mask & OF_ITSELF or (path not in place.NETPLAN and name == b"netplan"):
                moved = True
            elif path in place.NETPLAN and name.endswith(b".yaml") and not name.startswith(b"."):
                matters = True
        if moved:
            self.arrange()
        if matters or moved:
            self.stir()

    def stir(self):
        now = time.monotonic()
        self.since = self.since or now
        self.due = min(now + SETTLE, max(now, self.since + LONGEST))

    def writing(self):
        """Whether netguard is; what it has not finished is none of a hand's."""
        try:
            return time.time() - os.stat(place.RUN + WRITING).st_mtime < PATIENCE
        except OSError:
            return False

    def report(self):
        """-> what to tell, or None when it is as it was told"""
        if self.digest is not None and self.writing():
            self.due = time.monotonic() + SETTLE
            return None
        self.due = self.since = None
        first = self.digest is None
        try:
            files = place.netplan_files()
        except place.Refusal as error:
            return self.changed(str(error)) and {"v": 1, "type": "netplan", "first": first, "digest": None, "files": [], "omitted": 0, "transaction": None, "trouble": str(error)}
        digest = place.set_digest(files)
        if not self.changed(digest):
            return None
        written = place.load(place.RUN + WRITTEN) or {}
        return bounded({"v": 1, "type": "netplan", "first": first, "digest": digest, "files": described(files), "omitted": 0,
                        "transaction": written.get("id") if written.get("digest") == digest else None, "trouble": None})

    def changed(self, digest):
        before, self.digest = self.digest, digest
        return before != digest


def described(files):
    left, told = MOST_CONTENT, []
    for one in files:
        size = len(one["content"])
        told.append({"path": one["path"], "mode": one["mode"], "uid": one["uid"], "gid": one["gid"], "mtimeNs": str(one["mtimeNs"]), "size": size,
                     "sha256": place.digest(one["content"]), "content": base64.b64encode(one["content"]).decode() if size <= left else None})
        if size <= left:
            left -= size
    return told


def bounded(report):
    """A line of a reporter's has an end: what is left out of it is counted."""
    while len(json.dumps(report)) > MOST_LINE:
        report["files"].pop()
        report["omitted"] += 1
    return report
