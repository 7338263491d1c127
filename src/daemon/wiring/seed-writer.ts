/** From an instance and its keys to the seed image it boots with. */
import { join } from 'node:path';
import { boothookScript } from '../../core/cloudinit/boothook.ts';
import { makesUserEarly } from '../../core/cloudinit/early-user.ts';
import { seedFiles } from '../../core/cloudinit/seed.ts';
import type { AgentRenewal, WriteSeed } from '../../drivers/qemu/hold-guest.ts';
import { machineIdOf } from '../../drivers/qemu/identity.ts';
import { AGENT_VERSION, agentBundle, renewInput } from '../../guest/agent/bundle.ts';
import { loadAgentAssets } from '../../guest/agent/load-assets.ts';
import { unpackUserData } from '../../host/unpack-user-data.ts';
import { writeSeedIso } from '../../host/seed-iso.ts';

/** Multipass's default user, whatever the distribution calls its own. */
export const DEFAULT_USER = 'ubuntu';
/** Keys differ by instance and do not change: what renews a guest's files leaves them alone, but for one that older guests have not got. */
const KEPT_KEY = /^\/etc\/holdfast\/(?:host_ed25519(?:\.pub)?|control\.pub|session\.pub)$/;

export interface GuestFiles {
  readonly writeSeed: WriteSeed;
  /** What a guest with older files is given over its control lane. */
  readonly renewal: AgentRenewal;
}

export async function guestFiles(assetsDir: string): Promise<GuestFiles> {
  const assets = await loadAgentAssets(join(assetsDir, 'agent'));
  const none = { hostKeyPrivate: '', hostKeyPublic: '', controlPublic: '', sessionPublic: '', proxyPublic: '' };
  return {
    renewal: {
      version: AGENT_VERSION,
      bundleJson({ proxy }) {
        const bundle = agentBundle(assets, { ...none, proxyPublic: proxy.publicKey });
        return renewInput({ ...bundle, files: bundle.files.filter(({ path }) => !KEPT_KEY.test(path)) });
      },
    },
    async writeSeed(machine, keys, isoPath, signal) {
      const bundle = agentBundle(assets, {
        hostKeyPrivate: keys.laneHost.privateKey, hostKeyPublic: keys.laneHost.publicKey,
        controlPublic: keys.control.publicKey, sessionPublic: keys.session.publicKey, proxyPublic: keys.proxy.publicKey,
      });
      const userData = machine.userData && unpackUserData(machine.userData);
      await writeSeedIso(isoPath, seedFiles({
        instanceId: machine.instanceId,
        hostname: machine.name,
        mac: machine.spec.mac,
        extras: (machine.spec.cards ?? []).filter(({ mode, seeded }) => seeded && mode === 'auto'),
        timezone: machine.timezone,
        defaultUser: DEFAULT_USER,
        sshAuthorizedKey: keys.session.publicKey,
        sshHostKey: { private: keys.guestHost.privateKey, public: keys.guestHost.publicKey },
        userData,
        boothook: boothookScript(bundle, { earlyUser: makesUserEarly(userData) ? DEFAULT_USER : undefined, machineId: machine.spec.cloned ? machineIdOf(machine.id) : undefined }),
      }), { signal });
    },
  };
}
