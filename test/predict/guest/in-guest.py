"""Runs in the guest of judge B, as root, for as long as cases are tried: a line of JSON asks, a line of JSON answers.

`look` tells links, addresses, routes, rules and what networkd says; `put` lays down netplan's files and applies them;
`begin_anew` does with the same files what a boot would;
`restore` puts everything back to what `remember` saw: files, links, addresses, routes, rules, MTUs, kernel settings.
"""
import glob
import json
import os
import shutil
import subprocess
import sys
import time

FOLDERS = ("/etc/netplan", "/run/netplan", "/lib/netplan")
GENERATE = "/usr/libexec/netplan/generate"
RENDERED = ("/run/systemd/network/*netplan*", "/run/NetworkManager", "/run/udev/rules.d/*netplan*",
            "/run/systemd/system/*netplan*", "/run/systemd/system/*/*netplan*")
NETIF = "/run/systemd/netif"
PER_LINK = "/proc/sys/net/ipv6/conf/%s/%s"
KERNEL_SETTINGS = ("accept_ra", "disable_ipv6", "use_tempaddr", "addr_gen_mode", "mtu", "proxy_ndp", "forwarding")
LEAST_S, QUIET_S, PAUSE_S = 2.5, 1.2, 0.3


def run(*command, stdin="", timeout=120):
    done = subprocess.run(command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout)
    return done.returncode, done.stdout


def ask(*command):
    done = subprocess.run(("ip", "-j") + command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=60)
    return json.loads(done.stdout or "[]")


def words(path):
    try:
        with open(path) as handle:
            return dict(line.rstrip("\n").split("=", 1) for line in handle if "=" in line)
    except OSError:
        return {}


def driver(name):
    try:
        return os.path.basename(os.readlink("/sys/class/net/%s/device/driver" % name))
    except OSError:
        return None


def links():
    seen = []
    for link in ask("-d", "addr", "show"):
        index, name = link["ifindex"], link["ifname"]
        state, lease = words("%s/links/%d" % (NETIF, index)), words("%s/leases/%d" % (NETIF, index))
        seen.append({
            "name": name, "mac": link.get("address"), "permanentMac": link.get("permaddr", link.get("address")),
            "driver": driver(name), "card": os.path.exists("/sys/class/net/%s/device" % name), "mtu": link["mtu"], "up": "UP" in link["flags"],
            "carrier": "LOWER_UP" in link["flags"], "state": state.get("ADMIN_STATE"), "file": state.get("NETWORK_FILE"),
            "dns": state.get("DNS", "").split(), "master": link.get("master"), "lease": lease.get("ADDRESS"),
            "addresses": [{
                "address": each["local"], "prefix": each["prefixlen"], "family": 6 if each["family"] == "inet6" else 4, "scope": each["scope"],
                "dynamic": bool(each.get("dynamic")), "tentative": bool(each.get("tentative")), "failed": bool(each.get("dadfailed")),
                "validForS": each["valid_life_time"] if each["valid_life_time"] < 4294967295 else None,
            } for each in link["addr_info"] if "local" in each],
        })
    return seen


def routes():
    return [dict(route, family=family) for family in (4, 6) for route in ask("-%d" % family, "route", "show", "table", "all")
            if route.get("table") != "local" and route.get("type") not in ("local", "broadcast", "anycast", "multicast")
            and route.get("dst") not in ("ff00::/8",)]


def rules():
    return [line.split(":", 1)[1].strip() for family in "46" for line in run("ip", "-" + family, "rule")[1].splitlines() if ":" in line]


def look():
    return {"links": links(), "routes": routes(), "rules": rules()}


def files():
    found = []
    for folder in FOLDERS:
        for path in sorted(glob.glob(folder + "/*") + glob.glob(folder + "/.*")):
            if os.path.isfile(path) and not os.path.islink(path):
                with open(path) as handle:
                    found.append({"path": path, "text": handle.read()})
    return found


