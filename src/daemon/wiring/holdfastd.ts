/** What holdfastd is told when it is started; everything else is a setting. */
import { parseArgs } from 'node:util';
import { fail } from '../../core/errors.ts';
import { parseAddress, type ServerAddress } from '../../core/server-address.ts';

export interface HoldfastdOptions {
  /** Where to listen besides the home's socket. */
  readonly address: ServerAddress | undefined;
  readonly wants: 'serve' | 'help' | 'version';
}

export const HOLDFASTD_HELP = `Usage: holdfastd [<options>]

The daemon of Holdfast. The first command that needs it starts it by itself.

Options:
  -a, --address <address>   <host>:<port>, for clients that authenticate themselves over TLS
                            (kept: holdfast set local.address=<host>:<port>), or unix:<path>,
                            a socket besides the home's
  -v, --version             show the version
  -h, --help                show this help
`;

/** @param words  behind the program's name  @throws bad-argument */
export function holdfastdOptions(words: readonly string[]): HoldfastdOptions {
  const { address, help, version } = valuesOf(words);
  return { address: address === undefined ? undefined : parseAddress(address), wants: help ? 'help' : version ? 'version' : 'serve' };
}

function valuesOf(words: readonly string[]): { address?: string; help?: boolean; version?: boolean } {
  try {
    return parseArgs({
      args: [...words], strict: true, allowPositionals: false,
      options: { address: { type: 'string', short: 'a' }, help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'v' } },
    }).values;
  } catch (error) {
    throw fail('bad-argument', error instanceof Error ? error.message : String(error), { hint: 'see: holdfastd --help', cause: error });
  }
}
