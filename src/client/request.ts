/** One HTTP request to the daemon, and what each way to fail is called. */
import { request, type IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { fail, HoldfastError, isErrorCode } from '../core/errors.ts';
import { connectionTo, type Endpoint } from './endpoint.ts';

export interface Ask {
  readonly socket: Endpoint;
  readonly method: string;
  readonly path: string;
  /** An object goes as JSON, a stream as raw bytes. */
  readonly body?: unknown;
  readonly upload?: { readonly stream: Readable; readonly bytes: number };
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** In which the answer must begin; none when absent. */
  readonly deadlineMs?: number;
}

/** Loads what a request needs: in a command's first turn that takes a third of what it takes later (cli/without-maglev.ts). */
export function readyToSend(): void {
  void request.length;
}

/** @returns the answer's head, its body unread, of a request that succeeded  @throws what the daemon said, else why it could not be asked */
export async function send(ask: Ask): Promise<IncomingMessage> {
  const answer = await exchange(ask);
  const status = answer.statusCode ?? 0;
  if (status >= 200 && status < 300) return answer;
  throw errorOf(status, await textOf(answer));
}

function exchange({ socket, method, path, body, upload, headers, signal, deadlineMs }: Ask): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const json = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const asking = request({
    ...connectionTo(socket), method, path, ...(signal ? { signal } : {}),
    headers: {
      host: 'holdfast',
      ...(json ? { 'content-type': 'application/json', 'content-length': json.length } : {}),
      // Kept alive: a server that closes after a refusal would cut off its own answer, with bytes still on their way.
      ...(upload ? { 'content-type': 'application/octet-stream', 'content-length': upload.bytes, connection: 'keep-alive' } : {}),
      ...headers,
    },
  });
  const late = deadlineMs === undefined ? undefined : setTimeout(() => {
    reject(fail('daemon-failed', `the daemon has not answered for ${deadlineMs / 1000} s`, { hint: 'its log may say why: holdfast logs' }));
    asking.destroy();
  }, deadlineMs);
  asking.on('response', (answer) => {
    clearTimeout(late);
    // An upload that was refused is answered before its last byte: nobody reads the rest.
    if (upload) {
      upload.stream.unpipe(asking);
      answer.once('end', () => asking.destroy());
    }
    resolve(answer);
  });
  asking.on('error', (error) => {
    clearTimeout(late);
    reject(signal?.aborted ? cancelled() : connectionError(error));
  });
  if (upload) {
    upload.stream.on('error', (error) => {
      reject(error);
      asking.destroy();
    });
    upload.stream.pipe(asking);
  } else {
    asking.end(json);
  }
  return promise;
}

export function cancelled(): HoldfastError {
  return fail('cancelled', 'interrupted');
}

/** @param error  from connecting to, writing to or reading from the socket */
export function connectionError(error: unknown): HoldfastError {
  if (error instanceof HoldfastError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code === 'ABORT_ERR') return cancelled();
  if (code === 'EACCES' || code === 'EPERM') {
    return fail('daemon-denied', 'holdfast socket access denied', { cause: error, hint: 'the daemon belongs to another user; your own runs with a home of yours' });
  }
  if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTDIR') {
    return fail('daemon-unreachable', 'cannot connect to the holdfast socket', { cause: error, hint: 'the daemon is not running: holdfast list starts it' });
  }
  return fail('daemon-failed', `lost the connection to the daemon (${code || String(error)})`, { cause: error, hint: 'its log may say why: holdfast logs' });
}

/** The other end was there, and went. */
export function wasReset(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && (cause.code === 'ECONNRESET' || cause.code === 'EPIPE');
}

/** Takes the error of the API, bare or under `error`; whatever else answered was not the daemon, or it broke. */
export function errorOf(status: number, text: string): HoldfastError {
  const parsed = parse(text);
  const record = (parsed?.['error'] && typeof parsed['error'] === 'object' ? parsed['error'] : parsed) as Record<string, unknown> | undefined;
  const { code, message, hint } = record ?? {};
  if (typeof code === 'string' && isErrorCode(code) && typeof message === 'string') {
    return fail(code, message, { hint: typeof hint === 'string' ? hint : undefined });
  }
  return fail('daemon-failed', `the daemon answered with status ${status}${typeof message === 'string' ? `: ${message}` : ''}`, {
    hint: 'the CLI and the daemon may be of different versions: holdfast version',
  });
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value as Record<string, unknown> : undefined;
  } catch {
    return undefined;
  }
}

export async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of answer) chunks.push(chunk as Buffer);
  } catch (error) {
    throw connectionError(error);
  }
  return Buffer.concat(chunks).toString('utf8');
}
