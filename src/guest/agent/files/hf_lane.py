"""One virtio-serial port: waits for the host, holds one connection, begins again."""
import os
import select

import hf_relay
from hf_relay import CHUNK, WORD, Relay, one_line

LONGEST_WORD = 1 << 20
DOUBT = 0.1  # seconds; the kernel's work queue is never so far behind a port's data


class Connection:
    """What a port and a users' client have in common: a descriptor and a relay."""

    def __init__(self, door, name):
        self.door, self.name = door, name
        self.fd = -1
        self.relay = None

    def begin(self, first, takeover, lead=b""):
        self.door.counter += 1
        hello = "holdfast-doorman %s %s %d\r\n" % (self.door.version, self.name, self.door.counter)
        hello = lead + hello.encode()
        try:
            relay = Relay(self.door, self.name, self.fd, first, hello, takeover)
        except OSError as error:
            self.say(hello)
            self.fail(one_line(error.strerror or str(error)))
            return
        self.relay = relay
        # Only the newest relay of a connection may act on it: an old one may end late.
        process = relay.process
        self.door.children[process.pid] = (process, lambda: self.exited(relay))
        self.door.watch(relay.near.fileno(), lambda mask: self.said(relay, mask))
        self.door.watch(process.stderr.fileno(), lambda _mask: self.errors(relay))
        self.pump()

    def errors(self, relay):
        if not relay.read_errors():
            self.door.forget(relay.process.stderr.fileno())
            relay.process.stderr.close()

    def said(self, relay, mask):
        """Word of sshd's connection."""
        if relay is self.relay:
            relay.heard(mask)
            self.pump(inward=bool(relay.to_sshd))

    def drop(self):
        relay, self.relay = self.relay, None
        if relay is not None:
            self.door.forget(relay.near.fileno())
            relay.stop()

    def exited(self, relay):
        if not relay.process.stderr.closed:
            self.errors(relay)
        if relay is self.relay:
            self.pump()

    def pump(self, inward=True, outward=True):
        relay = self.relay
        if relay is None:
            return
        outcome = relay.pump(inward, outward)
        if outcome == hf_relay.MORE:
            self.door.again((self.name, self.fd), self.pump)
        elif outcome == hf_relay.SSHD_GONE:
            if relay.spoke or relay.process.poll() is not None:
                self.finish(relay)
            else:  # it said nothing: its last words come with its exit
                self.door.later(2, lambda: relay is self.relay and self.finish(relay))
        elif outcome == hf_relay.TAKEN_OVER:
            self.taken_over(relay.to_sshd)
        elif outcome == hf_relay.HOST_GONE:
            self.hung_up()
        elif outcome == hf_relay.PORT_LOST:
            self.lost()

    def finish(self, relay):
        if relay.spoke:
            self.drop()
            self.end()
            return
        if not relay.process.stderr.closed:
            self.errors(relay)
        reason = relay.reason()
        self.drop()
        self.fail(reason)

    def say(self, data):
        try:
            os.write(self.fd, data)
        except OSError:
            pass

    def fail(self, reason):
        self.door.log("%s: %s" % (self.name, reason))
        self.say(("holdfast-doorman-error %s\r\n" % reason).encode())
        self.end()


def gone(fd):
    """Whether nobody is at a port's other end."""
    poll = select.poll()
    poll.register(fd, 0)
    return bool(poll.poll(0))


