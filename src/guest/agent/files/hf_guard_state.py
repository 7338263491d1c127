"""How far a transaction is: one file, which is renamed, since that needs no space and happens or does not.

    armed.json -> committing.json -> <id>/committed.json
               -> rolling.json    -> <id>/rolled-back.json
"""
import contextlib
import fcntl
import json
import os
import re
import shutil
import signal
import time

import hf_guard_clock as clock
import hf_guard_place as place
import hf_guard_run as programs

ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
PHASES = ("committing", "rolling", "armed")
ENDS = ("committed", "rolled-back")
STEPS, STEPS_BYTES = "/steps", 16384
OUTCOME, OUTCOME_BYTES = "/outcome.json", 32768
# For whoever watches netplan's files: that netguard is writing, and what was there when it had.
WRITING, WRITTEN = "/writing", "/written.json"
KEPT = 8
APPLIED = "applied"


def home(name):
    """What must outlive a reboot."""
    return "%s/%s" % (place.STATE, name)


def runtime(name):
    """What this boot alone needs."""
    return "%s/%s" % (place.RUN, name)


def marker(phase):
    return "%s/%s.json" % (place.STATE, phase)


def under_way():
    """-> (phase, what was armed), or (None, None)"""
    for phase in PHASES:
        if os.path.exists(marker(phase)):
            return phase, place.load(marker(phase)) or {"id": "unreadable", "at": {"bootId": None}}
    return None, None


def ended(name):
    """-> how the transaction of this id ended, or None"""
    for end in ENDS:
        if os.path.exists("%s/%s.json" % (home(name), end)):
            return end
    return None


def move(phase, to):
    """`to`: another phase, or one of ENDS."""
    name = (place.load(marker(phase)) or {"id": "unreadable"})["id"]
    os.makedirs(home(name), mode=0o700, exist_ok=True)
    target = marker(to) if to in PHASES else "%s/%s.json" % (home(name), to)
    os.rename(marker(phase), target)
    place.sync(place.STATE)
    place.sync(home(name))


def text(value):
    return json.dumps(value).encode()


def remember(path, value):
    """In /run: gone with this boot."""
    place.forget(path + ".new")
    with open(path + ".new", "w") as handle:
        json.dump(value, handle)
    os.rename(path + ".new", path)


def remember_if_room(path, value):
    try:
        remember(path, value)
    except OSError:
        place.forget(path + ".new")


def reserve(name):
    """The space of all that is to be written down later."""
    place.write(home(name) + STEPS, bytes(STEPS_BYTES))
    place.write(home(name) + OUTCOME, b" " * OUTCOME_BYTES)


def note_outcome(name, outcome):
    """For whoever asks later, where its space is. That it cannot be written changes nothing of what happened."""
    text = json.dumps(outcome).encode()
    if len(text) > OUTCOME_BYTES:
        text = json.dumps(dict(outcome, restored=outcome.get("restored", [])[:20])).encode()[:OUTCOME_BYTES]
    try:
        with open(home(name) + OUTCOME, "r+b") as handle:
            handle.write(text.ljust(OUTCOME_BYTES))
            handle.flush()
            os.fsync(handle.fileno())
    except OSError:
        pass


@contextlib.contextmanager
def writing(name):
    """Around every change of netplan's files."""
    make_directories()
    with open(place.RUN + WRITING, "w"):
        pass
    try:
        yield
        remember_if_room(place.RUN + WRITTEN, {"id": name, "digest": place.set_digest(place.netplan_files())})
    finally:
        place.forget(place.RUN + WRITING)


def make_directories():
    for path in (place.STATE, place.RUN):
        os.makedirs(path, mode=0o700, exist_ok=True)
        os.chmod(path, 0o700)


def tidy():
    """Of ended transactions the last few stay, for whoever asks; what never came to be armed goes."""
    _, armed = under_way()
    names = [name for name in os.listdir(place.STATE) if os.path.isdir(home(name)) and not (armed and name == armed["id"])]
    names.sort(key=lambda name: os.stat(home(name)).st_mtime, reverse=True)
    last = [name for name in names if ended(name)][:KEPT]
    for name in names:
        if name not in last:
            shutil.rmtree(home(name), ignore_errors=True)


class Steps:
    """What is about to be done, each on the disk before it is: in a file whose space was there before anything was changed."""
    taken = 0

    def __init__(self, name):
        self.path = home(name) + STEPS
        self.written = len((place.read(self.path) or b"").rstrip(b"\0"))

    def names(self):
        lines = (place.read(self.path) or b"").rstrip(b"\0").decode("utf-8", "replace").splitlines()
        return [line.split(" ", 1)[1] for line in lines if " " in line]

    def take(self, step):
        line = ("%d %s\n" % (clock.boot_ms(), step)).encode()
        try:
            fd = os.open(self.path, os.O_WRONLY | os.O_CLOEXEC)
            try:
                if self.written + len(line) <= STEPS_BYTES:
                    os.pwrite(fd, line, self.written)
                    os.fdatasync(fd)
                    self.written += len(line)
            finally:
                os.close(fd)
        except OSError:
            pass  # to undo needs no word of what was done
        Steps.taken += 1
        # Only in tests: netguard ends here, as if it had been killed.
        if os.environ.get("HOLDFAST_NETGUARD_STOP") == str(Steps.taken):
            os.kill(os.getpid(), signal.SIGKILL)


class Busy(Exception):
    pass


class Turn:
    """One at a time. The kernel lets go of it when its holder dies."""

    def __init__(self, what, seconds):
        self.what, self.seconds = what, seconds
        self.fd = None

    def __enter__(self):
        make_directories()
        self.fd = os.open(place.RUN + "/turn", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        until = time.monotonic() + self.seconds
        while True:
            try:
                fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                if time.monotonic() >= until:
                    os.close(self.fd)
                    raise Busy("netguard is at work already")
                time.sleep(0.05)
        os.ftruncate(self.fd, 0)
        os.pwrite(self.fd, json.dumps({"pid": os.getpid(), "started": programs.started(os.getpid()), "what": self.what}).encode(), 0)
        return self

    def __exit__(self, *_):
        os.close(self.fd)


def end_holder(what):
    """Kills who has the turn, if that is what he does with it."""
    holder = place.load(place.RUN + "/turn")
    if holder and holder.get("what") == what and programs.started(holder["pid"]) == holder["started"]:
        os.kill(holder["pid"], signal.SIGKILL)
