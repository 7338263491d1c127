"""A lane of the doorman's on one end of a socket pair, with a relay that only counts; prints what became of it as JSON."""
import heapq
import json
import os
import select
import socket
import tempfile

import hf_relay
from hf_lane import Lane


class Door:
    version = "test"

    def __init__(self):
        self.timers, self.order = [], 0

    def forget(self, _fd):
        pass

    def later(self, seconds, action):
        self.order += 1
        heapq.heappush(self.timers, (seconds, self.order, action))

    def ring(self):
        while self.timers:
            heapq.heappop(self.timers)[2]()


class Counting:
    near = socket.socket()
    to_host = b""

    def __init__(self):
        self.pumped = self.stopped = 0

    def pump(self, _inward, _outward):
        self.pumped += 1
        return hf_relay.WAIT

    def stop(self):
        self.stopped += 1


def lane():
    port, host = socket.socketpair()
    port.setblocking(False)
    made = Lane(Door(), "session")
    made.fd, made.relay, made.port = port.fileno(), Counting(), port
    return made, made.relay, host


late, kept, present = lane()
for _ in range(3):
    late.event(select.EPOLLHUP)
waiting = len(late.door.timers)
late.door.ring()

left, dropped, leaving = lane()
leaving.close()
left.event(select.EPOLLHUP)
at_once = left.relay is dropped
left.door.ring()

taken, former, _stays = lane()
taken.event(select.EPOLLHUP)
taken.relay = Counting()
taken.door.ring()
words, speaking, host = lane()
words.relay = relay = hf_relay.Relay.__new__(hf_relay.Relay)
relay.fd, relay.takeover, relay.to_sshd, relay.to_host, relay.ended = words.fd, True, b"", b"", False
relay.stop, relay.near = lambda: None, Counting.near
relay.closing = False
heard = []
words.door.obey = lambda word, _reply: heard.append(word.decode().replace(" ", ""))
host.send(b'HOLDFAST {"do":' + b" " * 70000 + b'"clock"}\n')
words.pump()

told, counted, _there = lane()
told.event(select.EPOLLOUT)
told.event(select.EPOLLIN | select.EPOLLOUT)
counted.to_host = b"what waits"
told.event(select.EPOLLOUT)



class Fifo:
    """As a port: what was written is read before there is a writer, which reads as nothing; a poll tells of a writer that is gone."""

    def __init__(self):
        self.path = os.path.join(tempfile.mkdtemp(dir=os.environ["TMPDIR"]), "port")
        os.mkfifo(self.path)
        self.lane, self.begun = Lane(Door(), "session"), []
        self.lane.fd = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        self.lane.begin = lambda first, _takeover: self.begun.append(first.decode())

    def early(self, data):
        """Its data is there, and the kernel's word that it is not yet."""
        host = self.connected()
        os.write(host, data)
        os.close(host)
        self.lane.event(select.EPOLLIN)

    def connected(self):
        return os.open(self.path, os.O_WRONLY)


LINE = b"SSH-2.0-new\r\n"
doubted, forgotten, rung, partly = Fifo(), Fifo(), Fifo(), Fifo()
doubted.early(LINE)
for mask in (select.EPOLLOUT, select.EPOLLHUP):  # of the former client
    doubted.lane.event(mask)
doubted.connected()
doubted.lane.event(select.EPOLLOUT)

forgotten.early(LINE)
forgotten.lane.door.ring()
forgotten.connected()
forgotten.lane.event(select.EPOLLOUT)

rung.early(LINE)
rung.connected()
rung.lane.door.ring()

partly.early(LINE[:6])
older = partly.lane.door.timers.pop()
partly.early(LINE[6:])
older[2]()  # not about what came since
partly.connected()
partly.lane.event(select.EPOLLOUT)

print(json.dumps({
    "before the kernel's word": [one.begun for one in (doubted, forgotten, rung, partly)],
    "told of room": counted.pumped,
    "late": [waiting, late.relay is kept, kept.pumped, kept.stopped],
    "left": [at_once, left.relay is None, dropped.stopped],
    "word": [words.relay is None, heard],
    "taken over": [taken.relay.stopped, former.stopped],
}))
