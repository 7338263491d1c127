/** What global-setup.ts gives to the tests on real VMs. */
import { inject } from 'vitest';
import { openTestHome, type TestHome } from './home.ts';

export interface Launched {
  readonly name: string;
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

declare module 'vitest' {
  interface ProvidedContext {
    home: string;
    images: string;
    launched: Launched[];
  }
}

/** The shared home, with `apollo` and `hermes` running; a test leaves them running and well. */
export function openHomeUnderTest(): TestHome {
  return openTestHome(inject('home'));
}
