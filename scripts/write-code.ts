/** node scripts/write-code.ts BUNDLE: keeps the code that V8 makes of a bundle while it shows its version; with the flags that it will be started with. */
import { writeFileSync } from 'node:fs';
import { codePath, runBundle } from '../src/cli/quick-start.ts';

const [bundle = ''] = process.argv.splice(2, 1, 'version');
process.stdout.write = () => true;
const script = runBundle(bundle, undefined);
process.on('exit', () => writeFileSync(codePath(bundle), script.createCachedData()));
