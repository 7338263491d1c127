"""Tells the daemon what changes in the guest: one JSON object per line, until the
channel closes. The network at once, figures at most every ten seconds."""
import ctypes
import json
import os
import select
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import hf_netlink  # noqa: E402
import hf_netplan_watch  # noqa: E402
import hf_system  # noqa: E402

SETTLE, FIGURES, LOOK_AGAIN = 0.1, 10.0, 2.0
MAX_LINE = 65536
IN_CHANGED = 0x8 | 0x80 | 0x100  # closed after writing, moved in, created


def version():
    return hf_system.read(os.path.join(os.path.dirname(os.path.abspath(__file__)), "version")).strip() or "0"


def say(report):
    line = json.dumps(report, separators=(",", ":"))
    while len(line) >= MAX_LINE and report.get("links"):
        report["links"] = report["links"][:len(report["links"]) // 2]
        line = json.dumps(report, separators=(",", ":"))
    os.write(1, line.encode() + b"\n") if len(line) < 4096 else whole(line.encode() + b"\n")


def whole(data):
    while data:
        data = data[os.write(1, data):]


def watch_cloud_init():
    """An inotify descriptor, or None: then the state is read every two seconds."""
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        fd = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if fd >= 0 and libc.inotify_add_watch(fd, hf_system.CLOUD.encode(), IN_CHANGED) >= 0:
            return fd
    except (OSError, AttributeError):
        pass
    return None


def watch_netplan():
    """None where the kernel has no inotify: what is changed by hand is then told when somebody looks."""
    try:
        return hf_netplan_watch.NetplanWatch()
    except (OSError, AttributeError):
        return None


class Reporter:
    def __init__(self):
        self.version = version()
        self.network = self.system = None
        self.poll = select.poll()
        self.events = hf_netlink.open_socket(hf_netlink.GROUPS)
        self.events.setblocking(False)
        self.poll.register(self.events, select.POLLIN)
        self.poll.register(0, select.POLLIN)
        self.inotify = watch_cloud_init()
        if self.inotify is not None:
            self.poll.register(self.inotify, select.POLLIN)
        self.netplan = watch_netplan()
        if self.netplan is not None:
            self.poll.register(self.netplan.fd, select.POLLIN)
        self.settle = None
        self.next_figures = 0.0
        self.next_look = 0.0

    def tell_network(self):
        try:
            seen = hf_netlink.snapshot()
        except OSError:
            self.settle = time.monotonic() + 1
            return
        if seen != self.network:
            self.network = seen
            say(dict(seen))

    def tell_netplan(self):
        seen = self.netplan and self.netplan.report()
        if seen:
            say(seen)

    def tell_system(self):
        seen = hf_system.snapshot(self.version)
        if hf_system.noticeable(self.system, seen):
            self.system = seen
            say(seen)

    def drain(self, fd):
        """-> False when stdin has ended."""
        if fd == 0:
            return bool(os.read(0, 4096))
        if fd == self.events.fileno():
            try:
                while self.events.recv(65536):
                    pass
            except BlockingIOError:
                pass
            except OSError:
                pass  # events were lost: the snapshot below says what is so
            if self.settle is None:
                self.settle = time.monotonic() + SETTLE
            return True
        if self.netplan is not None and fd == self.netplan.fd:
            self.netplan.drain()
            return True
        try:
            os.read(fd, 65536)
        except BlockingIOError:
            pass
        self.look()
        return True

    def finished(self):
        return self.system is not None and self.system["cloudInit"]["status"] not in ("running", "unknown")

    def look(self):
        self.next_look = time.monotonic() + LOOK_AGAIN
        if self.system is None or hf_system.cloud_init() != self.system["cloudInit"]:
            self.tell_system()

    def run(self):
        self.tell_network()
        self.tell_system()
        self.tell_netplan()
        self.next_figures = time.monotonic() + FIGURES
        while True:
            due = [self.next_figures]
            if self.settle is not None:
                due.append(self.settle)
            if not self.finished():
                due.append(self.next_look)
            if self.netplan is not None and self.netplan.due is not None:
                due.append(self.netplan.due)
            wait = max(0.0, min(due) - time.monotonic())
            for fd, mask in self.poll.poll(int(wait * 1000) + 1):
                if fd == 0 and mask & (select.POLLHUP | select.POLLERR) and not mask & select.POLLIN:
                    return
                if not self.drain(fd):
                    return
            now = time.monotonic()
            if self.settle is not None and now >= self.settle:
                self.settle = None
                self.tell_network()
            if self.netplan is not None and self.netplan.due is not None and now >= self.netplan.due:
                self.tell_netplan()
            if now >= self.next_figures:
                self.next_figures = now + FIGURES
                self.tell_system()
            elif not self.finished() and now >= self.next_look:
                self.look()


def main():
    try:
        Reporter().run()
    except (BrokenPipeError, ConnectionResetError, KeyboardInterrupt):
        pass


if __name__ == "__main__":
    main()
