/** The exec route: a WebSocket on one side, a command in a guest on the other, with backpressure both ways. */
import { Value } from 'typebox/value';
import type { WebSocket } from 'ws';
import { ClientControlSchema, controlFrame, ExecRequestSchema, FRAME, type ClientControl, type ExecFrameRequest, type ServerControl } from '../../api/exec-frames.ts';
import { errorRecord, fail, HoldfastError } from '../../core/errors.ts';
import type { ExecSession } from '../../guest/shell.ts';
import { openInbox, takeInto, type Inbox } from './exec-inbox.ts';
import { parseJson, pump } from './to-client.ts';

const REQUEST_DEADLINE_MS = 10_000;

export type ExecService = (name: string, request: ExecFrameRequest, tell: (message: ServerControl) => void, signal: AbortSignal) => Promise<ExecSession>;

export async function serveExec(websocket: WebSocket, name: string, exec: ExecService, onBug: (error: unknown) => void): Promise<void> {
  const gone = new AbortController();
  const tell = (message: ServerControl) => websocket.send(controlFrame(message));
  const refuse = (error: unknown) => {
    if (!(error instanceof HoldfastError)) onBug(error);
    if (websocket.readyState === websocket.OPEN) tell({ type: 'error', error: errorRecord(error) });
  };
  websocket.on('close', () => gone.abort(fail('cancelled', 'the client has gone')));
  websocket.on('error', () => websocket.terminate());
  const inbox = openInbox(websocket);
  try {
    const request = await firstRequest(inbox, gone.signal);
    await using session = await exec(name, request, tell, gone.signal);
    // It may have gone in the very moment in which the command began.
    gone.signal.throwIfAborted();
    gone.signal.addEventListener('abort', () => void session[Symbol.asyncDispose]());
    const take = takeInto(session.stdin, websocket);
    inbox.deliver((data) => {
      try {
        onClientFrame(data, take, session, websocket);
      } catch (error) {
        // A signal that there is none of, for one: the client's mistake, told to him, and nobody else's trouble.
        refuse(error);
        websocket.close(1000);
      }
    });
    const outputs = Promise.all([pump(session.stdout, FRAME.stdout, websocket), pump(session.stderr, FRAME.stderr, websocket)]);
    const exit = await session.exit;
    await outputs;
    tell('code' in exit ? { type: 'exit', code: exit.code } : { type: 'signalled', signal: exit.signal });
  } catch (error) {
    refuse(error);
  }
  // What nobody took must not keep the client's own close from being read: it would wait half a minute for ours.
  inbox.deliver(() => {});
  websocket.close(1000);
}

async function firstRequest(inbox: Inbox, signal: AbortSignal): Promise<ExecFrameRequest> {
  const data = await inbox.first(REQUEST_DEADLINE_MS, signal);
  const request: unknown = data[0] === FRAME.control ? parseJson(data.subarray(1)) : undefined;
  if (!Value.Check(ExecRequestSchema, request)) throw fail('bad-argument', 'the first frame must be an exec request');
  return request;
}

function onClientFrame(data: Buffer, take: (piece: Buffer) => void, session: ExecSession, websocket: WebSocket): void {
  if (data[0] === FRAME.stdin) return take(data.subarray(1));
  const message: unknown = data[0] === FRAME.control ? parseJson(data.subarray(1)) : undefined;
  if (!Value.Check(ClientControlSchema, message)) return websocket.close(1008, 'unknown frame');
  onControl(message, session);
}

function onControl(message: ClientControl, session: ExecSession): void {
  switch (message.type) {
    case 'eof': return void session.stdin.end();
    case 'resize': return session.resize(message.cols, message.rows);
    case 'signal': return session.signal(message.name);
    case 'request': return;
  }
}
