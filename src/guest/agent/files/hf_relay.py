"""Copies between one host-side descriptor and one sshd, and knows how it ended."""
import os
import signal

from hf_sshd import start

WORD = b"HOLDFAST "  # what the host says to the doorman itself begins with it
CHUNK = 65536
TURN = 4 * CHUNK  # what one connection may move before the others have their turn

MORE, WAIT, HOST_GONE, TAKEN_OVER, SSHD_GONE, PORT_LOST = range(6)


def one_line(text):
    return "".join(c if " " <= c <= "~" else " " for c in text).strip()[:400]


class Relay:
    """sshd starts with the host's first bytes, which begin with `SSH-`.

    Buffers hold at most one chunk each way: a side that does not read stops the other.
    """

    def __init__(self, door, lane, fd, first, hello, takeover):
        self.door, self.lane, self.fd = door, lane, fd
        self.to_sshd, self.to_host = first, hello
        self.takeover = takeover
        self.spoke = self.ended = False
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

    def pump(self):
        """Moves what can be moved now; a constant above says what to do next."""
        budget = TURN
        state = WAIT
        while budget > 0:
            moved, state = self._inward()
            if state in (HOST_GONE, TAKEN_OVER, PORT_LOST):
                return state
            sent, outcome = self._outward()
            if outcome != WAIT:
                return outcome
            if not moved and not sent:
                return WAIT
            budget -= moved + sent
        return MORE

    def _inward(self):
        if not self.to_sshd:
            state = self._gather()
            if state != MORE:
                return 0, state
        if self.ended:
            self.to_sshd = b""
            return 0, WAIT
        try:
            sent = self.near.send(self.to_sshd)
        except BlockingIOError:
            return 0, WAIT
        except OSError:
            self.to_sshd = b""  # what sshd still has to say is read below
            return 0, WAIT
        self.to_sshd = self.to_sshd[sent:]
        return sent, WAIT

    def _gather(self):
        """A read of a port gives one page at most: several make one write to sshd."""
        parts, size = [], 0
        while size < CHUNK:
            try:
                data = os.read(self.fd, CHUNK)
            except BlockingIOError:
                break
            except OSError:
                return PORT_LOST
            if not data:
                if parts:
                    break  # the next read says so again
                return HOST_GONE
            if self.takeover and data.startswith((b"SSH-2.0-", WORD)):
                # A virtio buffer never mixes two connections, and past its first line a
                # connection is cipher text: a new client came before we saw the old one go.
                self.to_sshd = data
                return TAKEN_OVER
            parts.append(data)
            size += len(data)
        self.to_sshd = b"".join(parts)
        return MORE if parts else WAIT

    def _outward(self):
        if not self.to_host and not self.ended:
            try:
                data = self.near.recv(CHUNK)
            except BlockingIOError:
                return 0, WAIT
            except OSError:
                data = b""
            if data:
                self.spoke = True
                self.to_host = memoryview(data)
            else:
                self.ended = True
        if not self.to_host:
            return 0, SSHD_GONE if self.ended else WAIT
        try:
            sent = os.write(self.fd, self.to_host)
        except BlockingIOError:
            return 0, WAIT
        except OSError:
            return 0, PORT_LOST
        self.to_host = self.to_host[sent:]
        return sent, WAIT

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
