/** Where the bundle begins. */
import { realpathSync } from 'node:fs';
import { endQuietlyOnClosedPipes, flushAndExit, main } from './main.ts';

endQuietlyOnClosedPipes();
void main(process.argv.slice(2), realpathSync(process.argv[1] ?? '')).then(flushAndExit);
