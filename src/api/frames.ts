/** How an exec frame is packed. Apart from exec-frames.ts, so that the CLI does not load the schemas. */
import type { ClientControl, ServerControl } from './exec-frames.ts';
import type { StreamClientControl, StreamServerControl } from './stream-frames.ts';

export const FRAME = { stdin: 0, stdout: 1, stderr: 2, control: 3 } as const;
export type FrameKind = (typeof FRAME)[keyof typeof FRAME];

/** A message of more than this is refused. */
export const MAX_FRAME_BYTES = 1024 * 1024;

export function frame(kind: FrameKind, payload: Uint8Array): Uint8Array {
  const whole = new Uint8Array(payload.length + 1);
  whole[0] = kind;
  whole.set(payload, 1);
  return whole;
}

export function controlFrame(message: ClientControl | ServerControl | StreamClientControl | StreamServerControl): Uint8Array {
  return frame(FRAME.control, new TextEncoder().encode(JSON.stringify(message)));
}
