/** Before each file: whoever was here before may have started an instance a moment ago, and a command comes before the card does. */
import { beforeAll } from 'vitest';
import { waitGently } from './home.ts';
import { openHomeUnderTest } from './provided.ts';

beforeAll(async () => {
  const home = openHomeUnderTest();
  for (const name of ['apollo', 'hermes']) await waitGently(`${name} to be on its network`, async () => (await home.info(name)).network === 'ok', 120_000);
});
