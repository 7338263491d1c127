/** node scripts/freeze-agent.ts: keeps what is put into guests today, under its version, for the tests of later upgrades. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AGENT_VERSION, agentBundle } from '../src/guest/agent/bundle.ts';
import { loadAgentAssets } from '../src/guest/agent/load-assets.ts';

const KEY_FILE = /^\/etc\/holdfast\/(?:host_ed25519(?:\.pub)?|control\.pub|session\.pub|proxy\.pub)$/;
const { version, files } = agentBundle(await loadAgentAssets(), { hostKeyPrivate: '', hostKeyPublic: '', controlPublic: '', sessionPublic: '', proxyPublic: '' });
const path = join(import.meta.dirname, `../test/upgrade/agent-${AGENT_VERSION}.json`);
await writeFile(path, `${JSON.stringify({ version, files: files.filter((file) => !KEY_FILE.test(file.path)) }, null, 1)}\n`);
process.stdout.write(`${path}\n`);
