/** Where the bundle begins. */
import { realpathSync } from 'node:fs';
import { endOnUnwritableOutput, flushAndExit, main } from './main.ts';
import { withoutMaglev } from './without-maglev.ts';

endOnUnwritableOutput();
const running = main(process.argv.slice(2), realpathSync(process.argv[1] ?? ''));
setImmediate(withoutMaglev);
void running.then(flushAndExit);
