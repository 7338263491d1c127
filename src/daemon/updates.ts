/** Looks once a day whether there is a later release, where it was told where to look; otherwise nothing is asked of anybody. */
import { releaseNotice, type ReleaseNotice } from '../core/release-notice.ts';
import { fetchSmallFile } from '../web/small-file.ts';

const AGAIN_MS = 24 * 3600 * 1000;
const DEADLINE_MS = 10_000;
const MOST_BYTES = 16 * 1024;

export interface Updates {
  /** What is known by now: whoever asks for the version does not wait for the web. */
  readonly notice: ReleaseNotice | undefined;
}

/** @param address  of what core/release-notice.ts reads: https, or http on this machine  @param trouble  told each time that it cannot be read */
export function watchUpdates(address: string | undefined, current: string, trouble: (why: string) => void): Updates {
  const updates: { notice: ReleaseNotice | undefined } = { notice: undefined };
  if (!address) return updates;
  const look = async (): Promise<void> => {
    try {
      updates.notice = releaseNotice(await read(address), current);
    } catch (error) {
      trouble(`whether there is a later release cannot be seen at ${address}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  void look();
  setInterval(() => void look(), AGAIN_MS).unref();
  return updates;
}

async function read(address: string): Promise<unknown> {
  const { protocol, hostname } = new URL(address);
  if (protocol !== 'https:' && !(protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname))) throw new Error('it is no https address');
  const bytes = await fetchSmallFile(new URL(address), { env: process.env, mostBytes: MOST_BYTES, withinMs: DEADLINE_MS });
  return JSON.parse(bytes.toString('utf8')) as unknown;
}
