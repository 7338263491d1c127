import { defineCommand } from '../../command.ts';
import { UsageError } from '../../failure.ts';
import { cardVerbs } from './cards.ts';
import { changeVerbs } from './change.ts';
import { historyVerbs } from './history.ts';
import { planVerb } from './plan.ts';
import { showVerb } from './show.ts';
import { NET_OPTIONS, type NetOption, type NetValues, type Verb } from './verb.ts';

const VERBS: readonly Verb[] = [showVerb, planVerb, ...changeVerbs, ...historyVerbs, ...cardVerbs];

export const net = defineCommand({
  name: 'net',
  group: 'Inside an instance',
  onlyHere: true,
  summary: 'The network of an instance: show it, change it so that it can be undone, add and take out cards',
  usage: VERBS.map(({ name, usage }) => `${name} ${usage}`).join(' | '),
  takes: [
    ['<name>', 'of an instance'], ['<file>', 'of netplan\'s; - is stdin'], ['<address/prefix>', 'for the second interface: 192.168.68.20/24'],
    ['<revision>', 'its number in the history'], ['<card>', 'its MAC address, or its number in the list'],
  ],
  args: [1, Infinity],
  options: NET_OPTIONS,
  examples: [
    ['holdfast net show apollo', 'every interface, its addresses and where they are from'],
    ['holdfast net plan apollo 60-lan.yaml', 'what the file would do; changes nothing'],
    ['holdfast net plan --offline ./etc/netplan --links guest.json new.yaml', 'the same without an instance'],
    ['holdfast net apply apollo 60-lan.yaml --probe tcp:10.0.0.5:443', 'do it: kept when everything answers, undone otherwise'],
    ['holdfast net apply apollo 60-lan.yaml --hold', 'do it, and undo it after a minute unless "net commit" comes'],
    ['holdfast net static apollo 192.168.68.20/24', 'a static address on a second interface; the first stays as it is'],
    ['holdfast net pin apollo', 'the first interface static, at the address that it has'],
    ['holdfast net history apollo', 'what was changed, when and by whom'],
    ['holdfast net restore apollo 3', 'as it was in revision 3'],
    ['holdfast net repair apollo', 'the first interface as it was launched, whatever the files say'],
    ['holdfast net attach apollo --network br0', 'a further card, on a bridge of the host'],
    ['holdfast net attach apollo --network eth0', 'on the network that the host\'s eth0 is on: a bridge is made of it when you agree'],
  ],
  notes: [
    '"net plan" ends with 0 when the change is safe, 10 where caution is due, 11 when it would lock out, 12 when it is invalid, 13 when it is not known.',
    'A change that is not confirmed is undone by the guest itself, also when the host or the daemon dies meanwhile.',
    'Of an instance that is stopped cards can be added and taken out, and changes planned by what was seen of it last.',
  ],
  async run(context, { args: [word = '', ...rest], options }) {
    const verb = VERBS.find(({ name }) => name === word);
    if (verb === undefined) throw new UsageError(`Unknown action '${word}'`, `there are: ${VERBS.map(({ name }) => `net ${name}`).join(', ')}`);
    requireOwn(verb, options);
    const [least, most] = verb.args;
    if (rest.length < least) throw new UsageError(rest.length === 0 ? 'Name the instance' : 'Wrong number of arguments given', `write it as: holdfast net ${word} ${verb.usage}`);
    if (rest.length > most) throw new UsageError('Too many arguments given', `write it as: holdfast net ${word} ${verb.usage}`);
    return await verb.run(context, rest, options);
  },
});

/** @throws UsageError  an option of another action's */
function requireOwn(verb: Verb, options: NetValues): void {
  for (const key of Object.keys(NET_OPTIONS) as NetOption[]) {
    const value = options[key];
    const given = Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
    if (given && !verb.options.includes(key)) throw new UsageError(`${NET_OPTIONS[key].flags.split(' ')[0] ?? ''} does not belong to "net ${verb.name}"`, 'see: holdfast help net');
  }
}
