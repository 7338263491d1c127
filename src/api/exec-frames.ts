/**
 * Frames of the exec socket. The client's first frame is a `request`. Every WebSocket message is binary: one octet that
 * says what it is, then the payload. Control frames carry JSON.
 */
import { Type, type Static } from 'typebox';

export { FRAME, MAX_FRAME_BYTES, controlFrame, frame } from './frames.ts';

export const ExecRequestSchema = Type.Object({
  type: Type.Literal('request'),
  /** Empty: the login shell. */
  command: Type.Array(Type.String(), { maxItems: 10_000 }),
  /** A login shell begins in its home where this one is not there. */
  cwd: Type.Optional(Type.String({ maxLength: 4096 })),
  /** The caller's own directory, of the daemon's host: where a mount has it in the instance, the command begins there. `cwd` goes before it. */
  from: Type.Optional(Type.String({ maxLength: 4096 })),
  terminal: Type.Optional(Type.Object({ term: Type.String({ maxLength: 64 }), cols: Type.Integer({ minimum: 1, maximum: 10_000 }), rows: Type.Integer({ minimum: 1, maximum: 10_000 }) })),
  /** Seconds in which the guest must be reached; 15 when absent. */
  timeoutSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 86_400 })),
  /** Much is to go through it: it has the lane that nobody types on. */
  bulk: Type.Optional(Type.Boolean()),
}, { additionalProperties: false });

export const ClientControlSchema = Type.Union([
  ExecRequestSchema,
  Type.Object({ type: Type.Literal('eof') }, { additionalProperties: false }),
  Type.Object({ type: Type.Literal('resize'), cols: Type.Integer({ minimum: 1, maximum: 10_000 }), rows: Type.Integer({ minimum: 1, maximum: 10_000 }) }, { additionalProperties: false }),
  Type.Object({ type: Type.Literal('signal'), name: Type.String({ pattern: '^[A-Z0-9]{1,10}$' }) }, { additionalProperties: false }),
]);

export type ExecFrameRequest = Static<typeof ExecRequestSchema>;
export type ClientControl = Static<typeof ClientControlSchema>;

export type ServerControl =
  /** Which rung carries it and what was passed over: for --verbose. */
  | { readonly type: 'started'; readonly rung: string; readonly passedOver: readonly string[] }
  /** What it waits for, while the instance is being started. */
  | { readonly type: 'progress'; readonly stage: string }
  | { readonly type: 'exit'; readonly code: number }
  | { readonly type: 'signalled'; readonly signal: string }
  | { readonly type: 'error'; readonly error: { readonly code: string; readonly message: string; readonly hint: string | null } };
