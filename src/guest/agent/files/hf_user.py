"""Who is logged in over the lanes: the one whom cloud-init made, whatever the image calls them."""
import json
import os
import re

USUAL = "ubuntu"
NOBODY_YET = "cloud-init has not made its users yet"


def read(path):
    try:
        with open(path, "rb") as handle:
            return handle.read()
    except OSError:
        return None


def people():
    """-> [(name, uid, shell)] of /etc/passwd: the doorman asks too, and a directory service that hangs would hang it."""
    found = []
    for line in (read("/etc/passwd") or b"").decode("utf-8", "replace").splitlines():
        fields = line.split(":")
        if len(fields) == 7 and fields[2].isdigit():
            found.append((fields[0], int(fields[2]), fields[6]))
    return found


def exists(name):
    return any(name == person[0] for person in people())


def configured_default():
    """cloud-init's default user by its own merged configuration, else by its file."""
    for path, keys in (
            ("/run/cloud-init/combined-cloud-config.json", ("system_info",)),
            ("/run/cloud-init/instance-data-sensitive.json", ("merged_cfg", "system_info")),
            ("/run/cloud-init/instance-data-sensitive.json", ("merged_system_cfg", "system_info"))):
        try:
            value = json.loads(read(path) or b"{}")
            for key in keys + ("default_user", "name"):
                value = value.get(key, {})
            if isinstance(value, str) and value:
                return value
        except (ValueError, AttributeError):
            continue
    text = (read("/etc/cloud/cloud.cfg") or b"").decode("utf-8", "replace")
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
    able = [(uid, name) for name, uid, shell in people() if 1000 <= uid <= 59999
            and os.path.basename(shell) not in ("nologin", "false", "")]
    return min(able)[1] if able else None


def default_user():
    """-> (name or None, whether None is final)"""
    if exists(USUAL):
        return USUAL, True
    done = users_stage_done()
    configured = configured_default()
    if configured and exists(configured):
        return configured, True
    return (first_person() if done else None), done