def write(wanted):
    for each in files():
        os.unlink(each["path"])
    for each in wanted:
        os.makedirs(os.path.dirname(each["path"]), exist_ok=True)
        with open(os.open(each["path"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
            handle.write(each["text"])


def put(wanted, how, cards):
    write(wanted)
    if how == "apply":
        code, said = run("netplan", "apply")
        return {"code": code, "said": said[-2000:]}
    code, said = run(GENERATE)
    if code == 0:
        run("networkctl", "reload")
        run("networkctl", "reconfigure", *cards)
    return {"code": code, "said": said[-2000:]}


def addresses_now():
    return {link["name"]: sorted("%s/%d" % (each["address"], each["prefix"]) for each in link["addresses"] if not each["tentative"] and each["scope"] == "global")
            for link in links()}


def lines(path):
    with open(path) as handle:
        return handle.read().splitlines()


def word(path):
    try:
        with open(path) as handle:
            return handle.read().strip()
    except OSError:
        return ""


def glimpse():
    """All that a change may change, without starting a program: emulated, `ip` takes a good part of a second. Left out is
    what only counts, and how the kernel's trees happen to have grown."""
    own, address = set(), ""
    for line in lines("/proc/net/fib_trie"):
        address = line.split()[-1] if "|--" in line else address
        if "host LOCAL" in line:
            own.add(address)
    return {
        "own addresses": sorted(own), "IPv6 addresses": sorted(lines("/proc/net/if_inet6")), "routes": sorted(lines("/proc/net/route")),
        "IPv6 routes": sorted(" ".join(line.split()[:6] + line.split()[9:]) for line in lines("/proc/net/ipv6_route")),
        "links": {name: [word("/sys/class/net/%s/%s" % (name, what)) for what in ("ifindex", "address", "mtu", "flags")] for name in os.listdir("/sys/class/net") if os.path.islink("/sys/class/net/" + name)},
        "networkd": {path: words(path) for path in glob.glob(NETIF + "/links/*")},
    }


class Quiet:
    """Whether nothing has changed for a while."""

    def __init__(self):
        self.begun = self.changed = time.monotonic()
        self.before = None

    def passed(self):
        return time.monotonic() - self.begun

    def now(self):
        seen = glimpse()
        if seen != self.before:
            self.before, self.changed = seen, time.monotonic()
        return time.monotonic() - self.changed >= QUIET_S


def settle(wanted, early, late):
    """Until nothing has changed for a while and all of `wanted` (address by link) is there; without it, until `late` seconds
    have passed. `early` is the least where `wanted` is not all that might come."""
    quiet, looked, there = Quiet(), None, False
    while True:
        if quiet.now() and quiet.passed() >= max(early, LEAST_S):
            if looked != quiet.changed:
                seen, looked = addresses_now(), quiet.changed
                there = all(any(each.split("/")[0] == address for each in seen.get(link, [])) for link, address in wanted)
            if there or quiet.passed() >= late:
                return {"seconds": quiet.passed(), "there": there}
        time.sleep(PAUSE_S)


def kernel_settings(name):
    found = {}
    for key in KERNEL_SETTINGS:
        try:
            with open(PER_LINK % (name, key)) as handle:
                found[key] = handle.read().strip()
        except OSError:
            pass
    return found


REMEMBERED = {}


def remember():
    REMEMBERED.update(files=files(), glimpse=glimpse(), rules=rules(), cards={link["permanentMac"]: dict(name=link["name"], mtu=link["mtu"],
                      settings=kernel_settings(link["name"])) for link in links() if link["card"]})
    return {"files": REMEMBERED["files"]}


def differences():
    now = dict(glimpse(), rules=rules())
    return [{"what": key, "was": REMEMBERED[key] if key == "rules" else REMEMBERED["glimpse"][key], "is": is_now} for key, is_now in now.items()
            if is_now != (REMEMBERED[key] if key == "rules" else REMEMBERED["glimpse"][key])]


def bare_links():
    """Made links go, cards are as they were when nothing had configured them."""
    commands = []
    for link in links():
        name = link["name"]
        if name == "lo":
            commands.append("addr flush dev lo scope global")
        elif not link["card"]:
            commands.append("link delete dev %s" % name)
        else:
            was = REMEMBERED["cards"][link["permanentMac"]]
            commands += ["link set dev %s nomaster" % name, "link set dev %s down" % name, "addr flush dev %s" % name,
                         "link set dev %s address %s" % (name, link["permanentMac"]), "link set dev %s mtu %d" % (name, was["mtu"])]
            if name != was["name"]:
                commands.append("link set dev %s name %s" % (name, was["name"]))
    run("ip", "-batch", "-", "-force", stdin="".join(command + "\n" for command in commands))


def bare_tables():
    for family in "46":
        run("ip", "-" + family, "-batch", "-", "-force", stdin="route flush table main\nroute flush table 100\nroute flush table 77\n")
    for rule in rules():
        if rule not in REMEMBERED["rules"]:
            for family in "46":
                run("ip", "-" + family, "rule", "del", *rule.split())


def bare_kernel():
    for was in REMEMBERED["cards"].values():
        for key, value in was["settings"].items():
            try:
                with open(PER_LINK % (was["name"], key), "w") as handle:
                    handle.write(value)
            except OSError:
                pass


def stop_networkd():
    run("systemctl", "stop", "systemd-networkd.socket", "systemd-networkd.service")
    shutil.rmtree(NETIF, ignore_errors=True)


def start_networkd():
    run("systemctl", "start", "systemd-networkd.socket", "systemd-networkd.service")


def begin_anew():
    """As a boot finds it: cards that are down and have nothing, no other links, and a networkd that knows of nothing."""
    stop_networkd()
    bare_links()
    bare_tables()
    code, said = run(GENERATE)
    start_networkd()
    return {"code": code, "said": said[-2000:]}


def restore(applied, patience):
    """At first beside the running networkd; after `patience` seconds with one that begins anew, and as long again."""
    begun = time.monotonic()
    write(REMEMBERED["files"])
    for pattern in RENDERED:
        for path in glob.glob(pattern):
            shutil.rmtree(path, ignore_errors=True) if os.path.isdir(path) else os.unlink(path)
    for anew in (False, True):
        if anew:
            stop_networkd()
        bare_links()
        bare_tables()
        bare_kernel()
        run(GENERATE)
        if applied or anew:
            run("udevadm", "control", "--reload")
            run("systemctl", "daemon-reload")
        start_networkd() if anew else run("networkctl", "reload")
        quiet = Quiet()
        while quiet.passed() < patience:
            if quiet.now() and quiet.before == REMEMBERED["glimpse"] and rules() == REMEMBERED["rules"]:
                return {"seconds": time.monotonic() - begun, "same": True, "anew": anew, "differs": []}
            time.sleep(PAUSE_S)
    return {"seconds": time.monotonic() - begun, "same": False, "anew": True, "differs": differences()}


OPERATIONS = {"look": look, "put": put, "begin_anew": begin_anew, "settle": settle, "remember": remember, "restore": restore}

if __name__ == "__main__":
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = {"ok": OPERATIONS[asked.pop("do")](**asked)}
        except Exception as error:  # told to the host, which decides
            answer = {"failed": "%s: %s" % (type(error).__name__, error)}
        print(json.dumps(answer), flush=True)
