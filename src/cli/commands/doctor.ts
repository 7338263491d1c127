import type { WireDiagnosis } from '../../api/doctor-schemas.ts';
import type { Client } from '../../client/client.ts';
import { HoldfastError } from '../../core/errors.ts';
import { defineCommand } from '../command.ts';
import { renderDiagnosis } from '../render/diagnosis.ts';
import { FORMAT_OPTION, requireFormat } from '../render/format.ts';

/** Longer than the daemon takes for the worst of guests. */
const EXAMINE_MS = 180_000;
/** A package manager in an emulated guest takes minutes. */
const MEND_MS = 3_600_000;
const BROKEN = 2;

export const doctor = defineCommand({
  name: 'doctor',
  group: 'Settings and the daemon',
  onlyHere: true,
  summary: 'Find what is broken, on this host or about an instance, and mend it',
  usage: '[<name>]',
  takes: [['<name>', 'of an instance; this host when absent']],
  args: [0, 1],
  options: {
    fix: { flags: '--fix', summary: 'do the remedies that cannot lose data, and look whether they helped' },
    format: FORMAT_OPTION,
  },
  examples: [
    ['holdfast doctor', 'this host: QEMU, accelerator, disk, tools, rights'],
    ['holdfast doctor apollo', 'an instance, layer by layer: the first broken one is named'],
    ['holdfast doctor apollo --fix', 'and mend it'],
  ],
  notes: ['Ends with 0 when nothing is broken (warnings count as nothing), and with 2 otherwise.', 'Remedies that could lose data are told and never done.'],
  async run({ client: connect, stdout, signal }, { args: [name], options }) {
    const format = requireFormat(options.format);
    const fix = options.fix;
    const client = await connect().catch((error: unknown) => {
      if (name === undefined && error instanceof HoldfastError && error.code !== 'cancelled') return error;
      throw error;
    });
    const diagnosis = client instanceof HoldfastError ? withoutDaemon(client) : await ask(client, name, fix, signal);
    stdout.write(renderDiagnosis(diagnosis, format));
    return diagnosis.cause === null ? 0 : BROKEN;
  },
});

async function ask(client: Client, name: string | undefined, fix: boolean, signal: AbortSignal): Promise<WireDiagnosis> {
  const options = { signal, deadlineMs: fix ? MEND_MS : EXAMINE_MS };
  if (name === undefined) return await client.call(fix ? 'mendHost' : 'diagnoseHost', {}, options);
  return await client.call(fix ? 'mendInstance' : 'diagnoseInstance', { params: { name } }, options);
}

/** What everything else hangs on: why there is none is all that can be said then. */
function withoutDaemon({ code, message, hint }: HoldfastError): WireDiagnosis {
  const remedy = hint ?? REMEDIES.find(({ of }) => of.test(message))?.remedy ?? 'the last lines of daemon.log and daemon.out in the home may say more';
  const layer = code === 'home-unusable' || code === 'path-too-long' || code === 'home-too-new' ? 'home' : 'daemon';
  const title = layer === 'home' ? 'its home' : 'the daemon';
  return {
    instance: null, cause: layer, fixes: [], tookMs: 0,
    checks: [
      { id: layer, layer, title, status: 'broken', seen: message, remedy, fixable: false },
      { id: 'others', layer: 'hypervisor', title: 'everything else', status: 'skipped', seen: `because of: ${title}`, remedy: null, fixable: false },
    ],
  };
}

/** For what a daemon that ended could only say in one line. */
const REMEDIES: readonly { readonly of: RegExp; readonly remedy: string }[] = [
  { of: /Cannot find (module|package)|ERR_MODULE_NOT_FOUND|no such file.*holdfastd/i, remedy: 'the installation is not whole: run "sh scripts/setup.sh" where package.json is' },
  { of: /Node\.js 24/, remedy: 'use the Node.js that comes with it ("sh scripts/setup.sh" where package.json is), or install Node.js 24' },
  { of: /database disk image is malformed|file is not a database/i, remedy: 'the home\'s database is damaged: put holdfast.db back from a backup, or use another home: HOLDFAST_HOME=…' },
  { of: /No space left|database or disk is full|ENOSPC/i, remedy: 'free some disk space where the home is' },
];
