"""The reporter as a child of the doorman: one that is started as a program of its own costs each fork some
six megabytes and, emulated, a second; here all that it needs is in memory already."""
import os
import signal
import socket

import report

SOCKET = "/run/holdfast/report.sock"
MOST = 4
NAME = "hf-report"


class Child:
    """As much of a process as the doorman asks for."""

    def __init__(self, pid):
        self.pid, self.status = pid, None

    def poll(self):
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = status
        return self.status


def listen():
    """-> a socket for root alone; whoever may connect is told what the guest is at."""
    try:
        os.unlink(SOCKET)
    except OSError:
        pass
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        listener.bind(SOCKET)
    finally:
        os.umask(mask)
    listener.listen(MOST)
    listener.setblocking(False)
    return listener


def become_reporter(connection):
    """In the child: nothing of the doorman's stays open. Its epoll would otherwise go on telling of what it has closed."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    for fd in (0, 1):
        os.dup2(connection, fd)
        os.set_blocking(fd, True)
    os.closerange(3, max(map(int, os.listdir("/proc/self/fd"))) + 1)
    with open("/proc/self/comm", "w") as handle:
        handle.write(NAME)
    report.main()


class ReportDoor:
    def __init__(self, door):
        self.door, self.listener, self.running = door, listen(), set()
        door.watch(self.listener.fileno(), lambda _mask: self.accept())

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                if len(self.running) < MOST:
                    self.begin(connection)

    def begin(self, connection):
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                become_reporter(connection.fileno())
                code = 0
            except BaseException as error:
                self.door.log("reporter: %r" % error)
            os._exit(code)
        self.running.add(pid)
        self.door.children[pid] = (Child(pid), lambda: self.running.discard(pid))
