/** Puts Holdfast's files back where they belong, also when the program that usually does so is among those that are gone. */
import { fail } from '../../core/errors.ts';
import { runCommand } from '../run-command.ts';
import type { GuestShell } from '../shell.ts';
import { printable } from '../ssh/failure.ts';

export interface AgentFiles {
  readonly version: string;
  /** As agent.py takes it: without keys, those of the instance stay. */
  readonly bundleJson: () => string;
}

const INSTALLER = '/usr/lib/holdfast/install.py';
/** The installer is brought along; a bundle says of each file how it is encoded. */
const INSTALL = `
bundle = json.loads(sys.stdin.read(8 << 20))
for entry in bundle["files"]:
    entry.setdefault("encoding", "base64")
print(json.dumps(install(bundle)))
systemctl("daemon-reload")
for unit in UNITS:
    systemctl("--no-block", "restart", unit)
`;

/** @returns what was done. @throws exec-failed, too-slow, guest-unreachable, cancelled; not-supported over a rung that carries no input */
export async function repairAgent(shell: GuestShell, { version, bundleJson: bundle }: AgentFiles, deadlineMs: number, signal: AbortSignal): Promise<string> {
  const bundleJson = bundle();
  const { files } = JSON.parse(bundleJson) as { files: { path: string; content: string; encoding: string }[] };
  const installer = files.find(({ path }) => path === INSTALLER);
  if (installer === undefined) throw fail('internal', 'the guest files of this installation have no installer');
  const source = installer.encoding === 'utf8' ? installer.content : Buffer.from(installer.content, 'base64').toString();
  const { exit, stderr } = await runCommand(shell, ['/usr/bin/python3', '-I', '-c', source + INSTALL], { stdin: bundleJson, maxBytes: 64 * 1024, deadlineMs, signal });
  if ('code' in exit && exit.code === 0) return `put Holdfast's files of version ${version} in place, and restarted what runs of them`;
  throw fail('exec-failed', `its files could not be put in place: ${printable(stderr.slice(-400))}`);
}
