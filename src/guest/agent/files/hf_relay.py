"""Copies between one host-side descriptor and one sshd, and knows how it ended."""
import os
import select
import signal

from hf_sshd import start

WORD = b"HOLDFAST "  # what the host says to the doorman itself begins with it
CHUNK = 65536
TURN = 4 * CHUNK  # what one connection may move before the others have their turn

# All relays share it: what cannot be passed on at once is copied.
BUFFER = bytearray(CHUNK)
VIEW = memoryview(BUFFER)
PAGE = os.sysconf("SC_PAGE_SIZE")
PAGES = [VIEW[at:at + PAGE] for at in range(0, CHUNK, PAGE)]

MORE, WAIT, HOST_GONE, TAKEN_OVER, SSHD_GONE, PORT_LOST = range(6)


def one_line(text):
    return "".join(c if " " <= c <= "~" else " " for c in text).strip()[:400]


class Relay:
    """sshd starts with the host's first bytes, which begin with `SSH-`.

    Buffers hold at most one chunk each way: a side that does not read stops the other.
    A call that only says "not now" costs an emulated guest as much as one that copies
    pages, so only what has word for it is asked: a port until it says so (a read gives
    one of its buffers), sshd's connection until it gives less than there was room for.
    """

    def __init__(self, door, lane, fd, first, hello, takeover):
        self.door, self.lane, self.fd = door, lane, fd
        self.to_sshd, self.to_host = first, hello
        self.takeover = takeover
        self.spoke = self.ended = self.closing = False
        self.errors = b""
        self.process = self.near = None
        near, far, how = door.peers.pair()
        try:
            self.process = start(lane, far)
        except BaseException:
            near.close()
            raise
        finally:
            far.close()
        self.near, self.how = near, how
        os.set_blocking(self.process.stderr.fileno(), False)

    def pump(self, inward=True, outward=True):
        """Moves what can be moved now, one way or both; a constant above says what to do next."""
        state = self._turn(self._inward) if inward else WAIT
        if not outward or state in (HOST_GONE, TAKEN_OVER, PORT_LOST):
            return state
        said = self._turn(self._outward)
        if said == SSHD_GONE and self.takeover:
            # A port is closed after this, which loses what is in it: a new client's first line may be.
            state = self._turn(self._inward)
            return said if state == WAIT else state
        return state if said == WAIT else said

    def heard(self, mask):
        """sshd's connection is at its end, or will be: its end gets no word of its own where data came with it."""
        self.closing = self.closing or bool(mask & (select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR))

    @staticmethod
    def _turn(step):
        """-> MORE when it ended for the sake of others."""
        budget = TURN
        while budget > 0:
            moved, state = step()
            if state != MORE:
                return state
            budget -= moved
        return MORE

    def _inward(self):
        if not self.to_sshd:
            state = self._gather()
            if state != MORE:
                return 0, state
        if self.ended:
            moved, self.to_sshd = len(self.to_sshd), b""
            return moved, MORE
        try:
            sent = self.near.send(self.to_sshd)
        except BlockingIOError:
            return 0, WAIT
        except OSError:
            self.to_sshd = b""  # what sshd still has to say is read below
            return 0, WAIT
        self.to_sshd = self.to_sshd[sent:]
        return sent, MORE

    def _gather(self):
        """A read of a port gives one of its buffers, a page at most: one call for many of them, up to one that is not full."""
        try:
            size = os.readv(self.fd, PAGES)
        except BlockingIOError:
            return WAIT
        except OSError:
            return PORT_LOST
        if size == 0:
            return HOST_GONE
        # A virtio buffer never mixes two connections, and past its first line a
        # connection is cipher text: a new client came before we saw the old one go.
        again = next((at for at in range(0, size, PAGE) if BUFFER.startswith((b"SSH-2.0-", WORD), at, size)), None) if self.takeover else None
        self.to_sshd = bytes(VIEW[again or 0:size])
        return MORE if again is None else TAKEN_OVER

    def _outward(self):
        data = self.to_host or self._said()
        if not data:
            return 0, SSHD_GONE if self.ended else WAIT
        emptied = not self.to_host and len(data) < CHUNK and not self.closing
        moved, self.to_host = 0, b""
        while moved < len(data):
            try:
                moved += os.write(self.fd, data[moved:])
            except BlockingIOError:
                self.to_host = bytes(data[moved:])
                return moved, WAIT
            except OSError:
                return moved, PORT_LOST
        return moved, WAIT if emptied else MORE

    def _said(self):
        """What sshd has to say, in the buffer that all relays share; nothing: not now, or never again."""
        if self.ended:
            return b""
        try:
            size = self.near.recv_into(BUFFER)
        except BlockingIOError:
            return b""
        except OSError:
            size = 0
        self.spoke, self.ended = self.spoke or size > 0, size == 0
        return VIEW[:size]

    def read_errors(self):
        """-> False at the end of sshd's stderr."""
        while True:
            try:
                data = os.read(self.process.stderr.fileno(), 4096)
            except BlockingIOError:
                return True
            except OSError:
                return False
            if not data:
                return False
            self.errors = (self.errors + data)[-4096:]

    def reason(self):
        lines = [one_line(line) for line in self.errors.decode("utf-8", "replace").splitlines()]
        lines = [line for line in lines if line]
        code = self.process.returncode
        return lines[-1] if lines else "sshd ended without a word (status %s)" % code

    def stop(self):
        """Closing its connection ends sshd in good order; the rest is for one that hangs."""
        self.near.close()
        process = self.process

        def insist(number):
            if process.poll() is None:
                try:
                    os.killpg(process.pid, number)
                except OSError:
                    pass
        self.door.later(2, lambda: insist(signal.SIGTERM))
        self.door.later(5, lambda: insist(signal.SIGKILL))
