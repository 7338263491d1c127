"""A lane of the doorman's on one end of a socket pair, with a relay that only counts; prints what became of it as JSON."""
import heapq
import json
import select
import socket

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

print(json.dumps({
    "told of room": counted.pumped,
    "late": [waiting, late.relay is kept, kept.pumped, kept.stopped],
    "left": [at_once, left.relay is None, dropped.stopped],
    "word": [words.relay is None, heard],
    "taken over": [taken.relay.stopped, former.stopped],
}))
