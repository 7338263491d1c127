/** Checks the layer rules, and that they were checked: a cruise that saw no file, or not ours, is a failure. */
import { cruise } from 'dependency-cruiser';
import extractConfig from 'dependency-cruiser/config-utl/extract-depcruise-config';

/** Fewer modules than this in src/ means that the cruiser did not understand the sources. */
const LEAST_MODULES = 100;

const config = await extractConfig('./.dependency-cruiser.cjs');
const { output } = await cruise(['src'], { ...config.options, ruleSet: { forbidden: config.forbidden ?? [] }, validate: true });
if (typeof output === 'string') throw new Error('the cruiser reported text, not a result');
const ours = output.modules.filter(({ source }) => source.startsWith('src/'));
const imports = ours.flatMap(({ dependencies }) => dependencies).filter(({ resolved }) => resolved.startsWith('src/'));
for (const { from, to, rule } of output.summary.violations) process.stdout.write(`${rule.name}: ${from} -> ${to}\n`);
if (ours.length < LEAST_MODULES || imports.length < LEAST_MODULES) {
  process.stdout.write(`only ${ours.length} modules and ${imports.length} imports were seen: the check looked at nothing\n`);
  process.exit(1);
}
process.stdout.write(`${ours.length} modules, ${imports.length} imports between them, ${output.summary.violations.length} violations\n`);
process.exit(output.summary.violations.length === 0 ? 0 : 1);
