"""Commands that the daemon runs over the control lane; each answers one line of JSON."""
import json
import os
import platform
import pwd
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import install  # noqa: E402

WANTED_GROUPS = ("adm", "audio", "cdrom", "dialout", "dip", "floppy", "lxd", "netdev",
                 "plugdev", "sudo", "video", "wheel")
SUDOERS = "/etc/sudoers.d/90-holdfast"


class Refusal(Exception):
    pass


def version(_arguments):
    return {"version": (install.read(install.VERSION_FILE) or b"0").decode().strip(),
            "python": platform.python_version()}


def exists(name):
    try:
        return bool(pwd.getpwnam(name))
    except KeyError:
        return False


def configured_default():
    """cloud-init's default user by its own merged configuration, else by its file."""
    for path, keys in (
            ("/run/cloud-init/combined-cloud-config.json", ("system_info",)),
            ("/run/cloud-init/instance-data-sensitive.json", ("merged_cfg", "system_info")),
            ("/run/cloud-init/instance-data-sensitive.json", ("merged_system_cfg", "system_info"))):
        try:
            value = json.loads(install.read(path) or b"{}")
            for key in keys + ("default_user", "name"):
                value = value.get(key, {})
            if isinstance(value, str) and value:
                return value
        except (ValueError, AttributeError):
            continue
    text = (install.read("/etc/cloud/cloud.cfg") or b"").decode("utf-8", "replace")
    match = re.search(r"^\s+default_user:\s*\n(?:\s+.*\n)*?\s+name:\s*([\w.-]+)", text, re.M)
    return match.group(1) if match else None


def users_stage_done():
    if not os.path.exists("/usr/bin/cloud-init"):
        return True
    return any(os.path.exists(path) for path in (
        "/var/lib/cloud/instance/sem/config_users_groups",
        "/run/cloud-init/result.json", "/run/cloud-init/disabled",
        "/etc/cloud/cloud-init.disabled"))


def first_person():
    """The lowest ordinary user who has a shell to log in with."""
    people = [entry for entry in pwd.getpwall() if 1000 <= entry.pw_uid <= 59999
              and os.path.basename(entry.pw_shell) not in ("nologin", "false", "")]
    return min(people, key=lambda entry: entry.pw_uid).pw_name if people else None


def make_user(name):
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
    if os.path.isdir(os.path.dirname(SUDOERS)):
        install.place(SUDOERS, 0o440, ("%s ALL=(ALL) NOPASSWD:ALL\n" % name).encode())


def session_user(_arguments):
    if exists("ubuntu"):
        return {"user": "ubuntu"}
    done = users_stage_done()
    configured = configured_default()
    if configured and exists(configured):
        return {"user": configured}
    if not done:
        return {"user": None, "why": "cloud-init has not made its users yet"}
    person = first_person()
    if person:
        return {"user": person}
    make_user("ubuntu")
    return {"user": "ubuntu", "created": True}


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


COMMANDS = {"version": version, "session-user": session_user, "set-clock": set_clock, "renew": renew}


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
