import { expect, test } from 'vitest';
import { droppingChains } from './dropping-chains.ts';

test('chains of others that drop what no rule lets pass are found, for the hooks and families that guests\' packets pass', () => {
  expect(droppingChains(`table ip filter {
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
}
table inet holdfast_1a2b3c4d {
	chain forward {
		type filter hook forward priority filter; policy drop;
	}
}
`)).toEqual([{ family: 'ip', table: 'filter', hook: 'forward' }, { family: 'inet', table: 'mine', hook: 'input' }]);
});
