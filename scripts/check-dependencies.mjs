// Fails when a package reaches where the design does not let it. See scripts/lib/rules.mjs for the rules.
import { checkWorkspace } from './lib/check-workspace.mjs';
import { ROOT } from './lib/workspace.mjs';

const { problems, files } = checkWorkspace(ROOT);
for (const { where, message } of problems) console.error(`${where}  ${message}`);
if (problems.length > 0) {
  console.error(`\n${problems.length} problem${problems.length === 1 ? '' : 's'} of dependency or purity (rules: scripts/lib/rules.mjs)`);
  process.exitCode = 1;
} else {
  console.log(`dependencies and purity: ${files} files are fine`);
}
