/** Which gateways answer on a link: a packet to each makes the kernel ask for its MAC, and an answer is what counts. */
import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { ip, ipJson } from '../tools.ts';

const LOOK_MS = 50;
const ASK_AGAIN_MS = 500;
const DISCARD_PORT = 9;
const KNOWN = ['REACHABLE', 'STALE', 'DELAY', 'PROBE', 'PERMANENT'];

/** @param withinMs  is waited until all have answered anew: what was heard before counts for nothing  @returns those that have */
export async function answering(link: string, gateways: readonly string[], withinMs: number, { anew }: { readonly anew: boolean }): Promise<string[]> {
  if (anew && gateways.length > 0) await ip('neighbour', 'flush', 'dev', link);
  let answered: string[] = [];
  let askedAt = Number.NEGATIVE_INFINITY;
  for (const until = performance.now() + withinMs; ;) {
    answered = await known(link, gateways);
    if (answered.length === gateways.length || performance.now() >= until) return answered;
    if (performance.now() - askedAt > ASK_AGAIN_MS) {
      askedAt = performance.now();
      await Promise.all(gateways.filter((each) => !answered.includes(each)).map((each) => ask(link, each)));
    }
    await sleep(LOOK_MS);
  }
}

async function known(link: string, gateways: readonly string[]): Promise<string[]> {
  const neighbours = await ipJson('neighbour', 'show', 'dev', link);
  return gateways.filter((gateway) => neighbours.some(({ dst, lladdr, state }) => dst === gateway && typeof lladdr === 'string' && Array.isArray(state) && state.some((each) => KNOWN.includes(String(each)))));
}

/** Nobody need listen there. */
async function ask(link: string, gateway: string): Promise<void> {
  const six = gateway.includes(':');
  const socket = createSocket(six ? 'udp6' : 'udp4');
  await new Promise<void>((resolve) => {
    socket.once('error', () => resolve());
    socket.send(Buffer.of(0), DISCARD_PORT, six && gateway.startsWith('fe80:') ? `${gateway}%${link}` : gateway, () => resolve());
  });
  socket.close();
}
