/** Where the bundle begins. */
import { realpathSync } from 'node:fs';
import { endOnUnwritableOutput, flushAndExit, main } from './main.ts';

endOnUnwritableOutput();
void main(process.argv.slice(2), realpathSync(process.argv[1] ?? '')).then(flushAndExit);
