"""Puts links, addresses and routes back to what they were when the transaction began."""
import glob
import os
import socket
import struct
import time

import hf_guard_kernel as kernel
import hf_guard_place as place
import hf_netlink as netlink

# A DHCP server is asked anew, and a router: an emulated guest takes 2 s and more. Who tells nothing is not waited for longer.
FOR_LEASES, LOOK = 15.0, 0.2
NETIF = "/run/systemd/netif/links"
TEMPORARY, IPV6 = 0x1, socket.AF_INET6


class Networkd:
    """Whether networkd has done what it was told: it writes of each link how far it is. Made before it is told."""

    def __init__(self, changed):
        self.before = {path: os.stat(path).st_mtime_ns for path in glob.glob(place.ROOT + NETIF + "/*") if self.said(path).get("NETWORK_FILE") in changed}

    @staticmethod
    def said(path):
        return dict(line.split("=", 1) for line in (place.read(path) or b"").decode("utf-8", "replace").splitlines() if "=" in line)

    def busy(self):
        for path, before in self.before.items():
            if os.path.exists(path) and (os.stat(path).st_mtime_ns == before or self.said(path).get("ADMIN_STATE") in ("pending", "initialized", "configuring")):
                return True
        return False


def links_back(kept, made):
    """Before networkd reads its files again. `made`: names of virtual links that the change brought. -> what was done"""
    before = {int(index): link for index, link in kept["links"].items()}
    removed = made_links_away(kept, made)
    done, now = [], kernel.links()
    for index, link in before.items():
        seen = now.get(index)
        if seen is None:
            continue
        if seen["name"] != link["name"]:
            kernel.set_link(index, up=False)
            done.append(("named %s %s again" % (seen["name"], link["name"]), kernel.set_link(index, up=seen["up"], extra=kernel.attribute(kernel.IFNAME, link["name"].encode() + b"\0"))))
        # Freed of a bridge or bond that went above, it has none.
        if seen["master"] != link["master"] and kernel.links().get(index, {}).get("master") != link["master"]:
            done.append(("took %s out of what it was put into" % link["name"], kernel.set_link(index, extra=kernel.attribute(kernel.MASTER, struct.pack("=I", link["master"])))))
        if seen["mac"] != link["mac"]:
            done.append(("gave %s its MAC again" % link["name"], kernel.set_link(index, extra=kernel.attribute(kernel.ADDRESS, bytes.fromhex(link["mac"])))))
        if seen["mtu"] != link["mtu"]:
            done.append(("gave %s its MTU again" % link["name"], kernel.set_link(index, extra=kernel.attribute(kernel.MTU, struct.pack("=I", link["mtu"])))))
        if seen["up"] != link["up"]:
            done.append(("set %s %s" % (link["name"], "up" if link["up"] else "down"), kernel.set_link(index, up=link["up"])))
    return removed + told(done)


def made_links_away(kept, made):
    """Also after networkd is done: one that it was about to make when it was told otherwise, it makes all the same."""
    return told([("removed the link %s" % link["name"], kernel.delete_link(index))
                 for index, link in kernel.links().items() if str(index) not in kept["links"] and link["name"] in made])


def told(done):
    return [words if errno == 0 else "%s: %s" % (words, kernel.why(errno)) for words, errno in done]


def temporary(message):
    """Privacy addresses come and go by themselves."""
    return message[0] == IPV6 and bool(message[2] & TEMPORARY)


def numbers_now(kept):
    """A virtual link that was made again has another number. -> {then: now}"""
    by_name = {link["name"]: index for index, link in kernel.links().items()}
    return {int(index): by_name[link["name"]] for index, link in kept["links"].items() if link["name"] in by_name}


def wanted_addresses(kept, numbers):
    return {(numbers[key[0]],) + key[1:]: value for key, value in kernel.kept_addresses(kept).items()
            if key[0] in numbers and not temporary(value[1])}


def wait_for(kept, networkd):
    """Until networkd is done, and who had a lease or a router's address has one again. -> what is missing then"""
    until = time.monotonic() + FOR_LEASES
    with netlink.open_socket(netlink.GROUPS) as events:
        while True:
            wanted = wanted_addresses(kept, numbers_now(kept))
            there = kernel.addresses()
            missing = {key: value for key, value in wanted.items() if key not in there}
            busy, left = networkd.busy(), until - time.monotonic()
            if left <= 0 or not busy and all(lasting for lasting, _ in missing.values()):
                return missing
            # The kernel tells of addresses; of what networkd writes nobody does.
            events.settimeout(min(left, LOOK) if busy else left)
            try:
                events.recv(1 << 16)
            except OSError:  # nothing came, or more than the socket holds: look again
                pass


def again(message, number):
    """The message for the link as it is numbered now."""
    return message[:4] + struct.pack("=i", number) + message[8:]


def routed_again(message, number):
    kept = b"".join(kernel.attribute(kind, struct.pack("=I", number) if kind == 4 else data)
                    for kind, data in netlink.attributes(message[12:]).items() if kind != 12)
    return message[:12] + kept


def addresses_back(kept, made, at_undo, networkd):
    """After networkd is done. `at_undo`: what was there when the undoing began. -> what was done"""
    missing, done = wait_for(kept, networkd), []
    removed = made_links_away(kept, made)
    numbers = numbers_now(kept)
    wanted = wanted_addresses(kept, numbers)
    there = kernel.addresses()
    of_change = set(kernel.kept_addresses(at_undo)) - set(wanted)
    for key, (lasting, message) in there.items():
        # On links that were there before; those of other links are whose links they are.
        if key in of_change and lasting and key[0] in numbers.values():
            done.append(("took %s/%d away" % key[2:], kernel.ask(kernel.DELADDR, 0, message)))
    has = {key[:2] for key in there}
    for key, (lasting, message) in missing.items():
        # Who was given another lease has one.
        if lasting or key[:2] not in has:
            done.append(("put %s/%d back" % key[2:], kernel.ask(kernel.NEWADDR, kernel.CREATE | kernel.REPLACE, again(message, key[0]))))
    return removed + told(done) + routes_back(kept, at_undo, numbers)


def routes_back(kept, at_undo, numbers):
    def renumbered(entries):
        return {(numbers.get(key[0], key[0]),) + key[1:]: message for key, message in entries.items() if key[0] in numbers}
    wanted, there, done = renumbered(kernel.kept_routes(kept)), kernel.routes(), []
    of_change = set(kernel.kept_routes(at_undo)) - set(wanted)
    for key, message in there.items():
        if key in of_change and key[0] in numbers.values():
            done.append(("took the route to %s away" % key[2], kernel.ask(kernel.DELROUTE, 0, message)))
    for key, message in wanted.items():
        if key not in there:
            done.append(("put the route to %s back" % key[2], kernel.ask(kernel.NEWROUTE, kernel.CREATE | kernel.REPLACE, routed_again(message, key[0]))))
    return told(done)
