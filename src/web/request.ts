/** One request for a file on the web: redirects are followed, the body is left to whoever asked. */
import { Agent, request as plainRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import { getCACertificates } from 'node:tls';
import { fail } from '../core/errors.ts';
import { Setback, setbackOf } from './setback.ts';

export interface WebSetup {
  /** http_proxy, https_proxy and no_proxy are heeded. */
  readonly env: NodeJS.ProcessEnv;
  /** Certificate authorities, in PEM; Node's and the system's when absent. */
  readonly ca?: readonly string[] | undefined;
  /** From the request to the first line of the answer. */
  readonly answerMs: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: IncomingMessage;
}

export type Ask = (url: URL, headers: Readonly<Record<string, string>>, signal: AbortSignal) => Promise<Answer>;

const MOST_REDIRECTS = 5;
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];

/** @returns a function that asks; it throws Setback for what may go better the next time, download-failed otherwise */
export function openWeb({ env, ca, answerMs }: WebSetup): Ask {
  // Each request has a connection of its own: one that was cut, or stalled, is not met again.
  const agents = { 'http:': new Agent({ proxyEnv: env }), 'https:': undefined as TlsAgent | undefined };
  const agentFor = ({ protocol }: URL): Agent => {
    if (protocol !== 'https:') return agents['http:'];
    // Reading the system's store takes a moment, so it waits until somebody needs it.
    agents['https:'] ??= new TlsAgent({ proxyEnv: env, ca: ca === undefined ? [...getCACertificates('default'), ...getCACertificates('system')] : [...ca] });
    return agents['https:'];
  };
  return async (first, headers, signal) => {
    let url = first;
    for (let redirects = 0; ; redirects += 1) {
      const answer = await askOnce(url, agentFor(url), { ...headers, 'accept-encoding': 'identity', 'user-agent': 'holdfast' }, answerMs, signal);
      if (!REDIRECTS.includes(answer.status)) return answer;
      answer.body.destroy();
      if (redirects === MOST_REDIRECTS) throw fail('download-failed', `${shownUrl(first)} leads from one address to the next, more than ${MOST_REDIRECTS} times`);
      url = follow(first, url, answer.headers.location);
    }
  };
}

async function askOnce(url: URL, agent: Agent, headers: Readonly<Record<string, string>>, answerMs: number, signal: AbortSignal): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const how = { agent, headers, signal };
  const asked = url.protocol === 'https:' ? tlsRequest(url, how) : plainRequest(url, how);
  const timer = setTimeout(() => asked.destroy(new Setback('stalled', `${url.host} did not answer within ${answerMs / 1000} s`)), answerMs);
  asked.once('response', (body) => resolve({ status: body.statusCode ?? 0, headers: body.headers, body }));
  asked.on('error', reject);
  asked.end();
  try {
    return await promise;
  } catch (error) {
    signal.throwIfAborted();
    throw setbackOf(error, url);
  } finally {
    clearTimeout(timer);
  }
}

/** @throws download-failed  where it leads to what must not be asked */
function follow(first: URL, from: URL, location: string | undefined): URL {
  const to = location === undefined ? null : URL.parse(location, from.href);
  if (to === null || !isWebUrl(to)) throw fail('download-failed', `${shownUrl(first)} leads nowhere: ${JSON.stringify((location ?? '').slice(0, 200))}`);
  if (from.protocol === 'https:' && to.protocol === 'http:') {
    throw fail('download-failed', `${shownUrl(first)} leads from https to plain http (${shownUrl(to)}), which anybody on the way could change`, { hint: 'if that is meant, name the other address itself; for an image with --checksum' });
  }
  return to;
}

export function isWebUrl({ protocol }: URL): boolean {
  return protocol === 'http:' || protocol === 'https:';
}

/** For people and files: without the query, which may hold a key to what is not for everybody. */
export function shownUrl({ origin, pathname }: URL): string {
  return `${origin}${pathname}`.slice(0, 300);
}
