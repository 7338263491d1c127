/** Who follows /v1/events, and what did not come to him: the daemon lets go of a listener that does not read (daemon/http/event-stream.ts). */
import { request, type IncomingMessage } from 'node:http';

export interface Followed {
  /** Numbers of the events that came. */
  readonly numbers: readonly number[];
  /** The connection has ended. */
  readonly letGo: boolean;
}

export interface Follower {
  soFar(): Followed;
  hangUp(): void;
}

/** Numbered without gaps by the daemon, for one who may see all. */
const ID = /^id: \w+-(\d+)$/gm;

/** @returns when the daemon has answered: what is published from then on is to come */
export async function follow(socketPath: string): Promise<Follower> {
  let said = '';
  let letGo = false;
  const { answer, hangUp } = await ask(socketPath);
  answer.setEncoding('utf8').on('data', (text: string) => { said += text; }).on('error', () => {}).on('close', () => { letGo = true; });
  return { soFar: () => ({ numbers: numbersIn(said), letGo }), hangUp };
}

/** @returns the number of the newest event: one who comes with an id that is none is told that there is a gap, and where he is now */
export async function lastPublished(socketPath: string): Promise<number> {
  let said = '';
  const { answer, hangUp } = await ask(socketPath, { 'last-event-id': 'none' });
  try {
    for await (const text of answer.setEncoding('utf8') as AsyncIterable<string>) {
      said += text;
      const [number] = numbersIn(said);
      if (number !== undefined && said.includes('\n\n')) return number;
    }
  } finally {
    hangUp();
  }
  throw new Error('the daemon did not say where its events are');
}

/** @param since  number of the newest event when he began  @param last  of the newest when he ended  @returns how many of those between did not come */
export function dropped({ numbers }: Followed, since: number, last: number): number {
  return last - since - new Set(numbers.filter((number) => number > since && number <= last)).size;
}

function numbersIn(said: string): number[] {
  return [...said.matchAll(ID)].map(([, number]) => Number(number));
}

async function ask(socketPath: string, headers: Readonly<Record<string, string>> = {}): Promise<{ readonly answer: IncomingMessage; readonly hangUp: () => void }> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const asked = request({ socketPath, path: '/v1/events', headers, agent: false }, resolve).on('error', reject);
  asked.end();
  return { answer: await promise, hangUp: () => void asked.destroy() };
}
