/** From an instance and its keys to the seed image it boots with. */
import { join } from 'node:path';
import { boothookScript } from '../../core/cloudinit/boothook.ts';
import { seedFiles } from '../../core/cloudinit/seed.ts';
import type { WriteSeed } from '../../drivers/qemu/hold-guest.ts';
import { agentBundle, renewInput } from '../../guest/agent/bundle.ts';
import { loadAgentAssets } from '../../guest/agent/load-assets.ts';
import { unpackUserData } from '../../host/unpack-user-data.ts';
import { writeSeedIso } from '../../host/seed-iso.ts';

/** Multipass's default user, whatever the distribution calls its own. */
export const DEFAULT_USER = 'ubuntu';
/** Keys differ by instance and do not change: what renews a guest's files leaves them alone. */
const KEY_FILE = /^\/etc\/holdfast\/(?:host_ed25519(?:\.pub)?|control\.pub|session\.pub)$/;

export interface GuestFiles {
  readonly writeSeed: WriteSeed;
  /** What a guest with older files is given over its control lane. */
  readonly renewal: { readonly version: string; readonly bundleJson: string };
}

export async function guestFiles(assetsDir: string): Promise<GuestFiles> {
  const assets = await loadAgentAssets(join(assetsDir, 'agent'));
  const none = { hostKeyPrivate: '', hostKeyPublic: '', controlPublic: '', sessionPublic: '' };
  const keyless = agentBundle(assets, none);
  return {
    renewal: { version: keyless.version, bundleJson: renewInput({ ...keyless, files: keyless.files.filter(({ path }) => !KEY_FILE.test(path)) }) },
    async writeSeed(machine, keys, isoPath, signal) {
      const bundle = agentBundle(assets, {
        hostKeyPrivate: keys.laneHost.privateKey, hostKeyPublic: keys.laneHost.publicKey,
        controlPublic: keys.control.publicKey, sessionPublic: keys.session.publicKey,
      });
      await writeSeedIso(isoPath, seedFiles({
        instanceId: machine.instanceId,
        hostname: machine.name,
        mac: machine.spec.mac,
        timezone: machine.timezone,
        defaultUser: DEFAULT_USER,
        sshAuthorizedKey: keys.session.publicKey,
        sshHostKey: { private: keys.guestHost.privateKey, public: keys.guestHost.publicKey },
        userData: machine.userData && unpackUserData(machine.userData),
        boothook: boothookScript(bundle),
      }), { signal });
    },
  };
}
