/** Settings as one who asks sees them: those of the daemon, of each instance, and of each snapshot. */
import type { WireSetting, WireSettingWish } from '../../api/schemas.ts';
import type { House } from '../instances/house.ts';
import { badSetting } from './bad-setting.ts';
import { instanceKeys, instanceSetting, setInstanceSetting } from './instance-settings.ts';
import { RULES, type Rule } from './rules.ts';
import { describeSnapshot, snapshotKey, snapshotKeys } from './snapshot-settings.ts';

export interface Settings {
  all(): WireSetting[];
  get(key: string): WireSetting;
  set(key: string, wish: WireSettingWish): Promise<WireSetting>;
}

/** @param user  who is not the daemon's own: what is for all he may read, and is refused to change */
export function makeSettings(house: House, user?: { readonly id: string; readonly refuse: () => Error }): Settings {
  const store = house.settings;
  const ruleOf = (key: string) => (Object.hasOwn(RULES, key) ? RULES[key] : undefined);
  const keyOf = (key: string): string => (user && ruleOf(key)?.personal ? `${key}@${user.id}` : key);
  const get = (key: string): WireSetting => {
    const rule = ruleOf(key);
    if (rule) {
      const kept = store.get(keyOf(key)) ?? rule.initial;
      return { key, value: rule.show?.(kept) ?? kept };
    }
    const snapshot = snapshotKey(house, key);
    if (snapshot) return { key, value: snapshot.found[snapshot.what] };
    return { key, value: instanceSetting(house, key) };
  };
  const keep = async (key: string, rule: Rule, value: string): Promise<void> => {
    const why = rule.refuse(value, house);
    if (why !== undefined) throw badSetting(key, value, why);
    if (user && !rule.personal) throw user.refuse();
    const before = store.get(keyOf(key)) ?? rule.initial;
    const kept = await rule.asKept?.(value) ?? value;
    if (before !== kept) await rule.apply?.(kept, house);
    store.set(keyOf(key), kept);
    if (!rule.personal && before !== kept) house.onSetting?.();
  };
  return {
    get,
    all: () => [
      ...Object.keys(RULES),
      ...house.registry.all.flatMap(({ id, name }) => [...instanceKeys(name), ...snapshotKeys(house, id, name)]),
    ].toSorted().map(get),
    async set(key, { value, makeBridge }) {
      const rule = ruleOf(key);
      const snapshot = rule ? undefined : snapshotKey(house, key);
      if (snapshot) return get(describeSnapshot(house, snapshot, key, value));
      if (rule) await keep(key, rule, value);
      else await setInstanceSetting(house, key, value, makeBridge ?? false);
      return get(key);
    },
  };
}
