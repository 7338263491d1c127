/** Bridges of the host's ethernets for instances' cards: agreed to by who may, made before a card needs one, gone with the last card. */
import { fail } from '../../core/errors.ts';
import type { Task } from '../operations/engine.ts';
import type { House } from '../instances/house.ts';

/** @param agreed  whoever asks has agreed to it @returns what it is to be called  @throws consent-needed, no-rights, not-supported */
export async function wishBridge({ network, visited }: House, ethernet: string, agreed: boolean): Promise<string> {
  const plan = await network?.ethernets?.plan(ethernet);
  if (plan === undefined) throw fail('not-supported', `${ethernet} is a network card without a bridge, and this daemon makes none`, { hint: 'make a bridge of it in the host\'s network configuration, then name that' });
  if (plan.agreed) return plan.bridge;
  if (visited) throw fail('no-rights', `${ethernet} is a network card of the host without a bridge: to have one made is its own root's matter`, { hint: `have root do it once there: holdfast launch --network ${ethernet}` });
  if (agreed) return plan.bridge;
  throw fail('consent-needed', `${ethernet} is in no bridge: it is put into one, ${plan.bridge}, which takes this host off that network for a moment`, { hint: 'agree to it: --yes-bridge' });
}

/** Their cards are recorded, so that nobody takes them for unused. @throws not-supported, rolled-back, machine-failed */
export async function bringBridges({ network }: House, ethernets: readonly string[], task: Task): Promise<void> {
  for (const ethernet of new Set(ethernets)) {
    task.progress(`Putting ${ethernet} into a bridge`);
    const bridge = await network?.ethernets?.agree(ethernet);
    if (bridge !== undefined) await network?.ethernets?.ensure(bridge);
  }
}

/** Those that no card is on any more, of whichever instance. What cannot be given back now is tried again, and is nobody's failure. */
export async function giveUpBridges({ network, registry, log }: House): Promise<void> {
  const used = new Set(registry.everybodys.flatMap(({ record }) => (record.instance.spec.cards ?? []).map((card) => card.network)));
  await network?.ethernets?.release((bridge) => used.has(bridge)).catch((error: unknown) => {
    log.line('bridge-kept', null, error instanceof Error ? error.message : String(error), 'the next daemon goes on with it');
  });
}
