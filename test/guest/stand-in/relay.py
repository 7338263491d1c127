"""A relay between two pairs of sockets, without its sshd, and the doorman with `cat` for an sshd; prints what came through as JSON."""
import json
import random
import select
import socket
import subprocess

import hf_lane
import hf_relay
from hf_door import Door
from hf_peer import tcp_pair

PAGE = hf_relay.PAGE


def relay():
    """-> (relay, the host's end, sshd's end)"""
    made = hf_relay.Relay.__new__(hf_relay.Relay)
    made.port, host = socket.socketpair()
    made.near, sshd = socket.socketpair()
    for end in (made.port, host, made.near, sshd):
        end.setblocking(False)
    made.fd, made.takeover = made.port.fileno(), True
    made.to_sshd = made.to_host = b""
    made.spoke = made.ended = made.closing = False
    return made, host, sshd


def some(end, data, chance):
    """Sends what goes of the next piece; -> what is left."""
    try:
        return data[end.send(data[:chance.randrange(1, 200_000)]):]
    except BlockingIOError:
        return data


def taken(end, most):
    try:
        return end.recv(most)
    except BlockingIOError:
        return b""


def both_ways(seed):
    chance = random.Random(seed)
    made, host, sshd = relay()
    inward, outward = chance.randbytes(700_000), chance.randbytes(900_000)
    to_sshd, to_host, at_sshd, at_host = inward, outward, b"", b""
    while len(at_sshd) < len(inward) or len(at_host) < len(outward):
        if to_sshd and chance.random() < 0.5:
            to_sshd = some(host, to_sshd, chance)
        if to_host and chance.random() < 0.5:
            to_host = some(sshd, to_host, chance)
        assert made.pump() in (hf_relay.WAIT, hf_relay.MORE)
        at_sshd += taken(sshd, chance.randrange(1, 300_000))
        at_host += taken(host, chance.randrange(1, 300_000))
    sshd.send(b"bye")
    sshd.close()
    made.heard(select.EPOLLIN | select.EPOLLRDHUP)
    end = made.pump()
    return at_sshd == inward and at_host == outward and end == hf_relay.SSHD_GONE and taken(host, 10) == b"bye"


def new_client(before):
    """What a former client left fills `before` octets; -> whether the new one is seen from its first octet on."""
    made, host, _ = relay()
    host.send(b"x" * before + b"SSH-2.0-new\r\n")
    return made.pump() == hf_relay.TAKEN_OVER and made.to_sshd == b"SSH-2.0-new\r\n"


def behind_an_end(before):
    """sshd has ended, `before` octets of the former client's are unread, and a new one's line is behind them; -> (what is told, the line)"""
    made, host, sshd = relay()
    host.setblocking(True)
    host.sendall(b"x" * before + b"SSH-2.0-new\r\n")
    sshd.close()
    while (told := made.pump()) == hf_relay.MORE:
        pass
    return told == hf_relay.TAKEN_OVER and made.to_sshd == b"SSH-2.0-new\r\n"


def echo(_lane, far):
    return subprocess.Popen(["cat"], stdin=far, stdout=far, stderr=subprocess.PIPE)


def doorman(pieces):
    """Each piece goes to `cat` and comes back before the next; -> (whether all did, turns of the doorman's a piece, whether the end is told)"""
    hf_relay.start = echo
    door, turns = Door(), 0
    client, served = socket.socketpair()
    client.settimeout(10)
    hf_lane.SocketConnection(door, served)
    door.turn()
    client.recv(100)  # the doorman's line
    right = True
    for piece in pieces:
        client.sendall(piece)
        back = b""
        while len(back) < len(piece):
            door.turn()
            turns += 1
            while select.select([client], [], [], 0)[0]:
                back += client.recv(1 << 20)
        right = right and back == piece
    client.shutdown(socket.SHUT_WR)
    while door.connections:
        door.turn()
    return right, turns / len(pieces), client.recv(1) == b""


def lingers(_lane, far):
    """Says its last words and ends its connection; the process itself stays."""
    return subprocess.Popen(["python3", "-c", "import os, socket, time; s = socket.socket(fileno=os.dup(0)); s.send(b'bye'); s.shutdown(socket.SHUT_WR); print('', file=open(2, 'w')); time.sleep(60)"],
                            stdin=far, stdout=far, stderr=subprocess.PIPE)


def end_of_sshd():
    """-> whether its last words came through, and its end behind them, by no more than what epoll tells of its connection"""
    hf_relay.start = lingers
    door, (near, far) = Door(), tcp_pair()
    near.setblocking(False)
    door.peers.pair = lambda: (near, far, "loopback")
    host, port = socket.socketpair()
    port.setblocking(False)
    lane = hf_lane.Lane(door, "session")
    lane.fd = port.detach()
    door.watch(lane.fd, lane.event)
    lane.begin(b"SSH-2.0-test\r\n", True)
    process = lane.relay.process
    # Its words and its end are there together, as one piece of news.
    select.select([process.stderr], [], [], 10)
    late = []
    door.later(10, lambda: late.append(True))
    while lane.fd >= 0 and not late:
        door.turn()
    process.kill()
    return not late and host.recv(100).endswith(b"bye")


right, turns, ended = doorman([b"%d" % number for number in range(300)])
print(json.dumps({
    "a message": [right, turns <= 2.2, ended],
    "long ones": doorman([b"x" * size for size in (1, 65_536, 65_537, 131_072)])[::2],
    "both ways": [both_ways(seed) for seed in range(5)],
    "new client": [new_client(before) for before in (0, PAGE, 3 * PAGE)],
    "new client behind an end": [behind_an_end(before) for before in (0, 24 * PAGE)],
    "end of sshd": end_of_sshd(),
    "the same within a page is nobody": new_client(100),
}))
