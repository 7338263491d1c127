/** Runs the built program on a real terminal, which Python makes. */
import { execFileSync, spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { Bench } from './bench-cli.ts';

/** Arguments: what to do when something was seen, then the command. Says at the end whether the terminal is as it was. */
const PTY = `
import fcntl, json, os, pty, select, struct, subprocess, sys, termios
steps = json.loads(sys.argv[1])
master, slave = pty.openpty()
fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', 33, 101, 0, 0))
before = termios.tcgetattr(slave)
child = subprocess.Popen(sys.argv[2:], stdin=slave, stdout=slave, stderr=slave, start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
seen = b''
raw = False
while True:
    if not select.select([master], [], [], 0.05)[0]:
        if child.poll() is not None: break
        continue
    seen += os.read(master, 65536)
    while steps and steps[0][0].encode() in seen:
        raw = raw or not termios.tcgetattr(slave)[3] & termios.ECHO
        what = steps.pop(0)
        if what[1] == 'keys': os.write(master, what[2].encode())
        if what[1] == 'size': fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack('HHHH', what[2][1], what[2][0], 0, 0))
        if what[1] == 'kill': child.send_signal(what[2])
restored = termios.tcgetattr(slave)[:4] == before[:4]
print(json.dumps({'code': child.returncode, 'seen': seen.decode(errors='replace'), 'raw': raw, 'restored': restored}))
`;
export interface Seen { readonly code: number; readonly seen: string; readonly raw: boolean; readonly restored: boolean }
export type Step = readonly [seen: string, 'keys', string] | readonly [seen: string, 'size', readonly [number, number]] | readonly [seen: string, 'kill', number];

/** Whether there is one to make it. */
export const hasPython = (() => {
  try {
    execFileSync('python3', ['-c', 'import pty']);
    return true;
  } catch {
    return false;
  }
})();

export async function onTerminal(bench: Bench, words: readonly string[], steps: readonly Step[]): Promise<Seen> {
  const child = spawn('python3', ['-c', PTY, JSON.stringify(steps), process.execPath, bench.cli, ...words], {
    env: { PATH: process.env['PATH'], HOLDFAST_HOME: bench.home, TERM: 'vt220' }, stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(await text(child.stdout)) as Seen;
}
