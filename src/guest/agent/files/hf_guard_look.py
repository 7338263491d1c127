"""What there is of the guest's network: netplan's files, links with all their addresses and where those come from, routes."""
import base64
import glob
import ipaddress
import os
import re
import socket
import struct

import hf_guard_kernel as kernel
import hf_guard_place as place
import hf_netlink as netlink

MOST_LINKS, MOST_ADDRESSES, MOST_ROUTES, MOST_NAMES = 64, 64, 256, 128
NETIF = "/run/systemd/netif"
PERM_ADDRESS, CACHEINFO, TYPE_LOOPBACK, TYPE_ETHERNET = 54, 6, 772, 1
SCOPES = netlink.SCOPES
FOREVER = 0xFFFFFFFF
PROTOCOLS = {3: "static", 4: "static", 9: "ra", 16: "dhcp"}
PACKAGES = {"netplan.io": "netplan", "systemd": "systemd"}


def pairs(path):
    """A file of networkd's: NAME=value."""
    text = (place.read(place.ROOT + path) or b"").decode("utf-8", "replace")
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))


def mac_text(data):
    return ":".join("%02x" % byte for byte in data[:20])


def where_from(family, lasting, prefix, address, lease):
    """networkd keeps the lease in a file; what the kernel knows of an address tells the rest. A lease can be for ever."""
    if lease.get("ADDRESS") == address:
        return "dhcp"
    if lasting:
        return "static"
    if family == socket.AF_INET:
        return "dhcp"
    return "dhcp" if prefix == 128 else "ra"


def link(payload):
    index, flags = struct.unpack_from("=iI", payload, 4)
    kind_number = struct.unpack_from("=H", payload, 2)[0]
    values = netlink.attributes(payload[16:])
    name = netlink.text(values.get(3, b""))
    virtual = netlink.text(netlink.attributes(values.get(18, b"")).get(1, b""))
    kind = "virtual" if virtual else {TYPE_LOOPBACK: "loopback", TYPE_ETHERNET: "ethernet"}.get(kind_number, "other")
    if os.path.exists("/sys/class/net/%s/phy80211" % name):
        kind = "wifi"
    state, carrier = pairs("%s/links/%d" % (NETIF, index)), values.get(33)
    return index, {
        "index": index, "name": name, "kind": kind, "mac": mac_text(values.get(1, b"")),
        "permanentMac": mac_text(values[PERM_ADDRESS]) if PERM_ADDRESS in values else None,
        "driver": netlink.driver_of(name) or virtual or None, "up": bool(flags & 1), "carrier": bool(carrier[0]) if carrier else bool(flags & 0x10000),
        "mtu": netlink.number(values.get(4)) or 0, "master": netlink.number(values.get(10)),
        "managed": state.get("ADMIN_STATE") in ("configured", "configuring", "degraded", "pending", "failed"),
        "configuredBy": state.get("NETWORK_FILE"), "dns": state.get("DNS", "").split()[:16],
        "domains": (state.get("DOMAINS", "") + " " + state.get("ROUTE_DOMAINS", "")).split()[:16],
        "lease": pairs("%s/leases/%d" % (NETIF, index)), "addresses": []}


def address(payload, lease):
    family, prefix, flags, scope, _ = struct.unpack_from("=BBBBi", payload)
    values = netlink.attributes(payload[8:])
    text = netlink.address_text(family, values.get(2) or values.get(1) or b"")
    wide = netlink.number(values.get(8))
    lasting = bool((flags if wide is None else wide) & 0x80)
    valid = struct.unpack_from("=II", values[CACHEINFO])[1] if len(values.get(CACHEINFO, b"")) >= 8 else FOREVER
    return text and {
        "address": text, "prefix": prefix, "family": 4 if family == socket.AF_INET else 6, "scope": SCOPES.get(scope, "host"),
        "how": "link-local" if scope == 253 else where_from(family, lasting, prefix, text, lease),
        "validForS": None if lasting or valid == FOREVER else valid}


def lease_of(lease):
    """Of a DHCP lease, what a person asks for."""
    if "ADDRESS" not in lease:
        return None
    return {"address": lease["ADDRESS"], "server": lease.get("SERVER_ADDRESS"), "lifetimeS": int(lease["LIFETIME"]) if lease.get("LIFETIME", "").isdigit() else None,
            "routers": lease.get("ROUTER", "").split()[:8], "dns": lease.get("DNS", "").split()[:8]}


