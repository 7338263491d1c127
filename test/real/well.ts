/** Before each file: whoever was here before may have started an instance a moment ago, and a command comes before the card does. */
import { beforeAll } from 'vitest';
import { waitGently } from './home.ts';
import { openHomeUnderTest } from './provided.ts';

beforeAll(async () => {
  const home = openHomeUnderTest();
  const { list } = JSON.parse((await home.must(['list', '--format', 'json'])).stdout) as { list: { name: string; state: string }[] };
  // The last files find what those before them have left.
  for (const { name, state } of list) if (state === 'Running') await waitGently(`${name} to be on its network`, async () => (await home.info(name)).network === 'ok', 120_000);
});
