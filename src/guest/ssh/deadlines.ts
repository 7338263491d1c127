/** How long each step of reaching a guest may take, in milliseconds. One table, two machines. */

export interface Deadlines {
  /** The host's end of the stream. */
  readonly connect: number;
  /** The doorman's line. Short on purpose: whoever met the end of an old session must find out soon and retry. */
  readonly doorman: number;
  /** sshd's banner after the doorman's line (or after connecting, where there is no doorman). */
  readonly banner: number;
  /** Key exchange and authentication. */
  readonly login: number;
  readonly channel: number;
  /** One question on an open connection. */
  readonly ping: number;
  /** A connection is asked after this much silence. */
  readonly keepalive: number;
  /** A connection that said nothing for so long is given up; long, because a paused guest must not lose its shells. */
  readonly silence: number;
}

/** Measured: banner 0.05 s, whole login 0.1 s. */
export const NATIVE: Deadlines = {
  connect: 2_000, doorman: 1_500, banner: 5_000, login: 10_000, channel: 10_000, ping: 2_000, keepalive: 5_000, silence: 120_000,
};

/** Without hardware virtualisation. Measured: banner about 1 s, whole login 1.2-2 s on a quiet host. */
export const SLOW: Deadlines = {
  connect: 4_000, doorman: 4_000, banner: 15_000, login: 30_000, channel: 30_000, ping: 4_000, keepalive: 8_000, silence: 120_000,
};

const MOST_PATIENCE = 8;

/**
 * For the next attempt after so many in a row for which there was too little time. A guest with a tenth of a processor (twenty
 * emulated ones after the daemon's start) has done half of the work each time when it is given up, and would never get to its end.
 * The first two are as short as ever: whoever met the end of an old session must find out soon.
 */
export function patient(deadlines: Deadlines, late: number): Deadlines {
  const times = Math.min(MOST_PATIENCE, 2 ** Math.max(0, late - 1));
  return { ...deadlines, doorman: deadlines.doorman * times, banner: deadlines.banner * times, login: deadlines.login * times };
}