def from_routers(found, prefixes):
    """A router may give its prefix for ever: then the address looks like a static one, but for the route to its prefix."""
    for one in found:
        for each in one["addresses"]:
            if each["family"] == 6 and each["how"] == "static" and (one["name"], prefix_of(each)) in prefixes:
                each["how"] = "ra"


def prefix_of(each):
    return str(ipaddress.ip_network("%s/%d" % (each["address"], each["prefix"]), strict=False))


def links():
    with netlink.open_socket() as sock:
        found = dict(link(payload) for payload in netlink.dump(sock, netlink.GETLINK, netlink.NEWLINK))
        for payload in netlink.dump(sock, netlink.GETADDR, netlink.NEWADDR):
            index = struct.unpack_from("=i", payload, 4)[0]
            one = found.get(index) and address(payload, found[index]["lease"])
            if one and len(found[index]["addresses"]) < MOST_ADDRESSES:
                found[index]["addresses"].append(one)
    for one in found.values():
        one["lease"] = lease_of(one["lease"])
        one["master"] = found[one["master"]]["name"] if one["master"] in found else None
    return [found[index] for index in sorted(found)][:MOST_LINKS]


def routes(names):
    found = []
    with netlink.open_socket() as sock:
        for payload in netlink.dump(sock, netlink.GETROUTE, netlink.NEWROUTE):
            family, length, _src, _tos, table, protocol, _scope, kind = struct.unpack_from("=8B", payload)
            values = netlink.attributes(payload[12:])
            if (netlink.number(values.get(15)) or table) != 254 or kind != 1:
                continue
            to = "default" if length == 0 else "%s/%d" % (netlink.address_text(family, values.get(1, b"")), length)
            found.append({"family": 4 if family == socket.AF_INET else 6, "to": to,
                          "via": netlink.address_text(family, values[5]) if 5 in values else None,
                          "link": names.get(netlink.number(values.get(4)), ""), "metric": netlink.number(values.get(6)) or 0,
                          "how": PROTOCOLS.get(protocol, "unknown")})
    return found[:MOST_ROUTES]


def versions():
    """As installed: to ask the programs takes an emulated guest a second each."""
    found = {"netplan": None, "systemd": None}
    text = (place.read(place.ROOT + "/var/lib/dpkg/status", 16 << 20) or b"").decode("utf-8", "replace")
    for package, key in PACKAGES.items():
        block = re.search(r"^Package: %s\n(?:.+\n)*?Version: (\S+)" % re.escape(package), text, re.M)
        if block:
            found[key] = block.group(1)[:64]
    return found


def installed(*paths):
    return any(os.path.exists(place.ROOT + path) for path in paths)


def name_servers():
    text = (place.read(place.ROOT + "/run/systemd/resolve/resolv.conf") or place.read(place.ROOT + "/etc/resolv.conf") or b"").decode("utf-8", "replace")
    return re.findall(r"^\s*nameserver\s+([0-9A-Fa-f:.]{2,45})", text, re.M)[:16]


def networkd_files():
    paths = [path for where in ("/etc/systemd/network", "/run/systemd/network") for path in glob.glob(place.ROOT + where + "/*")]
    return sorted(path[len(place.ROOT):] for path in paths)[:MOST_NAMES]


def look(status):
    found = links()
    known = routes({one["index"]: one["name"] for one in found})
    from_routers(found, {(route["link"], route["to"]) for route in known if route["how"] == "ra"})
    files = place.netplan_files()
    return {
        "files": [dict(one, mtimeNs=str(one["mtimeNs"]), content=base64.b64encode(one["content"]).decode()) for one in files], "digest": place.set_digest(files),
        "links": found, "routes": known, "nameServers": name_servers(),
        "versions": versions(), "networkdFiles": networkd_files(),
        "renderers": {"networkd": installed("/lib/systemd/systemd-networkd", "/usr/lib/systemd/systemd-networkd"),
                      "networkManager": installed("/usr/sbin/NetworkManager", "/usr/bin/NetworkManager")},
        "transaction": status}
