/** How far a guest's clock is from the host's, as NTP asks it: many questions on one line, of which the quickest answer counts. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { CHECKOUT, type TestHome } from './home.ts';

const QUESTIONS = 20;
const ANSWER = 'import sys, time\nfor line in sys.stdin: print(time.time(), flush=True)';

export interface ClockOffset {
  /** Of the guest's clock against the host's. */
  readonly ms: number;
  /** It may be off by so much: half of the way there and back. */
  readonly uncertainMs: number;
}

export async function clockOffset({ directory }: TestHome, name: string): Promise<ClockOffset> {
  const child = spawn(`${CHECKOUT}/bin/holdfast`, ['exec', name, '--', 'python3', '-c', ANSWER], {
    env: { ...process.env, HOLDFAST_HOME: directory }, stdio: ['pipe', 'pipe', 'inherit'], timeout: 180_000,
  });
  const ended = once(child, 'close');
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
  let best: ClockOffset | undefined;
  for (let question = 0; question < QUESTIONS; question += 1) {
    const asked = Date.now();
    const since = performance.now();
    child.stdin.write('\n');
    const { value, done } = await answers.next();
    if (done === true) throw new Error(`${name} gave no answer to question ${question + 1} of ${QUESTIONS}: ended with ${JSON.stringify(await ended)}`);
    const uncertainMs = (performance.now() - since) / 2;
    if (best === undefined || uncertainMs < best.uncertainMs) best = { ms: Number(value) * 1000 - asked - uncertainMs, uncertainMs };
  }
  child.stdin.end();
  await ended;
  if (best === undefined) throw new Error('nothing was asked');
  return best;
}
