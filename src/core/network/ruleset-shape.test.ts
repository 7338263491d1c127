import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { shapeOf } from './ruleset-shape.ts';

const OURS = readFileSync(new URL('golden/ruleset.txt', import.meta.url), 'utf8');
/** As nft 1.0.6 lists it. */
const LISTED = `table bridge holdfast_1a2b3c4d {
	set cards {
		type ifname . ether_addr
		elements = { "h1a2b-00c0ffee0" . 52:54:00:12:34:56,
			     "h1a2b-0badcafe0" . 52:54:00:ba:dc:af }
	}

	set own4 {
		type ifname . ipv4_addr
	}

	chain from_cards {
		type filter hook prerouting priority dstnat; policy accept;
		ether type != { ip, arp, ip6 } drop
		tcp flags syn / syn,rst tcp option maxseg size set rt mtu
	}

	chain claims {
	}
}
`;

test('rules and elements are counted, in our words and in those of nft', () => {
  expect(shapeOf(LISTED)).toEqual(['cards 2', 'claims 0', 'from_cards 2', 'own4 0']);
  expect(shapeOf(OURS)).toEqual([
    'arp4 3', 'cards 3', 'claims 10', 'forward 10', 'from_cards 11', 'given4 5', 'given6 10', 'input 9', 'leases 5', 'own4 5', 'own6 10', 'postrouting 4',
  ]);
});
