/** One exec over a WebSocket: bytes both ways, each way only as fast as the other end takes them. */
import type { ClientControl, ExecFrameRequest, ServerControl } from '../api/exec-frames.ts';
import { controlFrame, FRAME } from '../api/frames.ts';
import { fail, isErrorCode, type HoldfastError } from '../core/errors.ts';
import type { Endpoint } from './endpoint.ts';
import { pathOf } from './paths.ts';
import { openSocket, sendBytes } from './socket.ts';

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

export async function openExec(socket: Endpoint, name: string, request: ExecFrameRequest, handlers: ExecHandlers, signal?: AbortSignal): Promise<ExecSession> {
  const { promise: outcome, resolve, reject } = Promise.withResolvers<ExecOutcome>();
  outcome.catch(() => {});
  const ws = await openSocket(socket, pathOf('exec', { name }), {
    failed: reject,
    lost: () => fail('exec-failed', 'the connection to the daemon was lost before the command ended', { hint: 'whether it goes on in the instance is not known' }),
    message: (kind, payload) => {
      if (kind === FRAME.control) {
        const ended = onControl(JSON.parse(payload.toString('utf8')) as ServerControl, handlers);
        if (!ended) return;
        if (ended instanceof Error) reject(ended);
        else resolve(ended);
        ws.close();
      } else if (kind === FRAME.stdout || kind === FRAME.stderr) {
        if (!handlers.output(kind === FRAME.stdout ? 'stdout' : 'stderr', payload)) ws.pause();
      }
    },
  }, signal);
  ws.on('open', () => ws.send(controlFrame(request)));
  return {
    stdin: (bytes) => sendBytes(ws, bytes),
    control(message) {
      if (ws.readyState === ws.OPEN) ws.send(controlFrame(message));
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
