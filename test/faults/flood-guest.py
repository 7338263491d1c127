"""Run as root in a guest: in the doorman's place, writes without end to every lane and serial line that it is told."""
import base64
import hashlib
import json
import os
import sys
import threading

REPORT = b'{"v":1,"type":"network","links":[{"name":"enp1s0","mac":"52:54:00:00:00:01","up":true,"carrier":true,"driver":null,"addresses":[]}],"defaultRoutes":[]}\n'
BLOCKS = {
    "random": os.urandom(32768),
    "lines": b"y\n" * 16384,
    "banners": b"SSH-2.0-flood\r\n" * 2048,
    "doorman": b"holdfast-doorman 9.9.9 control 1\r\n" * 1024,
    "endless": b"a" * 32768,
    "reports": REPORT * 200,
    "kernel": b"[    1.000000] a kernel that never ends what it has to say\r\n" * 256,
}


def netplan(number, size, omitted=0):
    """A report of netplan's files, each number another: what a history is made of."""
    content = b"# %d\n" % number + b"#" * size
    file = {"path": "/etc/netplan/60-flood.yaml", "mode": 0o600, "uid": 0, "gid": 0, "mtimeNs": "0", "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(), "content": base64.b64encode(content).decode()}
    report = {"v": 1, "type": "netplan", "first": False, "digest": file["sha256"], "files": [file], "omitted": omitted, "transaction": None, "trouble": None}
    return json.dumps(report).encode() + b"\n"


def addresses():
    """Each report tells another address of the default interface."""
    report = json.loads(REPORT)
    with open("/sys/class/net/enp1s0/address") as handle:
        report["links"][0]["mac"] = handle.read().strip()
    for number in range(2 ** 62):
        address = "10.%d.%d.%d" % (number >> 16 & 255, number >> 8 & 255, number & 255)
        report["links"][0]["addresses"] = [{"address": address, "prefix": 24, "scope": "global", "family": 4, "dynamic": False}]
        yield json.dumps(report).encode() + b"\n"


def changes():
    """A history as large as can be kept, then always the same; and some of which the rest has to be fetched."""
    while True:
        yield from (netplan(number, 40000) for number in range(120))
        yield from [netplan(0, 10)] * 2000
        yield from [netplan(1, 10, omitted=1)] * 2000


def write(path, first, block):
    fd = os.open(path, os.O_WRONLY | os.O_NOCTTY)
    data = memoryview(first + block)
    while True:
        try:
            data = data[os.write(fd, data):] or memoryview(block)
        except OSError:
            # Nobody is at the host's end of this port: another one may be flooded meanwhile.
            threading.Event().wait(0.02)


def lanes(kind):
    ports = "/sys/class/virtio-ports"
    first = b"SSH-2.0-" if kind == "endless" else b""
    for entry in os.listdir(ports):
        with open(os.path.join(ports, entry, "name")) as handle:
            if handle.read().startswith("org.holdfast."):
                yield "/dev/" + entry, first, BLOCKS[kind]


def main(kind):
    targets = list(lanes("random" if kind == "everything" else kind)) if kind == "everything" or (kind in BLOCKS and kind != "kernel") else []
    if kind in ("kernel", "console", "everything"):
        targets += [(path, b"", BLOCKS["kernel"]) for path in ("/dev/ttyS0", "/dev/ttyS1", "/dev/console")]
    threads = [threading.Thread(target=write, args=target, daemon=True) for target in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(sys.argv[1])
