import { expect, test } from 'vitest';
import { filterChains, isDropping } from './dropping-chains.ts';

test('chains of others are found, for the hooks and families that guests\' packets pass', () => {
  expect(filterChains(`table ip filter {
	chain DOCKER-USER {
	}
	chain FORWARD {
		type filter hook forward priority filter; policy drop;
	}
	chain INPUT {
		type filter hook input priority filter; policy accept;
	}
}
table ip6 filter {
	chain FORWARD {
		type filter hook forward priority filter; policy drop;
	}
}
table inet mine {
	chain in {
		type filter hook input priority filter; policy drop;
	}
	chain out {
		type filter hook output priority filter; policy drop;
	}
}
table inet holdfast_1a2b3c4d {
	chain forward {
		type filter hook forward priority filter; policy drop;
	}
}
`)).toEqual([
    { family: 'ip', table: 'filter', chain: 'FORWARD', hook: 'forward', policy: 'drop' }, { family: 'ip', table: 'filter', chain: 'INPUT', hook: 'input', policy: 'accept' },
    { family: 'inet', table: 'mine', chain: 'in', hook: 'input', policy: 'drop' },
  ]);
});

const drops = (policy: 'accept' | 'drop', rules: readonly string[], others: Readonly<Record<string, readonly string[]>> = {}): boolean => {
  const chain = (name: string, lines: readonly string[]): string => `\tchain ${name} {\n${lines.map((line) => `\t\t${line}\n`).join('')}\t}\n`;
  const text = `table inet mine {\n${chain('FORWARD', [`type filter hook forward priority filter; policy ${policy};`, ...rules])}${Object.entries(others).map(([name, lines]) => chain(name, lines)).join('\n')}}\n`;
  return isDropping({ family: 'inet', table: 'mine', chain: 'FORWARD', hook: 'forward', policy }, text);
};
const SOME = ['ct state established,related accept', 'iifname "eth1" oifname "eth0" accept', 'tcp dport { 22, 80 } accept', 'ip saddr 192.168.1.0/24 jump lan'];

test.each([
  'drop', 'reject', 'reject with icmpx admin-prohibited', 'reject with icmp host-prohibited', 'counter packets 12 bytes 720 reject with icmp type host-prohibited', 'counter packets 0 bytes 0 xt target "REJECT"',
  'log prefix "dropped: " level info flags all drop', 'counter name "gone" log drop comment "the rest"', 'meta nfproto ipv4 drop',
])('a chain that ends with this drops, whatever its policy: %s', (rule) => {
  expect(drops('accept', [...SOME, rule])).toBe(true);
});

test.each([
  'iifname "eth0" drop', 'ct state invalid drop', 'meta nfproto ipv6 drop', 'limit rate over 10/second drop', 'log prefix "drop"', 'meta l4proto tcp reject with tcp reset', 'ip daddr 10.0.0.0/8 reject', 'counter packets 0 bytes 0',
])('one that ends with this does as its policy says: %s', (rule) => {
  expect(drops('accept', [...SOME, rule])).toBe(false);
  expect(drops('drop', [...SOME, rule])).toBe(true);
});

test('one that lets everything pass before, or everything that comes in elsewhere, drops nothing of a guest\'s', () => {
  for (const rule of ['accept', 'counter packets 1 bytes 2 accept', 'iifname != "eth0" accept', 'iifname != { "eth0", "eth1" } counter packets 0 bytes 0 accept']) expect(drops('drop', [...SOME, rule, 'drop']), rule).toBe(false);
  for (const rule of ['iifname != "eth0" tcp dport 22 accept', 'oifname != "eth0" accept']) expect(drops('accept', [...SOME, rule, 'drop']), rule).toBe(true);
});

test('it is followed to where everything goes', () => {
  expect(drops('accept', ['jump one', 'accept'], { one: ['tcp dport 22 accept', 'goto two'], two: ['drop'] })).toBe(true);
  expect(drops('accept', ['jump zones', 'reject with icmpx admin-prohibited'], { zones: ['iifname "eth0" goto public', 'goto trusted'], public: ['drop'], trusted: ['accept'] }), 'firewalld, where all else is trusted').toBe(false);
  expect(drops('accept', ['jump zones', 'reject with icmpx admin-prohibited'], { zones: ['iifname "eth0" goto public', 'goto public'], public: ['tcp dport 22 accept'] })).toBe(true);
  expect(drops('drop', ['jump DOCKER-USER', 'accept'], { 'DOCKER-USER': ['return', 'drop'] })).toBe(false);
});
