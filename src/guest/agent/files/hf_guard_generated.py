"""What netplan made of its files: kept as it was, compared with what it would be, and put back.

To put it back takes a moment and nothing of netplan's, which an emulated guest needs seconds to start, and which
writes every file anew: networkd takes each card down and up whose file has another time.
"""
import grp
import os
import shutil

import hf_guard_place as place

# Directory -> whether the whole of it is netplan's to write, or only what is called after it.
PLACES = {"/run/systemd/network": True, "/run/udev/rules.d": False, "/run/systemd/system": False,
          "/run/NetworkManager/system-connections": False, "/run/NetworkManager/conf.d": False}
NETWORKD, UDEV = "/run/systemd/network/", "/run/udev/rules.d/"
# What networkd does by itself when told to read its files again.
BY_NETWORKD = (".network", ".netdev")


def scan(root):
    """-> {path: (mode, uid, gid, mtimeNs, content or None, link or None)}, paths without `root`"""
    found = {}
    for directory, whole in PLACES.items():
        for at, _, names in os.walk(root + directory):
            for name in names:
                path = "%s/%s" % (at, name)
                short = path[len(root):]
                if not whole and "netplan" not in short[len(directory):]:
                    continue
                seen = os.lstat(path)
                if os.path.islink(path):
                    found[short] = (0, seen.st_uid, seen.st_gid, 0, None, os.readlink(path))
                elif os.path.isfile(path):
                    found[short] = (seen.st_mode & 0o7777, seen.st_uid, seen.st_gid, seen.st_mtime_ns, place.read(path), None)
    return found


def for_networkd(entry):
    """What was made beside, as networkd may read it: keys can be in it."""
    if entry is None:
        return None
    try:
        group = grp.getgrnam("systemd-network").gr_gid
    except KeyError:
        return (0o644, 0, 0) + entry[3:]
    return (0o640, 0, group) + entry[3:]


def what(entry):
    """Of an entry, what it says: not when it was written."""
    return entry and entry[4:]


def differing(before, after):
    """Paths whose content differs, or that only one of them has."""
    return sorted(path for path in before.keys() | after.keys() if what(before.get(path)) != what(after.get(path)))


def networkd_can(paths):
    return all(path.startswith(NETWORKD) and path.endswith(BY_NETWORKD) for path in paths)


def networkd_can_undo(paths):
    """What udev would do to a link by its other files (name, MTU, MAC) is put back by hand."""
    return all(path.startswith((NETWORKD, UDEV)) for path in paths)


def keep(beside):
    """A copy of all of it in that directory, with its times."""
    for path, entry in scan(place.ROOT).items():
        put(beside, path, entry)


def put(root, path, entry, source=None):
    """As the entry says, or away. `source`: a file that is the same, on the same file system if possible: then it takes no space."""
    target = root + path
    if entry is None:
        place.forget(target)
        return
    mode, uid, gid, mtime, content, link = entry
    os.makedirs(os.path.dirname(target), mode=0o755, exist_ok=True)
    if link is not None:
        place.forget(target)
        os.symlink(link, target)
        return
    temporary = "%s/.%s.holdfast" % os.path.split(target)
    place.forget(temporary)
    try:
        if source is None:
            raise FileNotFoundError
        os.link(source, temporary)
    except OSError:
        with open(temporary, "wb") as handle:
            handle.write(content)
        os.chown(temporary, uid, gid)
        os.chmod(temporary, mode)
        os.utime(temporary, ns=(mtime, mtime))
    os.rename(temporary, target)
    # Two names of one file are not renamed.
    place.forget(temporary)


def put_all(wanted, kept):
    """`kept`: the directory that keep() filled. -> paths that were put back; times count, since networkd goes by them"""
    there = scan(place.ROOT)
    changed = sorted(path for path in wanted.keys() | there.keys() if wanted.get(path) != there.get(path))
    for path in sorted(changed, key=lambda path: path in wanted):  # what is too much goes first: it takes up space
        put(place.ROOT, path, wanted.get(path), kept + path)
    return changed


def copy_netplan(beside):
    """netplan's own files into a directory where it can be tried out."""
    shutil.rmtree(beside, ignore_errors=True)
    for one in place.netplan_files():
        target = beside + one["path"]
        os.makedirs(os.path.dirname(target), mode=0o755, exist_ok=True)
        place.write(target, one["content"], one["mode"])


def netdev_names(files):
    """Names of the virtual links that networkd's files make."""
    names = set()
    for path, entry in files.items():
        if path.endswith(".netdev") and entry[4]:
            section = ""
            for line in entry[4].decode("utf-8", "replace").splitlines():
                line = line.strip()
                if line.startswith("["):
                    section = line
                elif section == "[NetDev]" and line.startswith("Name="):
                    names.add(line[5:].strip())
    return names
