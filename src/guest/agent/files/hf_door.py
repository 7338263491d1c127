"""Holdfast's doorman: one private SSH connection per virtio-serial port.

It waits for the host on every port, starts an sshd of its own for who comes, and
copies bytes. It needs nothing of the guest's network, its sshd or its PAM set-up.
Edge-triggered epoll and no timers: an idle guest pays nothing for it.
"""
import heapq
import os
import select
import signal
import socket
import time

import hf_ports
from hf_lane import Lane, SocketConnection
from hf_peer import PeerMaker

RUN = "/run/holdfast"
SOCKET = RUN + "/ssh.sock"
MAX_CONNECTIONS = 32
# The bus forgets what was said when its connection is closed too early, and a busy guest takes its time.
LONGEST_PENDING, LONGEST_WATCH, LONGEST_REST, BUS, PAUSE = 60, 60, 8, 60, 0.3
LONGEST_INSISTENCE = 600
EDGE = select.EPOLLIN | select.EPOLLOUT | select.EPOLLRDHUP | select.EPOLLET


def version():
    try:
        with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "version")) as handle:
            return handle.read(64).strip() or "0"
    except OSError:
        return "0"


class Door:
    def __init__(self):
        self.version = version()
        self.epoll = select.epoll()
        self.handlers = {}
        self.timers = []
        self.order = self.counter = 0
        self.ready = {}
        self.children = {}
        self.connections = set()
        self.fork = self.pending = self.resting = None
        self.peers = PeerMaker(self.log)
        self.lanes = {name: Lane(self, name) for name in hf_ports.LANES}

    @staticmethod
    def log(message):
        try:
            os.write(2, (message + "\n").encode("utf-8", "replace"))
        except OSError:
            pass

    def watch(self, fd, handler, events=EDGE):
        self.handlers[fd] = handler
        self.epoll.register(fd, events)

    def forget(self, fd):
        if self.handlers.pop(fd, None) is not None:
            self.epoll.unregister(fd)

    def later(self, seconds, action):
        self.order += 1
        heapq.heappush(self.timers, (time.monotonic() + seconds, self.order, action))

    def again(self, key, action):
        """Runs the action after the others have had their turn."""
        self.ready[key] = action

    def guarded(self, action, *arguments):
        try:
            action(*arguments)
        except Exception as error:  # one port's trouble never touches another
            self.log("%s: %r" % (getattr(action, "__qualname__", action), error))

    def insist(self, action, rest=1):
        """What a full /run refuses today it may grant tomorrow."""
        try:
            action()
        except Exception as error:
            self.log("%s: %r; tried again in %d s" % (action.__qualname__, error, rest))
            self.later(rest, lambda: self.insist(action, min(rest * 2, LONGEST_INSISTENCE)))

    def reap(self):
        for pid, (process, action) in list(self.children.items()):
            if process.poll() is not None:
                del self.children[pid]
                self.guarded(action)

    def scan(self):
        found = hf_ports.find()
        for name, lane in self.lanes.items():
            self.guarded(lane.appear, found.get(name))

    def close_later(self, connection):
        if connection is not None:
            self.later(BUS, connection.close)

    def go(self):
        """What the fork has stood still until now begins anew."""
        if self.pending is not None:
            self.resting, self.pending = self.pending, None
            self.close_later(self.resting[0].read_network())
            # The network first: services that start beside it make it twice as late.
            self.later(LONGEST_REST, self.begin)

    def begin(self):
        if self.resting is not None:
            (module, plan, anew), self.resting = self.resting, None
            self.close_later(module.start(plan, anew))

    def obey(self, word, reply):
        """A word of the host's own: JSON, answered by JSON, at once or later."""
        import json

        def say(answer):
            reply(json.dumps(answer).encode() + b"\n")
        try:
            wish = json.loads(word)
            if wish["do"] == "freeze":
                import hf_fork
                import hf_freeze
                if self.fork is None and not self.children:
                    self.fork = (hf_fork, hf_freeze.freeze(wish["tokens"]))
                answer = {"ready": self.fork is not None, "machineId": self.fork and self.fork[1]["machineId"]}
            elif wish["do"] == "thaw" and self.fork is not None:
                module, plan = self.fork
                answer = module.thaw(plan, wish)
                self.fork, self.pending = None, (module, plan, bool(wish.get("anew")))
                # The host says when; a daemon that died cannot.
                self.later(LONGEST_PENDING, self.go)
            elif wish["do"] == "go":
                self.go()
                answer = {}
            elif wish["do"] == "address":
                import hf_address

                def told(report):
                    say(report)
                    self.later(PAUSE, self.begin)
                hf_address.AddressWatch(self, min(float(wish["within"]), LONGEST_WATCH), told)
                return
            elif wish["do"] == "clock":
                time.clock_settime(time.CLOCK_REALTIME, float(wish["now"]))
                answer = {"now": time.time()}
            else:
                answer = {"error": "this guest cannot do that now"}
        except Exception as error:
            answer = {"error": "%s: %s" % (type(error).__name__, error)}
        say(answer)

    def listen(self):
        """For users' own ssh clients: a stream-local channel on the bulk lane ends here."""
        os.makedirs(RUN, mode=0o755, exist_ok=True)
        try:
            os.unlink(SOCKET)
        except OSError:
            pass
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(SOCKET)
        os.chmod(SOCKET, 0o666)  # what answers is an sshd: the key decides
        listener.listen(16)
        listener.setblocking(False)

        def accept(_mask):
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                if len(self.connections) >= MAX_CONNECTIONS:
                    connection.close()
                else:
                    self.guarded(SocketConnection, self, connection)
        self.watch(listener.fileno(), accept)

    def open_report_door(self):
        """What it loads is a fifth of all that is loaded: whoever waits for a lane does not wait for that."""
        from hf_report_door import ReportDoor
        ReportDoor(self)

    def run(self):
        wake_read, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))

        def woken(_mask):
            try:
                while os.read(wake_read, 512):
                    pass
            except BlockingIOError:
                pass
            self.reap()
        self.watch(wake_read, woken)
        uevents = hf_ports.Uevents()

        def ports(_mask):
            if uevents.ports_changed():
                self.scan()
        self.watch(uevents.fileno(), ports)
        self.insist(self.listen)
        self.scan()
        self.insist(self.open_report_door)
        while True:
            self.turn()

    def turn(self):
        wait = None
        if self.ready:
            wait = 0
        elif self.timers:
            wait = max(0.0, self.timers[0][0] - time.monotonic())
        for fd, mask in self.epoll.poll(-1 if wait is None else wait):
            handler = self.handlers.get(fd)
            if handler is not None:
                self.guarded(handler, mask)
        ready, self.ready = self.ready, {}
        for action in ready.values():
            self.guarded(action)
        while self.timers and self.timers[0][0] <= time.monotonic():
            self.guarded(heapq.heappop(self.timers)[2])
