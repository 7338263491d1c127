"""Makes the pair of connected sockets that join the doorman and one sshd.

sshd wants a peer it can name. On a socket pair it looks up the name "UNKNOWN"
and waits for DNS; on the guest's own loopback it depends on `lo` being up and on
the guest's firewall. So the pair is a TCP connection inside a network namespace
that only this process knows: its peer is 127.0.0.1, and nothing that happens to
the guest's network reaches it. sshd itself runs in the guest's own namespace.
"""
import ctypes
import fcntl
import os
import socket
import struct

CLONE_NEWNET = 0x40000000
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result, what):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, "%s: %s" % (what, os.strerror(number)))


def _raise_loopback():
    """Brings `lo` of the present namespace up; its address comes with it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        request = struct.pack("16sH14s", b"lo", 0, b"")
        flags = struct.unpack_from("16sH", fcntl.ioctl(probe, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(probe, SIOCSIFFLAGS, struct.pack("16sH14s", b"lo", flags | IFF_UP, b""))


def tcp_pair():
    """A connected pair on the present namespace's loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        near = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            near.settimeout(2)
            near.connect(listener.getsockname())
            listener.settimeout(2)
            far, address = listener.accept()
            if address != near.getsockname():  # somebody else in a shared namespace
                far.close()
                raise OSError("another connection came first")
        except BaseException:
            near.close()
            raise
    for end in (near, far):
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    far.setblocking(True)
    return near, far


class PeerMaker:
    """Call only from the only thread: a namespace belongs to a thread."""

    def __init__(self, log):
        self.log = log
        self.home = self.private = -1
        try:
            self.home = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
            _check(_libc.unshare(CLONE_NEWNET), "unshare")
            try:
                self.private = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
                _raise_loopback()
            finally:
                self._enter(self.home)
        except OSError as error:
            self.log("no private network namespace (%s): using the guest's loopback" % error)
            self.private = -1

    def _enter(self, namespace):
        if _libc.setns(namespace, CLONE_NEWNET) != 0 and namespace == self.home:
            # sshd must never be started in the wrong namespace: begin again.
            os._exit(70)

    def pair(self):
        """-> (near, far, how): near is non-blocking, far is for sshd."""
        ways = [("loopback", tcp_pair), ("socketpair", socket.socketpair)]
        if self.private >= 0:
            ways.insert(0, ("namespace", self._private_pair))
        for how, make in ways:
            try:
                near, far = make()
                near.setblocking(False)
                return near, far, how
            except OSError as error:
                self.log("no %s pair: %s" % (how, error))
        raise OSError("no way to reach sshd")

    def _private_pair(self):
        _check(_libc.setns(self.private, CLONE_NEWNET), "setns")
        try:
            return tcp_pair()
        finally:
            self._enter(self.home)
