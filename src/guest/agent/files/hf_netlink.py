"""Links, addresses and default routes, as the kernel tells them over rtnetlink."""
import os
import socket
import struct

NEWLINK, GETLINK, NEWADDR, GETADDR, NEWROUTE, GETROUTE = 16, 18, 20, 22, 24, 26
DUMP = 0x301  # NLM_F_REQUEST | NLM_F_DUMP
DONE, ERROR = 3, 2
# struct ifinfomsg, ifaddrmsg, rtmsg: the family is the first byte of each.
HEADER_BYTES = {GETLINK: 16, GETADDR: 8, GETROUTE: 12}
GROUPS = 0x1 | 0x10 | 0x40 | 0x100 | 0x400  # link, v4 address, v4 route, v6 address, v6 route
SCOPES = {0: "global", 200: "site", 253: "link", 254: "host"}
MAX_LINKS, MAX_ADDRESSES, MAX_ROUTES = 64, 64, 16


def open_socket(groups=0):
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0)
    sock.bind((0, groups))
    return sock


def messages(data):
    at = 0
    while at + 16 <= len(data):
        length, kind = struct.unpack_from("=IH", data, at)
        if length < 16 or at + length > len(data):
            return
        yield kind, data[at + 16:at + length]
        at += (length + 3) & ~3


def attributes(data):
    found, at = {}, 0
    while at + 4 <= len(data):
        length, kind = struct.unpack_from("=HH", data, at)
        if length < 4 or at + length > len(data):
            break
        found[kind & 0x3FFF] = data[at + 4:at + length]
        at += (length + 3) & ~3
    return found


def dump(sock, request, answer):
    """All the answers to one dump request, for all families."""
    sock.settimeout(5)
    body = bytes(HEADER_BYTES[request])
    sock.send(struct.pack("=IHHII", 16 + len(body), request, DUMP, 1, 0) + body)
    while True:
        for kind, payload in messages(sock.recv(1 << 18)):
            if kind in (DONE, ERROR):
                return
            if kind == answer:
                yield payload


def text(data):
    return data.rstrip(b"\0").decode("utf-8", "replace")[:64]


def number(data):
    return struct.unpack("=I", data)[0] if data is not None and len(data) == 4 else None


def address_text(family, data):
    try:
        return socket.inet_ntop(family, data)
    except (ValueError, OSError):
        return None


def driver_of(name):
    try:
        return os.path.basename(os.readlink("/sys/class/net/%s/device/driver" % name))[:64]
    except OSError:
        return None


def read_link(payload):
    index, flags = struct.unpack_from("=iI", payload, 4)
    found = attributes(payload[16:])
    name = text(found.get(3, b""))
    carrier = found.get(33)
    return index, {
        "name": name,
        "mac": ":".join("%02x" % byte for byte in found.get(1, b"")[:20]),
        "up": bool(flags & 0x1),
        "carrier": bool(carrier[0]) if carrier else bool(flags & 0x10000),
        "driver": driver_of(name), "addresses": []}


def read_address(payload):
    family, prefix, flags, scope, index = struct.unpack_from("=BBBBi", payload)
    found = attributes(payload[8:])
    address = address_text(family, found.get(2) or found.get(1) or b"")
    wide = number(found.get(8))
    permanent = (flags if wide is None else wide) & 0x80
    return index, address and {
        "address": address, "prefix": prefix, "family": 6 if family == socket.AF_INET6 else 4,
        "scope": SCOPES.get(scope, "host"), "dynamic": not permanent}


def read_route(payload, names):
    """The default routes of the main table; several when it has several next hops."""
    family, length, _src, _tos, table, _proto, _scope, kind = struct.unpack_from("=8B", payload)
    found = attributes(payload[12:])
    if length != 0 or kind != 1 or (number(found.get(15)) or table) != 254:
        return
    hops = [(number(found.get(4)), found)]
    if 9 in found:
        hops, data, at = [], found[9], 0
        while at + 8 <= len(data):
            size, _flags, _hops, index = struct.unpack_from("=HBBi", data, at)
            if size < 8:
                break
            hops.append((index, attributes(data[at + 8:at + size])))
            at += (size + 3) & ~3
    for index, hop in hops:
        gateway, via = hop.get(5), None
        if gateway:
            via = address_text(family, gateway)
        elif 18 in hop and len(hop[18]) > 2:  # a gateway of the other family
            via = address_text(struct.unpack("=H", hop[18][:2])[0], hop[18][2:])
        yield {"family": 6 if family == socket.AF_INET6 else 4, "via": via,
               "link": names.get(index, ""), "metric": number(found.get(6)) or 0}


def snapshot():
    """-> the "network" report"""
    with open_socket() as sock:
        links = dict(read_link(payload) for payload in dump(sock, GETLINK, NEWLINK))
        for payload in dump(sock, GETADDR, NEWADDR):
            index, address = read_address(payload)
            if index in links and address and len(links[index]["addresses"]) < MAX_ADDRESSES:
                links[index]["addresses"].append(address)
        names = {index: link["name"] for index, link in links.items()}
        routes = [route for payload in dump(sock, GETROUTE, NEWROUTE)
                  for route in read_route(payload, names)]
    routes.sort(key=lambda route: (route["family"], route["metric"], route["link"]))
    return {"v": 1, "type": "network",
            "links": [links[index] for index in sorted(links)][:MAX_LINKS],
            "defaultRoutes": routes[:MAX_ROUTES]}
