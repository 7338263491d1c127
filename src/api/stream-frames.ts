/**
 * Frames of the sockets that carry a plain stream (proxy, console): binary messages as in exec-frames.ts, of the kinds
 * stdin (from the client), stdout (to it) and control (JSON, both ways). There is no request frame: what is asked for is
 * in the path. Each direction ends by itself, with `eof`; the socket is closed once both have.
 */

export type StreamClientControl = { readonly type: 'eof' };

export type StreamServerControl =
  /** What it waits for, while the instance is being started. */
  | { readonly type: 'progress'; readonly stage: string }
  /** From here on bytes flow. A rung where it is carried by one. */
  | { readonly type: 'started'; readonly rung: string | null; readonly passedOver: readonly string[] }
  | { readonly type: 'eof' }
  | { readonly type: 'error'; readonly error: { readonly code: string; readonly message: string; readonly hint: string | null } };
