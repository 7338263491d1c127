/**
 * A stand-in for the machine and the doorman in its guest: one unix socket per lane (as QEMU gives them), one session
 * at a time, a line before the banner, the port reopened when a session ends. Faults are switched on by tests.
 */
import type { ChildProcess } from 'node:child_process';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { type Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { LANES, type Lane, type LanePort } from '../../../src/guest/lane-port.ts';
import type { StandInSshd } from './sshd.ts';

export interface Faults {
  /** Bytes that an older session left; sent before anything else. */
  stale: Buffer;
  /** `silent`: nothing answers. `no-sshd`: only the doorman does. `error`: it says that sshd cannot start. */
  answer: 'well' | 'silent' | 'no-sshd' | 'error';
  /** How long the port takes to be open again after a session, during which what the host says is lost. */
  reopenMs: number;
  /** Of the doorman, as it says. */
  version: string;
}

export interface StandIn extends AsyncDisposable {
  readonly port: LanePort;
  readonly faults: Faults;
  /** Connections made so far, by lane. */
  readonly connects: Map<Lane, number>;
  /** Most connections that were open at once on one lane. */
  readonly mostAtOnce: Map<Lane, number>;
  /** Ends every session as a dying guest would; the port closes. */
  cut(lane: Lane): void;
  /** Nothing passes in either direction any more, nothing closes: the machine is paused. */
  freeze(frozen: boolean): void;
  setOpen(lane: Lane, open: boolean): void;
  liveSessions(): number;
  /** Bytes that sshd gave so far, and the host took. */
  sent(): number;
}

export async function standIn(sshd: StandInSshd): Promise<StandIn> {
  const faults: Faults = { stale: Buffer.alloc(0), answer: 'well', reopenMs: 5, version: '1.0.0' };
  const connects = new Map<Lane, number>();
  const mostAtOnce = new Map<Lane, number>();
  const listeners = new Set<(lane: Lane, open: boolean) => void>();
  const open = new Set<Lane>(LANES);
  const sessions = new Map<Socket, { lane: Lane; child: ChildProcess | undefined }>();
  const servers: Server[] = [];
  let frozen = false;
  let count = 0;
  let sent = 0;
  const thaw = new Set<() => void>();

  const setOpen = (lane: Lane, now: boolean): void => {
    if (now) open.add(lane);
    else open.delete(lane);
    for (const listener of listeners) listener(lane, now);
  };

  const serve = (lane: Lane, socket: Socket): void => {
    connects.set(lane, (connects.get(lane) ?? 0) + 1);
    const session: { lane: Lane; child: ChildProcess | undefined } = { lane, child: undefined };
    sessions.set(socket, session);
    mostAtOnce.set(lane, Math.max(mostAtOnce.get(lane) ?? 0, [...sessions.values()].filter((one) => one.lane === lane).length));
    socket.on('error', () => {});
    socket.on('close', () => {
      sessions.delete(socket);
      session.child?.kill('SIGKILL');
      if (session.child === undefined) return;
      setOpen(lane, false);
      void sleep(faults.reopenMs).then(() => setOpen(lane, true));
    });
    if (faults.stale.length > 0) socket.write(faults.stale);
    let heard = Buffer.alloc(0);
    const wait = (piece: Buffer): void => {
      if (frozen) { thaw.add(() => wait(piece)); return; }
      if (socket.destroyed) return;
      heard = Buffer.concat([heard, piece]);
      const at = heard.indexOf('SSH-');
      if (at < 0 || faults.answer === 'silent' || !open.has(lane)) return;
      socket.off('data', wait);
      count += 1;
      if (faults.answer === 'error') { socket.write('holdfast-doorman-error no host key\r\n'); return; }
      socket.write(`holdfast-doorman ${faults.version} ${lane} ${count}\r\n`);
      if (faults.answer === 'no-sshd') return;
      const child = sshd.spawn();
      session.child = child;
      child.on('exit', () => socket.end());
      child.on('error', () => socket.destroy());
      child.stdin?.on('error', () => {});
      child.stdin?.write(heard.subarray(at));
      relay(socket, child.stdin as NodeJS.WritableStream);
      child.stdout?.on('data', (piece: Buffer) => { sent += piece.length; });
      relay(child.stdout as unknown as Duplex, socket);
    };
    socket.on('data', wait);
  };

  /** pipe() that stops in both directions while the machine is frozen. */
  const relay = (from: NodeJS.ReadableStream, to: NodeJS.WritableStream): void => {
    from.on('data', (piece: Buffer) => {
      const pass = (): void => {
        if (to.write(piece)) from.resume();
        else to.once('drain', () => from.resume());
      };
      from.pause();
      if (frozen) thaw.add(pass);
      else pass();
    });
    from.on('end', () => to.end());
  };

  for (const lane of LANES) {
    const server = createServer((socket) => serve(lane, socket));
    servers.push(server);
    await new Promise<void>((resolve) => { server.listen(join(sshd.dir, `${lane}.sock`), resolve); });
  }

  return {
    faults, connects, mostAtOnce, setOpen,
    port: {
      async connect(lane, signal) {
        const socket = connect(join(sshd.dir, `${lane}.sock`));
        await new Promise<void>((resolve, reject) => {
          socket.once('connect', resolve).once('error', reject);
          signal.addEventListener('abort', () => { socket.destroy(); reject(new Error('aborted')); }, { once: true });
        });
        return socket;
      },
      isGuestOpen: (lane) => open.has(lane),
      onGuestOpen(listener) {
        listeners.add(listener);
        return () => { listeners.delete(listener); };
      },
    },
    cut(lane) {
      for (const [socket, session] of sessions) if (session.lane === lane) socket.destroy();
    },
    freeze(now) {
      frozen = now;
      if (now) return;
      const waiting = [...thaw];
      thaw.clear();
      for (const pass of waiting) pass();
    },
    liveSessions: () => sessions.size,
    sent: () => sent,
    async [Symbol.asyncDispose]() {
      for (const socket of sessions.keys()) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((resolve) => { server.close(resolve); })));
    },
  };
}