class Lane(Connection):
    def __init__(self, door, name):
        super().__init__(door, name)
        self.path = None
        self.seen = b""
        self.word = None
        self.doubted = None
        self.retry = 0.1

    def appear(self, path):
        """The port's device, or None when it has none now."""
        self.path = path
        if path is None:
            self.lost()
        elif self.fd < 0:
            self.open()

    def open(self):
        if self.path is None or self.fd >= 0:
            return
        try:
            self.fd = os.open(self.path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            # Held by another process, or not ready: no event tells when it is.
            self.door.log("%s: %s" % (self.name, error))
            self.retry = min(30, self.retry * 2)
            self.door.later(self.retry, self.open)
            return
        self.retry = 0.1
        self.seen, self.word = b"", None
        self.door.watch(self.fd, self.event)

    def close(self):
        self.drop()
        if self.fd >= 0:
            self.door.forget(self.fd)
            os.close(self.fd)
            self.fd = -1

    def lost(self):
        """The device went away (its driver was unbound); an event tells when it is back."""
        self.close()
        if self.path is not None:
            self.door.later(0.2, self.open)

    def end(self):
        """Closing the port is how the host learns that its connection is over."""
        self.close()
        self.open()

    def event(self, mask):
        if self.relay is not None and mask & select.EPOLLHUP:
            self.hung_up()
        elif self.relay is not None:
            # A port tells of room for each piece that the host has taken.
            inward, outward = bool(mask & select.EPOLLIN), bool(self.relay.to_host)
            if inward or outward:
                self.pump(inward, outward)
        else:
            self.seek()

    def hung_up(self):
        """It may be late word of a former client, of which this relay's own has taken the port over (see seek)."""
        if self.doubted is not self.relay:
            relay = self.doubted = self.relay
            self.door.later(DOUBT, lambda: self.believe(relay))

    def taken_over(self, first):
        self.drop()
        if first.startswith(WORD):
            self.hear(first)
            self.seek()
        else:
            self.begin(first, True, b"\r\n")

    def believe(self, relay):
        if self.doubted is not relay:
            return
        self.doubted = None
        if self.relay is not relay:
            return
        if gone(self.fd):
            self.drop()
            self.seek()
        else:
            self.pump()

    def seek(self):
        """Skips what a former client left, up to a new one's first line.

        A client's first bytes can come before word that it is there (the kernel tells of
        data at once, of connections by a work queue): they are kept for as long as that is
        late, whatever else is heard meanwhile of the one before.
        """
        for _ in range(256):
            try:
                data = os.read(self.fd, CHUNK)
            except BlockingIOError:
                break
            except OSError:
                self.lost()
                return
            if not data:  # nobody is there, or not yet
                if self.seen or self.word is not None:
                    seen, word = self.seen, self.word
                    self.door.later(DOUBT, lambda: self.forget(seen, word))
                return
            if self.word is not None or data.startswith(WORD):
                self.hear(data)
                continue
            self.seen = data if data.startswith(b"SSH-") else self.seen + data
            at = self.seen.find(b"SSH-")
            self.seen = self.seen[at:][:CHUNK] if at >= 0 else self.seen[-3:]
        else:
            self.door.again((self.name, self.fd), self.seek)
            return
        if self.word is None and self.seen.startswith(b"SSH-"):
            first, self.seen = self.seen, b""
            self.begin(first, True)

    def forget(self, seen, word):
        """What was kept, and nothing has come after, is a former client's if nobody is there now."""
        if self.fd < 0 or self.relay is not None or self.seen is not seen or self.word is not word:
            return
        if gone(self.fd):
            self.seen, self.word = b"", None
        else:
            self.seek()

    def hear(self, data):
        """A line of the host's for the doorman itself, not for an sshd."""
        self.word = (self.word or b"") + data
        if len(self.word) > LONGEST_WORD:
            self.word = None
        elif self.word.endswith(b"\n"):
            word, self.word = self.word[len(WORD):], None
            self.door.obey(word, lambda data: self.answer(data, 100))

    def answer(self, data, tries):
        """A port takes nothing until the kernel has heard that the host is there, which may be later than its data."""
        try:
            data = data[os.write(self.fd, data):]
        except OSError:
            pass
        if data and tries > 0:
            self.door.later(0.01, lambda: self.answer(data, tries - 1))


class SocketConnection(Connection):
    """A user's own ssh client."""

    def __init__(self, door, connection):
        super().__init__(door, "socket")
        self.connection = connection
        connection.setblocking(False)
        self.fd = connection.fileno()
        door.connections.add(self)
        door.watch(self.fd, lambda _mask: self.pump())
        self.begin(b"", False)

    def end(self):
        self.drop()
        if self.fd >= 0:
            self.door.forget(self.fd)
            self.connection.close()
            self.fd = -1
            self.door.connections.discard(self)

    hung_up = lost = end
