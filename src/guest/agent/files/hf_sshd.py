"""Starts the private sshd of one connection, and repairs what it needs first."""
import os
import re
import subprocess

import hf_user

HERE = "/usr/lib/holdfast"
CONF = "/etc/holdfast"
BINARIES = ("/usr/sbin/sshd", "/usr/bin/sshd", "/usr/local/sbin/sshd")
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}

_names_service = {}


ROLES = {"control": "control", "socket": "proxy"}
USER_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*\$?")


def role_of(lane):
    return ROLES.get(lane, "session")


def knows_service_name(binary):
    """Whether this sshd has PAMServiceName (9.8 on); older ones go by argv[0]."""
    for path in (binary, "/usr/lib/openssh/sshd-session", "/usr/libexec/openssh/sshd-session"):
        try:
            status = os.stat(path)
            key = (path, status.st_ino, status.st_size, status.st_mtime_ns)
            if key not in _names_service:
                with open(path, "rb") as handle:
                    _names_service[key] = b"pamservicename" in handle.read(16 << 20)
            if _names_service[key]:
                return True
        except OSError:
            continue
    return False


def _cgroup_alive(unit):
    """Whether a system service has a process that is neither stopped nor dead."""
    for root in ("/sys/fs/cgroup", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified"):
        try:
            with open("%s/system.slice/%s/cgroup.procs" % (root, unit)) as handle:
                pids = handle.read().split()
            for pid in pids:
                with open("/proc/%s/stat" % pid) as handle:
                    if handle.read().rpartition(")")[2].split()[0] not in "TtZXD":
                        return True
        except OSError:
            continue
    return False


def logind_answers():
    """pam_systemd waits up to minutes for a login manager that is there but silent."""
    return _cgroup_alive("systemd-logind.service") and (
        _cgroup_alive("dbus.service") or _cgroup_alive("dbus-broker.service"))


def service_for(lane):
    """The PAM service: a login session is registered only where users work, and only
    when that cannot hang. Files and spare lanes never wait for logind."""
    if lane == "control":
        return "holdfast-control"
    if lane in ("session", "socket") and logind_answers():
        return "holdfast-session"
    return "holdfast-plain"


def only_default_user():
    """The key that a user's own ssh has reaches one user, and sshd_config cannot know whom."""
    name, _ = hf_user.default_user()
    if name is None:
        raise OSError("there is no user to log in as: " + hf_user.NOBODY_YET)
    if not USER_NAME.fullmatch(name):  # sshd would take it for a pattern
        raise OSError("the default user has a name that sshd cannot be given")
    return ["-o", "AllowUsers=" + name]


def repair():
    """Stopping the distribution's sshd removes /run/sshd; a `chmod -R` opens the key."""
    os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
    for path, mode in (("/run/sshd", 0o755), (CONF + "/host_ed25519", 0o600)):
        status = os.stat(path)
        if status.st_uid != 0:
            os.chown(path, 0, 0)
        if status.st_mode & 0o777 != mode:
            os.chmod(path, mode)


def link_for(service, binary):
    """sshd before 9.8 takes its PAM service from the name it was started under."""
    link = os.path.join(HERE, service)
    try:
        if os.readlink(link) == binary:
            return link
        os.unlink(link)
    except OSError:
        pass
    try:
        os.symlink(binary, link)
    except OSError:
        pass
    return link


def start(lane, connection):
    """-> Popen with stderr as a pipe; raises OSError with a reason a person can read."""
    binary = next((path for path in BINARIES if os.access(path, os.X_OK)), None)
    if binary is None:
        raise OSError("there is no sshd in this guest: install openssh-server")
    repair()
    service = service_for(lane)
    command = [link_for(service, binary), "-i", "-e", "-f",
               "%s/sshd_%s.conf" % (CONF, role_of(lane))]
    if knows_service_name(binary):
        command += ["-o", "PAMServiceName=" + service]
    if lane == "socket":
        command += only_default_user()
    process = subprocess.Popen(
        command, executable=binary, stdin=connection, stdout=connection,
        stderr=subprocess.PIPE, env=ENVIRONMENT, cwd="/", start_new_session=True)
    if lane != "control":
        # The doorman's own protection from the OOM killer is not for users' programs.
        try:
            with open("/proc/%d/oom_score_adj" % process.pid, "w") as handle:
                handle.write("0")
        except OSError:
            pass
    return process
