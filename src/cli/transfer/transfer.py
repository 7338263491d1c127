"""Sends or receives files in a guest for "holdfast transfer", which starts it with `python3 -c` as the instance's user.

    transfer.py receive '{"target": "...", "parents": false, "many": false}'   records on stdin, what came of it on stdout
    transfer.py send '{"sources": ["..."], "recursive": false}'                records on stdout

A record is one octet that says what it is, a length of 32 bits (big endian), and so many octets: see src/cli/transfer/records.ts.
Names are any octets; in JSON each is the character with its number (Latin-1).
"""
import errno
import json
import os
import secrets
import signal
import stat
import struct
import sys

ENTRY, DATA, END, NOTICE, DONE, FAILED = b'e', b'd', b'z', b'n', b'f', b'x'
CHUNK = 256 * 1024
MODE_BITS = 0o777
SOURCE = open(0, 'rb', CHUNK, closefd=False)
SINK = open(1, 'wb', CHUNK, closefd=False)
CANNOT = {'receive': 'cannot be written: ', 'send': 'cannot be read: '}


class Refused(Exception):
    """One thing is wrong, and the whole transfer ends with it."""

    def __init__(self, path, why):
        super().__init__(why)
        self.path = path
        self.why = why


def text(name):
    return name.decode('latin-1')


def octets(words):
    return words.encode('latin-1')


def write(kind, payload):
    SINK.write(kind + struct.pack('>I', len(payload)))
    SINK.write(payload)


def tell(record, **words):
    write(record, json.dumps(words).encode())


def read_record():
    head = SOURCE.read(5)
    if len(head) < 5:
        return None, b''
    payload = SOURCE.read(struct.unpack('>I', head[1:])[0])
    return head[:1], payload


