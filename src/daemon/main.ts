/** The daemon as it ships: its driver, its network and what reaches its guests are chosen here; wiring/ constructs the rest, its images among it. */
import { join } from 'node:path';
import { ERROR_CODES, HoldfastError } from '../core/errors.ts';
import { HOST_GROUP, HOST_HOME } from '../core/home.ts';
import { QemuDriver } from '../drivers/qemu/qemu-driver.ts';
import { freezeGuest } from '../guest/fork/freeze.ts';
import { setClock } from '../guest/clock.ts';
import { thawGuest } from '../guest/fork/thaw.ts';
import { HomeNetworks } from '../host/network/home-networks.ts';
import { PrivateNetworks } from '../host/network/private/private-networks.ts';
import { holdGuest } from '../guest/hold.ts';
import { groupMembers } from '../host/group-members.ts';
import { calledAs, PROGRAMS } from '../core/program.ts';
import { VERSION } from '../core/version.ts';
import { serve } from './serve.ts';
import { homeHere } from './wiring/home.ts';
import { HOLDFASTD_HELP, holdfastdOptions } from './wiring/holdfastd.ts';
import { contractOf, MULTIPASSD_HELP, multipassdOptions } from './wiring/multipassd.ts';
import { DEFAULT_USER, guestFiles } from './wiring/seed-writer.ts';

const assetsDir = process.env['HOLDFAST_ASSETS'] ?? join(import.meta.dirname, 'assets');

// The bundle is CommonJS, which has no await at its top.
main().catch((error: unknown) => {
  // One line for whoever started it; a bug shows where it is.
  const known = error instanceof HoldfastError;
  // The last line is what the CLI quotes.
  const trace = known || !(error instanceof Error) ? '' : `${error.stack}\n`;
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${trace}${message}${known && error.hint ? `; ${error.hint}` : ''}\n`);
  process.exit(known ? ERROR_CODES[error.code].exit === 1 ? 1 : 2 : 3);
});

async function main(): Promise<void> {
  const { program, rest } = calledAs(process.argv.slice(2));
  const multipassd = program === 'multipass' ? multipassdOptions(rest, process.env) : undefined;
  const { wants, address } = multipassd ?? holdfastdOptions(rest);
  if (wants === 'version') return void process.stdout.write(`${PROGRAMS[program].daemon} ${VERSION}\n`);
  if (wants === 'help') return void process.stdout.write(multipassd ? MULTIPASSD_HELP : HOLDFASTD_HELP);
  const guest = await guestFiles(assetsDir);
  await serve({
    assetsDir,
    productsScript: join(import.meta.dirname, 'products-worker.cjs'),
    sftpScript: join(import.meta.dirname, 'holdfast-sftp.cjs'),
    contract: multipassd && contractOf(multipassd, process.env, (text) => process.stderr.write(text)),
    address,
    // A home that root has named is root's alone.
    members: isHosts() ? groupMembers(HOST_GROUP) : undefined,
    makeNetwork: ({ layout, log }) => (process.platform === 'linux' && process.getuid?.() === 0
      ? new HomeNetworks({ home: layout.home, directory: layout.data.network, log, guardScript: join(import.meta.dirname, 'holdfast-bridge-guard.cjs') })
      : new PrivateNetworks({ home: layout.home, directory: layout.data.network, runDirectory: layout.run.directory, script: join(import.meta.dirname, 'holdfast-switch.cjs') })),
    makeDriver: ({ layout, resolveImage, log, network }) => new QemuDriver({
      layout: { instancesDir: layout.data.instances, runDir: layout.run.directory, acceleratorFile: join(layout.home, 'accelerators.json'), templatesDir: layout.data.templates, layersDir: layout.data.layers },
      resolveImage, log, networks: network, holdGuest, freezeGuest, thawGuest, setClock, writeSeed: guest.writeSeed, defaultUser: DEFAULT_USER, agent: guest.renewal,
    }),
  });
}

/** Is this the daemon of the host's home? */
function isHosts(): boolean {
  return process.getuid?.() === 0 && homeHere().home === HOST_HOME;
}
