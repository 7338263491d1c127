"""Finds virtio-serial ports by name, and hears when they come or go.

Names are read from sysfs and nodes from devtmpfs, so that this works before udev
has made its links; the kernel's own uevents say when to look again, so nothing is
polled.
"""
import os
import socket

SYSFS = "/sys/class/virtio-ports"
PREFIX = "org.holdfast."
LANES = ("control", "session", "bulk", "spare0", "spare1")
NETLINK_KOBJECT_UEVENT = 15


def find(sysfs=SYSFS, dev="/dev"):
    """-> {lane: path of its device}"""
    found = {}
    try:
        entries = sorted(os.listdir(sysfs))
    except OSError:
        return found
    for entry in entries:
        try:
            with open(os.path.join(sysfs, entry, "name")) as handle:
                name = handle.read(128).strip()
        except OSError:
            continue  # its name has not arrived yet: a "change" event will follow
        if name.startswith(PREFIX) and name[len(PREFIX):] in LANES:
            found.setdefault(name[len(PREFIX):], os.path.join(dev, entry))
    return found


class Uevents:
    def __init__(self):
        self.socket = socket.socket(
            socket.AF_NETLINK, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC,
            NETLINK_KOBJECT_UEVENT)
        self.socket.bind((0, 1))

    def fileno(self):
        return self.socket.fileno()

    def ports_changed(self):
        """Reads what is there; True when a port may have come, gone or got its name."""
        changed = False
        while True:
            try:
                message = self.socket.recv(8192)
            except BlockingIOError:
                return changed
            except OSError:  # ENOBUFS: events were lost
                return True
            if b"virtio-ports" in message:
                changed = True
