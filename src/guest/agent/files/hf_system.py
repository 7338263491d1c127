"""Figures of the guest: load, memory, disks, and how far cloud-init has come."""
import json
import os
import platform
import socket

CLOUD = "/run/cloud-init"
MAX_DISKS = 16
# Figures are taken for as long as the guest lives, and an emulated one pays thirty times for each line of Python.
remembered = {}


def unless_changed(path, parse):
    """What parse() made of this file, made anew only when it is another file, or was written to."""
    try:
        status = os.stat(path)
        mark = (status.st_ino, status.st_size, status.st_mtime_ns)
    except OSError:
        mark = None
    known = remembered.get(path)
    if known is None or known[0] != mark:
        known = remembered[path] = (mark, parse(path))
    return known[1]


def read(path, limit=65536):
    """At most so many bytes of it, as text; '' where it cannot be read."""
    data = b""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        while len(data) < limit:
            piece = os.read(fd, limit - len(data))
            if not piece:
                break
            data += piece
    except OSError:
        return ""
    finally:
        os.close(fd)
    return data.decode("utf-8", "replace")


def os_release(path="/etc/os-release"):
    values = {}
    for line in (read(path) or read("/usr/lib/os-release")).splitlines():
        key, separator, value = line.partition("=")
        if separator:
            values[key] = value.strip().strip("\"'")
    return {"id": values.get("ID", "linux")[:64], "version": values.get("VERSION_ID", "")[:64],
            "pretty": values.get("PRETTY_NAME", values.get("NAME", "Linux"))[:128]}


def memory():
    """The three that matter are among the first lines (proc(5))."""
    values = {}
    for line in read("/proc/meminfo", 512).split("\n")[:5]:
        key, _, rest = line.partition(":")
        words = rest.split()
        if words:
            values[key] = int(words[0]) * 1024
    total = values.get("MemTotal", 0)
    available = values.get("MemAvailable", values.get("MemFree", 0))
    return {"usedBytes": max(0, total - available), "totalBytes": total}


def disks():
    """Mounted block devices, each once, by the name of the device."""
    found = {}
    for line in read("/proc/self/mounts", 1 << 20).split("\n"):
        if not line.startswith("/dev/"):
            continue
        fields = line.split(" ")
        if len(fields) < 4:
            continue
        if fields[2] in ("squashfs", "iso9660", "erofs") or len(found) >= MAX_DISKS:
            continue
        name = os.path.basename(os.path.realpath(fields[0]))[:64]
        if name in found or name.startswith("loop"):
            continue
        try:
            status = os.statvfs(fields[1].encode().decode("unicode_escape"))
        except (OSError, UnicodeError, ValueError):
            continue
        found[name] = {"name": name, "totalBytes": status.f_blocks * status.f_frsize,
                       "usedBytes": (status.f_blocks - status.f_bfree) * status.f_frsize}
    return [found[name] for name in sorted(found)]


def parsed(path):
    try:
        value = json.loads(read(path, 1 << 20)).get("v1")
        return value if isinstance(value, dict) else None
    except (ValueError, AttributeError):
        return None


def first_error(stages):
    """What went wrong first, of status.json's stages or of result.json alone."""
    for stage in [stages] + [value for value in stages.values() if isinstance(value, dict)]:
        errors = stage.get("errors")
        if isinstance(errors, list) and errors:
            return str(errors[0])[:200]
    return ""


def recoverable(status):
    for stage in [status] + [value for value in status.values() if isinstance(value, dict)]:
        kinds = stage.get("recoverable_errors")
        if isinstance(kinds, dict) and any(kinds.values()):
            first = next(value for value in kinds.values() if value)
            return str(first[0] if isinstance(first, list) else first)[:200]
    return ""


def cloud_init(root=CLOUD):
    status, result = (unless_changed(root + name, parsed) for name in ("/status.json", "/result.json"))
    status = status or {}
    if result is not None:
        error = first_error(result) or first_error(status)
        if error:
            return {"status": "error", "detail": error}
        warning = recoverable(status)
        return {"status": "degraded" if warning else "done", "detail": warning}
    if os.path.exists(root + "/disabled") or os.path.exists("/etc/cloud/cloud-init.disabled"):
        return {"status": "disabled", "detail": ""}
    if status or os.path.exists("/usr/bin/cloud-init"):
        return {"status": "running", "detail": str(status.get("stage") or "")[:64]}
    return {"status": "unknown", "detail": "cloud-init is not installed"}


def snapshot(version):
    return {
        "v": 1, "type": "system", "hostname": socket.gethostname()[:253], "os": unless_changed("/etc/os-release", os_release),
        "kernel": platform.release()[:128], "cpuCount": os.cpu_count() or 1,
        "load": [float(word) for word in read("/proc/loadavg").split()[:3]] or [0.0, 0.0, 0.0],
        "memory": memory(), "disks": disks(),
        "uptimeS": int(float((read("/proc/uptime").split() or ["0"])[0])),
        "bootId": read("/proc/sys/kernel/random/boot_id").strip(),
        "machineId": read("/etc/machine-id").strip()[:64],
        "cloudInit": cloud_init(), "agentVersion": version}


def noticeable(old, new):
    """Whether the figures moved enough to be worth a line."""
    plain = ("hostname", "os", "kernel", "cpuCount", "bootId", "machineId", "cloudInit")
    if old is None or any(old[key] != new[key] for key in plain):
        return True
    if any(abs(a - b) >= 0.05 for a, b in zip(old["load"], new["load"])):
        return True
    if [disk["name"] for disk in old["disks"]] != [disk["name"] for disk in new["disks"]]:
        return True
    pairs = [(old["memory"], new["memory"])] + list(zip(old["disks"], new["disks"]))
    return any(a["totalBytes"] != b["totalBytes"]
               or abs(a["usedBytes"] - b["usedBytes"]) > max(8 << 20, b["totalBytes"] // 200)
               for a, b in pairs)