def since_epoch(ns):
    return [ns // 10**9, ns % 10**9]


def in_ns(modified):
    return modified[0] * 10**9 + modified[1]


class Receiver:
    """Nothing has its final name before it is whole. What is there already is replaced, but never a directory."""

    def __init__(self, target, parents, many):
        self.target = octets(target) or b'.'
        self.into = os.path.isdir(self.target)
        if not self.into and many:
            raise Refused(self.target, 'is no directory, and there are several sources')
        if not self.into:
            self.require_parent(self.target.rstrip(b'/') or b'/', parents)
        self.place_in_hand = self.target
        self.made = []
        self.folders = set()
        self.file = self.scratch = None

    @staticmethod
    def require_parent(path, parents):
        parent = os.path.dirname(path) or b'.'
        if parents:
            os.makedirs(parent, exist_ok=True)
        elif not os.path.isdir(parent):
            raise Refused(parent, 'does not exist; --parents makes it' if not os.path.exists(parent) else 'is no directory')

    def place(self, path):
        names = [octets(name) for name in path]
        top = [] if names[0] == b'.' or not self.into else [names[0]]
        return b'/'.join([self.target, *top, *names[1:]])

    def entry(self, path, kind, mode, modified, link=''):
        self.place_in_hand = place = self.place(path)
        is_root = len(path) == 1
        if not is_root and tuple(path[:-1]) not in self.folders:
            raise Refused(place, 'came before the directory that it is in')
        if kind == 'folder':
            return self.folder(place, path, mode, modified, is_root)
        if place.endswith(b'/'):
            raise Refused(place, 'does not exist, and would be a directory')
        if is_root and os.path.islink(place):
            place = os.path.realpath(place)
        if os.path.isdir(place) and not os.path.islink(place):
            raise Refused(place, 'is a directory')
        if kind == 'link':
            scratch = self.beside(place)
            os.symlink(octets(link), scratch)
            os.rename(scratch, place)
            return
        self.begin(place, mode, modified)

    def folder(self, place, path, mode, modified, is_root):
        there = os.stat(place) if is_root and os.path.exists(place) else os.lstat(place) if os.path.lexists(place) else None
        if there is None:
            os.mkdir(place, 0o700)
            self.made.append((place, mode, modified))
        elif not stat.S_ISDIR(there.st_mode):
            raise Refused(place, 'is there and is no directory')
        self.folders.add(tuple(path))

    @staticmethod
    def beside(place):
        return os.path.join(os.path.dirname(place), b'.holdfast-' + secrets.token_hex(8).encode())

    def begin(self, place, mode, modified):
        self.final = (place, mode, modified)
        if os.path.exists(place) and not os.path.isfile(place):
            self.file = os.open(place, os.O_WRONLY)
            self.scratch = None
            return
        scratch = self.beside(place)
        self.file = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        self.scratch = scratch

    def data(self, payload):
        at, rest = struct.unpack('>Q', payload[:8])[0], memoryview(payload)[8:]
        while rest:
            done = os.pwrite(self.file, rest, at) if self.scratch else os.write(self.file, rest)
            at, rest = at + done, rest[done:]

    def end(self, size):
        place, mode, modified = self.final
        if self.scratch:
            os.ftruncate(self.file, size)
            os.fchmod(self.file, mode & MODE_BITS)
            os.utime(self.file, ns=(in_ns(modified),) * 2)
        os.close(self.file)
        self.file = None
        if self.scratch:
            os.rename(self.scratch, place)
            self.scratch = None

    def finish(self):
        for place, mode, modified in reversed(self.made):
            os.chmod(place, mode & MODE_BITS)
            os.utime(place, ns=(in_ns(modified),) * 2)

    def give_up(self):
        if self.file is not None:
            os.close(self.file)
        if self.scratch:
            os.unlink(self.scratch)


def receive(request):
    receiver = None
    try:
        receiver = Receiver(**request)
        while True:
            kind, payload = read_record()
            if kind == DONE:
                receiver.finish()
                return tell(DONE)
            if kind is None:
                raise Refused(receiver.target, 'the other end left before everything had come')
            if kind == DATA:
                receiver.data(payload)
            elif kind == ENTRY:
                receiver.entry(**json.loads(payload))
            elif kind == END:
                receiver.end(json.loads(payload)['size'])
    except OSError as error:
        if receiver is None:
            raise
        raise Refused(receiver.place_in_hand, CANNOT['receive'] + error.strerror) from error
    finally:
        if receiver:
            receiver.give_up()


class Sender:
    def __init__(self, recursive):
        self.recursive = recursive
        self.entries = 0

    def source(self, source):
        path = octets(source) or b'.'
        found = os.stat(path)
        if stat.S_ISDIR(found.st_mode):
            if not self.recursive:
                raise Refused(path, 'is a directory; --recursive takes it')
            name = os.path.basename(path.rstrip(b'/'))
            return self.folder(path, [name if name not in (b'', b'..') else b'.'], found)
        if not stat.S_ISREG(found.st_mode):
            raise Refused(path, 'is no regular file')
        self.file(path, [os.path.basename(path)], 0)

    def entry(self, names, kind, found, **more):
        self.entries += 1
        tell(ENTRY, path=[text(name) for name in names], kind=kind, mode=found.st_mode & MODE_BITS, modified=since_epoch(found.st_mtime_ns), **more)

    def folder(self, path, names, found):
        self.entry(names, 'folder', found)
        for name in sorted(os.listdir(path)):
            self.inside(os.path.join(path, name), [*names, name])

    def inside(self, path, names):
        try:
            found = os.lstat(path)
            if stat.S_ISDIR(found.st_mode):
                return self.folder(path, names, found)
            if stat.S_ISLNK(found.st_mode):
                return self.entry(names, 'link', found, link=text(os.readlink(path)))
        except FileNotFoundError:
            return tell(NOTICE, path=text(path), why='went away meanwhile')
        if not stat.S_ISREG(found.st_mode):
            return tell(NOTICE, path=text(path), why='is no file, directory or link, and was left out')
        try:
            self.file(path, names, os.O_NOFOLLOW)
        except FileNotFoundError:
            tell(NOTICE, path=text(path), why='went away meanwhile')

    def file(self, path, names, flags):
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | flags)
        try:
            before = os.fstat(file)
            self.entry(names, 'file', before)
            size = self.sparse(file) if before.st_blocks * 512 < before.st_size else self.plain(file)
            tell(END, size=size)
            after = os.fstat(file)
            if before.st_size > 0 and (after.st_mtime_ns, after.st_size) != (before.st_mtime_ns, before.st_size):
                tell(NOTICE, path=text(path), why='changed while it was read')
        finally:
            os.close(file)

    @staticmethod
    def plain(file):
        at = 0
        while True:
            part = os.read(file, CHUNK)
            if not part:
                return at
            write(DATA, struct.pack('>Q', at) + part)
            at += len(part)

    @staticmethod
    def sparse(file):
        at = 0
        while True:
            try:
                at = os.lseek(file, at, os.SEEK_DATA)
                hole = os.lseek(file, at, os.SEEK_HOLE)
            except OSError as error:
                if error.errno != errno.ENXIO:
                    raise
                return os.fstat(file).st_size
            while at < hole:
                part = os.pread(file, min(CHUNK, hole - at), at)
                if not part:
                    break
                write(DATA, struct.pack('>Q', at) + part)
                at += len(part)


def send(request):
    sender = Sender(request['recursive'])
    for source in request['sources']:
        before = sender.entries
        try:
            sender.source(source)
        except BrokenPipeError:
            raise
        except (Refused, OSError) as error:
            # Of several, one of which nothing was sent yet keeps no other back.
            if len(request['sources']) == 1 or sender.entries > before:
                raise
            tell(NOTICE, refused=True, **said(error, 'send'))
    tell(DONE)


def said(error, doing):
    if isinstance(error, Refused):
        return {'path': text(error.path), 'why': error.why}
    return {'path': text(os.fsencode(error.filename or b'')), 'why': CANNOT[doing] + (error.strerror or str(error))}


def main():
    # What ends it (sshd sends SIGHUP to what a client has left) leaves nothing half made.
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(1))
    try:
        {'receive': receive, 'send': send}[sys.argv[1]](json.loads(sys.argv[2]))
    except BrokenPipeError:
        return 1
    except (Refused, OSError) as error:
        tell(FAILED, **said(error, sys.argv[1]))
        return 1
    finally:
        try:
            SINK.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return 0


sys.exit(main())
