/** node scripts/write-code.ts BUNDLE: keeps the code that V8 makes of a bundle while it shows its version; with the flags that it will be started with. */
import { writeFileSync } from 'node:fs';
import v8 from 'node:v8';
import { codePath, runBundle } from '../src/cli/quick-start.ts';

// The code is of the flags of its time, and is read before the program changes one.
v8.setFlagsFromString = () => {};
const [bundle = ''] = process.argv.splice(2, 1, 'version');
process.stdout.write = () => true;
const script = runBundle(bundle, undefined);
process.on('exit', () => writeFileSync(codePath(bundle), script.createCachedData()));
