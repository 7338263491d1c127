"""Commands that the daemon runs over the control lane; each answers one line of JSON."""
import json
import os
import platform
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import hf_user  # noqa: E402
import install  # noqa: E402

WANTED_GROUPS = ("adm", "audio", "cdrom", "dialout", "dip", "floppy", "lxd", "netdev",
                 "plugdev", "sudo", "video", "wheel")
SUDOERS = "/etc/sudoers.d/90-holdfast"


class Refusal(Exception):
    pass


def version(_arguments):
    return {"version": (install.read(install.VERSION_FILE) or b"0").decode().strip(),
            "python": platform.python_version()}


def make_user(name, sudoers=SUDOERS, rules=None):
    with open("/etc/group") as handle:
        groups = {line.split(":", 1)[0] for line in handle}
    command = ["useradd", "--create-home", "--shell", "/bin/bash",
               "--groups", ",".join(g for g in WANTED_GROUPS if g in groups), name]
    if name in groups:
        command[1:1] = ["--gid", name]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True, timeout=60)
    if done.returncode != 0:
        raise Refusal("useradd: " + done.stderr.strip()[:300])
    if os.path.isdir(os.path.dirname(sudoers)):
        install.place(sudoers, 0o440, (rules or "%s ALL=(ALL) NOPASSWD:ALL\n" % name).encode())


def session_user(_arguments):
    name, done = hf_user.default_user()
    if name:
        return {"user": name}
    if not done:
        return {"user": None, "why": hf_user.NOBODY_YET}
    make_user("ubuntu")
    return {"user": "ubuntu", "created": True}


def early_user(arguments):
    """As cloud-init will make it, and with the same words in the same file: it adds them only where they are not."""
    if len(arguments) != 1 or not re.fullmatch(r"[a-z][a-z0-9-]{0,30}", arguments[0]):
        raise Refusal("early-user takes a name")
    name = arguments[0]
    if hf_user.users_stage_done() or hf_user.exists(name):
        return {"created": False}
    make_user(name, "/etc/sudoers.d/90-cloud-init-users",
              "# Created by Holdfast before cloud-init\n\n# User rules for %s\n%s ALL=(ALL) NOPASSWD:ALL\n" % (name, name))
    return {"created": True}


def set_clock(arguments):
    if len(arguments) != 1 or not re.fullmatch(r"\d{9,11}(\.\d{1,9})?", arguments[0]):
        raise Refusal("set-clock takes seconds since 1970")
    wanted = float(arguments[0])
    before = time.time()
    time.clock_settime(time.CLOCK_REALTIME, wanted)
    return {"movedSeconds": round(wanted - before, 3)}


def restart_later(units):
    """After this answer has left; the doorman's KillMode lets the helper live."""
    subprocess.Popen(["/bin/sh", "-c", "sleep 1; exec systemctl restart " + " ".join(units)],
                     stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                     stderr=subprocess.DEVNULL, start_new_session=True, cwd="/")


def renew(_arguments):
    data = sys.stdin.buffer.read((8 << 20) + 1)
    if len(data) > 8 << 20:
        raise Refusal("the bundle is larger than 8 MiB")
    try:
        bundle = json.loads(data)
        for entry in bundle["files"]:
            entry.setdefault("encoding", "base64")
        result = install.install(bundle)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refusal("not a bundle: %s" % error)
    if result["changed"]:
        restart_later(install.outdated(result["changed"]))
    return dict(result, restarting=bool(result["changed"]))


COMMANDS = {"version": version, "session-user": session_user, "early-user": early_user,
            "set-clock": set_clock, "renew": renew}


def main(arguments):
    command = COMMANDS.get(arguments[0]) if arguments else None
    if command is None:
        print(json.dumps({"error": "unknown command; there are: " + ", ".join(COMMANDS)}))
        return 2
    try:
        print(json.dumps(command(arguments[1:])), flush=True)
        return 0
    except (Refusal, OSError, subprocess.SubprocessError) as error:
        print(json.dumps({"error": str(error)[:500]}), flush=True)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
