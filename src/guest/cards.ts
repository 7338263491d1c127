/**
 * Further network cards as the guest is told of them: a netplan file of Holdfast's own for each, found by its MAC. Files of
 * anybody else's are left alone, and so is what somebody changed in ours.
 */
import { fail } from '../core/errors.ts';
import type { ExtraCard } from '../core/instance.ts';
import { fixedDefinition, leasedDefinition } from '../core/network/fixed-address.ts';
import { cardFile, cardId } from '../core/network/our-files.ts';
import { runCommand } from './run-command.ts';
import type { GuestShell } from './shell.ts';
import { printable } from './ssh/failure.ts';

/** Emulated, netplan takes seconds to be started. */
const DEADLINE_MS = 150_000;
const NO_NETPLAN = 3;

/**
 * The arguments are the MACs without colons, the standard input has the files: MAC and base64, a line each. netplan is run beside the running system, and only what comes of our own files
 * is put there: it writes all of them anew, and networkd takes every card down and up whose file was written again, though
 * nothing in it changed. Where another program has the network, netplan does it all.
 */
const SCRIPT = `
set -eu
umask 077
cd /etc/netplan || exit ${NO_NETPLAN}
command -v netplan >/dev/null || exit ${NO_NETPLAN}
changed=
# Cut off between a file and its being read, the next one goes on from there.
pending=/run/holdfast-cards
[ ! -e $pending ] || changed=1
for file in 60-holdfast-*.yaml; do
  [ -e "$file" ] || continue
  key=\${file#60-holdfast-}
  case " $* " in *" \${key%.yaml} "*) ;; *) : >$pending; rm -f -- "$file"; changed=1 ;; esac
done
for key; do
  read -r own content
  file=60-holdfast-$key.yaml
  [ ! -e "$file" ] || continue
  [ "$own" = "$key" ] || exit 1
  printf %s "$content" | base64 -d >"$file.new"
  : >$pending
  mv -- "$file.new" "$file"
  changed=1
done
[ -n "$changed" ] || exit 0
run=/run/systemd/network
beside=$(mktemp -d)
trap 'rm -rf -- "$beside"' EXIT
mkdir -p "$beside/etc" "$beside/lib" $run
cp -a /etc/netplan "$beside/etc/"
[ ! -d /lib/netplan ] || cp -a /lib/netplan "$beside/lib/"
netplan generate --root-dir "$beside"
whole=
for key; do ls "$beside$run/10-netplan-holdfast-$key.network" >/dev/null 2>&1 || whole=1; done
if [ -n "$whole" ]; then
  netplan apply
else
  for file in $run/10-netplan-holdfast-*; do
    [ -e "$beside$file" ] || rm -f -- "$file"
  done
  for key; do
    file=$run/10-netplan-holdfast-$key.network
    cmp -s "$beside$file" $file || cp -- "$beside$file" $file
    chown --reference=$run $file
    chmod 0644 $file
  done
  networkctl reload
fi
rm -f $pending
`;

/** @param cards  those that are to come up, by DHCP or with the address they were given; files of others are taken away  @throws exec-failed, guest-unreachable */
export async function configureCards(shell: GuestShell, cards: readonly Pick<ExtraCard, 'mac' | 'slot' | 'fixed'>[], signal: AbortSignal): Promise<void> {
  const files = cards.map(({ mac, slot, fixed }) => ({ key: mac.replaceAll(':', ''), text: cardFile(cardId(mac), fixed === undefined ? leasedDefinition(mac) : fixedDefinition(mac, slot, fixed)) }));
  const { exit, stderr } = await runCommand(shell, ['/bin/sh', '-c', SCRIPT, 'sh', ...files.map(({ key }) => key)], {
    stdin: files.map(({ key, text }) => `${key} ${Buffer.from(text).toString('base64')}\n`).join(''), maxBytes: 16 * 1024, deadlineMs: DEADLINE_MS, signal,
  });
  if ('code' in exit && exit.code === 0) return;
  if ('code' in exit && exit.code === NO_NETPLAN) {
    if (cards.length > 0) throw fail('exec-failed', 'the guest has no netplan, so its further network cards are for it to configure');
    return;
  }
  throw fail('exec-failed', `the guest did not take the configuration of its further network cards: ${printable(stderr.trim().split('\n').at(-1) ?? '')}`);
}
