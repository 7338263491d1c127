import { requireArchitecture } from '../../core/architecture.ts';
import { isWebAddress } from '../../core/catalogue/web-address.ts';
import { parseChecksum } from '../../core/checksum.ts';
import { isInstanceName, nameRefusal } from '../../core/names.ts';
import { requireTarget } from '../../core/mounts/mount.ts';
import { parseSize } from '../../core/sizes.ts';
import { BRIDGED, parseNetworkOption, type NetworkWish } from '../../core/network/network-option.ts';
import type { WireLaunch, WireMountWish } from '../../api/schemas.ts';
import { openImage, readCloudInit } from '../caller-files.ts';
import { defineCommand } from '../command.ts';
import { YES_BRIDGE } from '../consent.ts';
import { UsageError } from '../failure.ts';
import { invalidArguments, launchInstance } from '../launching.ts';
import { requireMountsAllowed, requireMountsHere, requireSource } from '../mounting.ts';
import { cpuCount, TIMEOUT_OPTION, timeoutSeconds } from '../numbers.ts';
import { PRIMARY_NOTE, shareHome } from '../primary.ts';
import { createProgress } from '../progress.ts';
import { primaryName } from '../targets.ts';
import { uploadImage } from '../uploading.ts';

export const launch = defineCommand({
  name: 'launch',
  group: 'Instances',
  summary: 'Create an instance and start it',
  usage: '[<image>]',
  takes: [['<image>', 'what it is made of; the default image when absent']],
  args: [0, 1],
  options: {
    name: { flags: '-n, --name <name>', summary: 'its name; one is made up when absent' },
    cpus: { flags: '-c, --cpus <n>', summary: 'virtual processors (1)' },
    memory: { flags: '-m, --memory <size>', summary: 'memory, at least 512M (1G)' },
    disk: { flags: '-d, --disk <size>', summary: 'disk, at least 1G (5G)' },
    cloudInit: { flags: '--cloud-init <file>', summary: 'cloud-init user data, from a file or an http(s) address; - reads it from stdin' },
    arch: { flags: '--arch <architecture>', summary: 'x86_64 or arm64; another than this machine\'s is emulated (the image\'s)' },
    checksum: { flags: '--checksum <checksum>', summary: 'of an image from the web: sha256:<hex> or sha512:<hex>' },
    network: { flags: '--network <spec>', summary: 'a further network card; may be given several times', repeatable: true },
    bridged: { flags: '--bridged', summary: 'a further card on the network that local.bridged-network names' },
    yesBridge: YES_BRIDGE,
    mount: { flags: '--mount <source>[:<path>]', summary: 'a directory here to mount; may be given several times', repeatable: true },
    zone: { flags: '--zone <zone>', summary: 'the zone it is in (the first that is available)' },
    cold: { flags: '--cold', summary: 'boot it, though it could be forked of a template' },
    timeout: TIMEOUT_OPTION,
  },
  examples: [
    ['holdfast launch', 'the current Ubuntu LTS, with a name made up; without a network, the Debian that was built here'],
    ['holdfast launch daily:noble', 'a name that "holdfast find" shows'],
    ['holdfast launch debian:13 -n apollo -c 2 -m 2G -d 20G', 'chosen in full'],
    ['holdfast launch file:///srv/disk.qcow2', 'an image of yours'],
    ['holdfast launch https://host/disk.qcow2 --checksum sha256:0a1b...', 'an image from the web'],
    ['holdfast launch --network eth0', 'a further card on the network that the host\'s eth0 is on'],
    ['holdfast launch --network name=lan,ip=192.168.68.20/24', 'a further card with a static address'],
    ['holdfast launch --mount .:/src', 'this directory is there as /src'],
    ['holdfast launch debian --arch arm64', 'emulated, unless this machine is arm64'],
  ],
  notes: ['A network is a name that "holdfast networks" shows, or name=<name>,mode=auto|manual,mac=<address>, or with a static address: name=<name>,ip=<address/prefix>,gateway=<address>,dns=<address>.', 'A wired card of the host that is in no bridge is put into one when you agree: asked at a terminal, by --yes-bridge elsewhere.', 'An image is a name that "holdfast find" or "holdfast image list" shows, the first digits of its hash, file:// and an absolute path, or an http(s) address. What is cut off while it is downloaded goes on where it was at the next try.', PRIMARY_NOTE],
  async run(context, { args, options }) {
    const { name, memory, disk } = options;
    const [image] = args;
    if (name !== undefined && !isInstanceName(name)) throw invalidArguments(nameRefusal(name));
    const cpus = cpuCount(options.cpus);
    const seconds = timeoutSeconds(options.timeout);
    for (const size of [memory, disk]) if (size !== undefined && parseSize(size) === undefined) throw new UsageError(`${size} is not a valid memory size`, 'a size is a number and a unit, for example 512M, 1.5G or 20GiB');
    if (options.arch !== undefined) requireArchitecture(options.arch);
    if (options.checksum !== undefined) {
      parseChecksum(options.checksum);
      if (image === undefined || !isWebAddress(image)) throw new UsageError('--checksum belongs to an image from the web', 'for example: holdfast launch https://host/disk.qcow2 --checksum sha256:...');
    }
    const networks = [...options.network, ...(options.bridged ? [BRIDGED] : [])].map(parseNetworkOption).map(wireWish);
    if (options.mount.length > 0) requireMountsHere(context.env);
    const mounts = await Promise.all(options.mount.map(mountWish));
    requirePlaces(mounts);
    await using file = image === undefined ? undefined : await openImage(image);
    // The daemon checks it and says line and column.
    const cloudInit = options.cloudInit === undefined ? undefined : await readCloudInit(options.cloudInit, context);
    const client = await context.client();
    if (mounts.length > 0) await requireMountsAllowed(client, context.signal);
    const progress = createProgress(context.stderr, context.isTTY.stderr);
    const chosen = file ? await uploadImage(client, file, progress, context.signal) : image;
    await launchInstance(context, client, {
      ...(name === undefined ? {} : { name }), ...(chosen === undefined ? {} : { image: chosen }), ...(cpus === undefined ? {} : { cpus }),
      ...(memory === undefined ? {} : { memory }), ...(disk === undefined ? {} : { disk }), ...(cloudInit === undefined ? {} : { cloudInit }),
      ...(options.arch === undefined ? {} : { architecture: options.arch }), ...(options.checksum === undefined ? {} : { checksum: options.checksum }),
      ...(networks.length === 0 ? {} : { networks }), ...(options.zone === undefined ? {} : { zone: options.zone }), ...(options.cold ? { cold: true } : {}), ...(seconds === undefined ? {} : { timeoutSeconds: seconds }), ...(options.yesBridge ? { makeBridge: true } : {}),
    }, progress, mounts);
    if (name !== undefined && name === await primaryName(client, context.signal).catch(() => '')) await shareHome(context, client, { name, ...(seconds === undefined ? {} : { timeoutSeconds: seconds }) });
  },
});

/** A source that has a colon in it is named by the last one. @throws UsageError */
async function mountWish(word: string): Promise<WireMountWish> {
  const at = word.lastIndexOf(':');
  return at <= 0 ? { source: await requireSource(word) } : { source: await requireSource(word.slice(0, at)), target: word.slice(at + 1) };
}

/** Of the default user; a guest that has another one says so itself. */
const USUAL_HOME = '/home/ubuntu';

/** Before there is a guest: each at a place that guests can have, and no two at one. @throws UsageError, refused */
function requirePlaces(mounts: readonly WireMountWish[]): void {
  const targets = mounts.map(({ source, target }) => requireTarget(target, source, USUAL_HOME));
  const twice = targets.find((target, index) => targets.indexOf(target) < index);
  if (twice !== undefined) throw new UsageError(`two mounts cannot both be at ${twice}`, 'give each its own: --mount <source>:<path>');
}

function wireWish({ fixed, ...wish }: NetworkWish): NonNullable<WireLaunch['networks']>[number] {
  if (fixed === undefined) return wish;
  const { address, gateway, dns } = fixed;
  return { ...wish, ip: address, ...(gateway === null ? {} : { gateway }), ...(dns.length === 0 ? {} : { dns: [...dns] }) };
}
