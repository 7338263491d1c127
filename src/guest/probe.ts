/** Tries from the guest whether addresses answer: one program there, which goes on until all do or the time is up. */
import { fail } from '../core/errors.ts';
import { runCommand } from './run-command.ts';
import type { GuestShell } from './shell.ts';
import { printable } from './ssh/failure.ts';

export interface GuestProbe {
  readonly kind: 'ping' | 'tcp';
  readonly address: string;
  readonly port: number | null;
  /** By which interface: a router's link-local address means nothing without it. */
  readonly link: string | null;
}

/**
 * An address of the guest's own link counts as there when it answered to ARP, since many a router does not answer to echo.
 * Echo requests: RFC 792 and RFC 4443; their checksum in IPv6 is the kernel's work.
 */
const SCRIPT = `
import json, os, socket, struct, sys, time

wish = json.load(sys.stdin)
until = time.monotonic() + wish["withinMs"] / 1000
TRY = 1.0

def target(probe, port):
    host = probe["address"]
    if host.lower().startswith("fe80:") and probe["link"]:
        host += "%" + probe["link"]
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)[0]

def total(data):
    data += b"\\0" * (len(data) % 2)
    sum_ = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    sum_ = (sum_ >> 16) + (sum_ & 0xffff)
    return ~(sum_ + (sum_ >> 16)) & 0xffff

def neighbour(address):
    try:
        with open("/proc/net/arp") as table:
            for line in table:
                words = line.split()
                if words and words[0] == address and int(words[2], 16) & 2:
                    return True
    except OSError:
        pass
    return False

def ping(probe):
    family, _, _, _, where = target(probe, 0)
    six = family == socket.AF_INET6
    with socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_ICMPV6 if six else socket.IPPROTO_ICMP) as sock:
        mark = os.urandom(4)
        body = b"holdfast"
        head = bytes([128 if six else 8, 0])
        sock.sendto(head + struct.pack("!H", 0 if six else total(head + b"\\0\\0" + mark + body)) + mark + body, where)
        end = min(time.monotonic() + TRY, until)
        while True:
            left = end - time.monotonic()
            if left <= 0:
                break
            sock.settimeout(left)
            try:
                data, _ = sock.recvfrom(2048)
            except socket.timeout:
                break
            if not six:
                data = data[(data[0] & 15) * 4:]
            if data[0] == (129 if six else 0) and data[4:8] == mark:
                return None
    if not six and neighbour(probe["address"]):
        return None
    return "it does not answer"

def tcp(probe):
    family, kind, _, _, where = target(probe, probe["port"])
    with socket.socket(family, kind) as sock:
        sock.settimeout(max(0.1, min(2 * TRY, until - time.monotonic())))
        sock.connect(where)
    return None

why = {at: "there was no time to try it" for at in range(len(wish["probes"]))}
while why:
    for at in list(why):
        probe = wish["probes"][at]
        try:
            said = (ping if probe["kind"] == "ping" else tcp)(probe)
        except socket.timeout:
            said = "it does not answer"
        except OSError as error:
            said = error.strerror or str(error)
        if said is None:
            del why[at]
        else:
            why[at] = said
    if not why or time.monotonic() >= until:
        break
    time.sleep(0.3)
print(json.dumps([why.get(at) for at in range(len(wish["probes"]))]))
`;

const START_MS = 20_000;

/** @returns for each, why it failed; null where it answered  @throws guest-unreachable, too-slow, exec-failed */
export async function probeFromGuest(shell: GuestShell, probes: readonly GuestProbe[], withinMs: number, signal: AbortSignal): Promise<(string | null)[]> {
  const { exit, stdout, stderr } = await runCommand(shell, ['/usr/bin/python3', '-I', '-c', SCRIPT], {
    stdin: JSON.stringify({ withinMs, probes }), maxBytes: 64 * 1024, deadlineMs: withinMs + START_MS, signal,
  });
  const answer = 'code' in exit && exit.code === 0 ? parsed(stdout) : undefined;
  if (answer === undefined || answer.length !== probes.length) {
    throw fail('exec-failed', `the guest could not try whether addresses answer: ${printable(stderr.trim().split('\n').at(-1) ?? '')}`);
  }
  return answer;
}

function parsed(text: string): (string | null)[] | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    return Array.isArray(answer) ? answer.map((each) => (typeof each === 'string' ? printable(each, 200) : null)) : undefined;
  } catch {
    return undefined;
  }
}
