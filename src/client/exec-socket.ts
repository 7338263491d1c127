/** One exec over a WebSocket: bytes both ways, each way only as fast as the other end takes them. */
import { connect } from 'node:net';
import type { ClientControl, ExecFrameRequest, ServerControl } from '../api/exec-frames.ts';
import { controlFrame, FRAME, frame, MAX_FRAME_BYTES } from '../api/frames.ts';
import { fail, isErrorCode, type HoldfastError } from '../core/errors.ts';
import { pathOf } from './paths.ts';
import { cancelled, connectionError, errorOf, textOf } from './request.ts';

export type ExecOutcome = { readonly code: number } | { readonly signal: string };

export interface ExecHandlers {
  /** @returns false when the reader is behind: no more is read until `resume` */
  output(kind: 'stdout' | 'stderr', bytes: Uint8Array): boolean;
  started(rung: string, passedOver: readonly string[]): void;
  progress(stage: string): void;
}

export interface ExecSession {
  /** Resolves when the bytes have left, so that stdin is read no faster than the guest takes it. */
  stdin(bytes: Uint8Array): Promise<void>;
  control(message: ClientControl): void;
  resume(): void;
  close(): void;
  readonly outcome: Promise<ExecOutcome>;
}

/** In the socket's own buffer before stdin has to wait. */
const SENT_AHEAD_BYTES = 1024 * 1024;
const SLICE_BYTES = MAX_FRAME_BYTES / 4;

export async function openExec(socket: string, name: string, request: ExecFrameRequest, handlers: ExecHandlers, signal?: AbortSignal): Promise<ExecSession> {
  // Loaded here: the other commands do without it.
  const { WebSocket } = await import('ws');
  const { promise: outcome, resolve, reject } = Promise.withResolvers<ExecOutcome>();
  outcome.catch(() => {});
  // Not `ws+unix:`, whose URL has no way to write a colon in the socket's path.
  const ws = new WebSocket(`ws://holdfast${pathOf('exec', { name })}`, {
    createConnection: () => connect(socket), perMessageDeflate: false, maxPayload: MAX_FRAME_BYTES + 1,
  });
  const abort = () => {
    reject(cancelled());
    ws.terminate();
  };
  signal?.addEventListener('abort', abort, { once: true });
  ws.on('open', () => ws.send(controlFrame(request)));
  ws.on('unexpected-response', (_, answer) => {
    textOf(answer).then((text) => reject(errorOf(answer.statusCode ?? 0, text)), reject).finally(() => ws.terminate());
  });
  ws.on('error', (error) => reject(connectionError(error)));
  ws.on('close', () => {
    signal?.removeEventListener('abort', abort);
    reject(fail('exec-failed', 'the connection to the daemon was lost before the command ended', { hint: 'whether it goes on in the instance is not known' }));
  });
  ws.on('message', (data: Buffer) => {
    const kind = data[0];
    const payload = data.subarray(1);
    if (kind === FRAME.control) {
      const ended = onControl(JSON.parse(payload.toString('utf8')) as ServerControl, handlers);
      if (!ended) return;
      if (ended instanceof Error) reject(ended);
      else resolve(ended);
      ws.close();
    } else if (kind === FRAME.stdout || kind === FRAME.stderr) {
      if (!handlers.output(kind === FRAME.stdout ? 'stdout' : 'stderr', payload)) ws.pause();
    }
  });
  const { OPEN } = WebSocket;
  return {
    async stdin(bytes) {
      for (let at = 0; at < bytes.length && ws.readyState === OPEN; at += SLICE_BYTES) {
        const sent = Promise.withResolvers<void>();
        ws.send(frame(FRAME.stdin, bytes.subarray(at, at + SLICE_BYTES)), () => sent.resolve());
        if (ws.bufferedAmount > SENT_AHEAD_BYTES) await sent.promise;
      }
    },
    control(message) {
      if (ws.readyState === OPEN) ws.send(controlFrame(message));
    },
    resume: () => ws.resume(),
    close: () => ws.terminate(),
    outcome,
  };
}

function onControl(message: ServerControl, handlers: ExecHandlers): ExecOutcome | HoldfastError | undefined {
  switch (message.type) {
    case 'started':
      handlers.started(message.rung, message.passedOver);
      return undefined;
    case 'progress':
      handlers.progress(message.stage);
      return undefined;
    case 'exit':
      return { code: message.code };
    case 'signalled':
      return { signal: message.signal };
    case 'error': {
      const { code, message: text, hint } = message.error;
      return fail(isErrorCode(code) ? code : 'exec-failed', text, { hint: hint ?? undefined });
    }
  }
}
