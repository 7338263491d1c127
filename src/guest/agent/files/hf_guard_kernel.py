"""What the kernel has of links, addresses and routes: kept as the kernel told it, and told back to it.

As `ip address save` does, an address or route goes back as the very message in which it came.
"""
import base64
import os
import socket
import struct

import hf_netlink as netlink

NEWLINK, DELLINK, SETLINK, NEWADDR, DELADDR, NEWROUTE, DELROUTE = 16, 17, 19, 20, 21, 24, 25
REQUEST, ACK, REPLACE, CREATE = 0x1, 0x4, 0x100, 0x400
MAIN, UNICAST, UNIVERSE = 254, 1, 0
IFF_UP, PERMANENT = 0x1, 0x80
# Protocols of routes that the kernel makes itself, with the address they belong to.
OF_THE_KERNEL = (1, 2)
IFNAME, MTU, MASTER, ADDRESS, LINKINFO = 3, 4, 10, 1, 18


def packed(data):
    return base64.b64encode(data).decode()


def attribute(kind, data):
    return struct.pack("=HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)


def ask(kind, flags, body):
    """Sends one request. -> the kernel's errno, 0 for done"""
    with netlink.open_socket() as sock:
        sock.settimeout(5)
        sock.send(struct.pack("=IHHII", 16 + len(body), kind, REQUEST | ACK | flags, 1, 0) + body)
        for answer, payload in netlink.messages(sock.recv(1 << 16)):
            if answer == netlink.ERROR:
                return -struct.unpack_from("=i", payload)[0]
    return 0


def links():
    """-> {index: {name, mac, mtu, up, master, kind}}"""
    found = {}
    with netlink.open_socket() as sock:
        for payload in netlink.dump(sock, netlink.GETLINK, netlink.NEWLINK):
            index, flags = struct.unpack_from("=iI", payload, 4)
            values = netlink.attributes(payload[16:])
            info = netlink.attributes(values.get(LINKINFO, b""))
            found[index] = {"name": netlink.text(values.get(IFNAME, b"")), "mac": values.get(ADDRESS, b"").hex(), "up": bool(flags & IFF_UP),
                            "mtu": netlink.number(values.get(MTU)), "master": netlink.number(values.get(MASTER)) or 0,
                            "kind": netlink.text(info.get(1, b"")) or None}
    return found


def addresses():
    """Those of global scope. -> {(index, family, address, prefix): (lasting, message)}"""
    found = {}
    with netlink.open_socket() as sock:
        for payload in netlink.dump(sock, netlink.GETADDR, netlink.NEWADDR):
            family, prefix, flags, scope, index = struct.unpack_from("=BBBBi", payload)
            values = netlink.attributes(payload[8:])
            wide = netlink.number(values.get(8))
            address = netlink.address_text(family, values.get(2) or values.get(1) or b"")
            if scope == UNIVERSE and address:
                found[(index, family, address, prefix)] = (bool((flags if wide is None else wide) & PERMANENT), payload)
    return found


def routes():
    """Unicast ones of the main table, those of a link's own address left out. -> {(index, family, to, metric, via): message}"""
    found = {}
    with netlink.open_socket() as sock:
        for payload in netlink.dump(sock, netlink.GETROUTE, netlink.NEWROUTE):
            family, length, _src, _tos, table, protocol, _scope, kind = struct.unpack_from("=8B", payload)
            values = netlink.attributes(payload[12:])
            if (netlink.number(values.get(15)) or table) != MAIN or kind != UNICAST or protocol in OF_THE_KERNEL:
                continue
            to = "%s/%d" % (netlink.address_text(family, values[1]) if 1 in values else "default", length)
            via = netlink.address_text(family, values[5]) if 5 in values else None
            found[(netlink.number(values.get(4)) or 0, family, to, netlink.number(values.get(6)) or 0, via)] = payload
    return found


def snapshot():
    """As JSON can keep it."""
    return {"links": {str(index): link for index, link in links().items()},
            "addresses": [list(key) + [lasting, packed(message)] for key, (lasting, message) in addresses().items()],
            "routes": [list(key) + [packed(message)] for key, message in routes().items()]}


def kept_addresses(kept):
    return {tuple(entry[:4]): (entry[4], base64.b64decode(entry[5])) for entry in kept["addresses"]}


def kept_routes(kept):
    return {tuple(entry[:5]): base64.b64decode(entry[5]) for entry in kept["routes"]}


def set_link(index, up=None, extra=b""):
    flags = IFF_UP if up else 0
    return ask(SETLINK if extra else NEWLINK, 0, struct.pack("=BxHiII", 0, 0, index, flags, IFF_UP if up is not None else 0) + extra)


def delete_link(index):
    return ask(DELLINK, 0, struct.pack("=BxHiII", 0, 0, index, 0, 0))


def why(errno):
    return os.strerror(errno)


def family_of(key):
    return 6 if key[1] == socket.AF_INET6 else 4
