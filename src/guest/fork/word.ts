/** A word to a guest's doorman itself, on a lane that no sshd has: one line of JSON there, one back. */
import type { Duplex } from 'node:stream';
import { fail } from '../../core/errors.ts';
import type { Lane, LanePort } from '../lane-port.ts';
import { printable } from '../ssh/failure.ts';
import { orAbort, seconds, timeLimit } from '../ssh/time-limit.ts';

/** As the doorman knows it: hf_lane.py. */
const MARK = 'HOLDFAST ';
const LANE: Lane = 'spare1';
const LONGEST_ANSWER = 64 * 1024;

/** @throws guest-unreachable (no answer in time), machine-failed (it answered that it could not) */
export async function tellDoorman(lanes: LanePort, word: object, deadlineMs: number, signal: AbortSignal): Promise<Record<string, unknown>> {
  using limit = timeLimit(deadlineMs, signal);
  const stream = await lanes.connect(LANE, limit.signal);
  try {
    const answer = orAbort(firstLine(stream), limit.signal);
    stream.write(`${MARK}${JSON.stringify(word)}\n`);
    return parsed(await answer);
  } catch (error) {
    if (limit.expired) throw fail('guest-unreachable', `the guest's doorman did not answer within ${seconds(deadlineMs)}`, { cause: error });
    throw error;
  } finally {
    stream.destroy();
  }
}

async function firstLine(stream: Duplex): Promise<string> {
  let held = '';
  for await (const piece of stream as AsyncIterable<Buffer>) {
    held += piece.toString('latin1');
    const end = held.indexOf('\n');
    if (end >= 0) return held.slice(0, end);
    if (held.length > LONGEST_ANSWER) throw fail('machine-failed', 'the guest\'s doorman said more than it may');
  }
  throw fail('guest-unreachable', 'the guest\'s doorman hung up without an answer');
}

function parsed(line: string): Record<string, unknown> {
  let answer: unknown;
  try {
    answer = JSON.parse(line);
  } catch (error) {
    throw fail('machine-failed', `the guest's doorman gave an answer that cannot be read: ${printable(line, 100)}`, { cause: error });
  }
  if (typeof answer !== 'object' || answer === null) throw fail('machine-failed', 'the guest\'s doorman gave an answer that is none');
  if ('error' in answer) throw fail('machine-failed', `the guest could not do it: ${printable(String(answer.error))}`);
  return { ...answer };
}
