import { EXIT } from '@bench/core';
import { runSelfcheck, type SelfcheckLevel, verdictOf } from '@bench/loadgen/selfcheck';
import { usage } from '../asked.ts';
import { withContext } from '../context.ts';
import { keepSelfcheck } from '../kept-selfcheck.ts';
import { Progress } from '../ui/progress.ts';
import { levelText, selfcheckText } from '../ui/selfcheck-text.ts';
import { styles } from '../ui/style.ts';

/** `bench selfcheck`. */
export function selfcheck(flags: { levels?: string | undefined; json?: true | undefined }): Promise<number> {
  return withContext(
    async ({ io, signal }) => {
      const levels = flags.levels === undefined ? undefined : levelsOf(flags.levels);
      process.stderr.write('checking this machine’s load client; it takes less than a minute\n');
      const progress = new Progress({ stream: process.stderr, style: styles(process.stderr), clock: io.monotonic });
      const check = await runSelfcheck({
        ...(levels === undefined ? {} : { levels }),
        signal,
        onLevel: (level) => progress.status(() => `at ${levelText(level)}`),
      }).finally(() => progress.close());
      // A few levels say too little of what a worker can read.
      const kept = levels === undefined ? await keepSelfcheck(check, io.now()) : null;
      const verdict = verdictOf(check);
      if (flags.json) process.stdout.write(`${JSON.stringify({ verdict, ...check }, null, 1)}\n`);
      else process.stdout.write(selfcheckText(check, styles(process.stdout)));
      if (kept !== null) process.stderr.write(`kept in ${kept}; results of load that is sent from here quote it from now on\n`);
      return EXIT.ok;
    },
    { stopText: null },
  );
}

/** More than this no machine's ports and files allow. */
const MOST = 20_000;

function levelsOf(text: string): SelfcheckLevel[] {
  return text.split(',').map((part) => {
    const match = /^\s*(\d+)(\/s)?\s*$/.exec(part);
    const value = Number(match?.[1]);
    if (!match || value < 1 || value > MOST)
      throw usage(`--levels: "${part}" is neither a number of streams (200) nor of requests a second (50/s)`, `from 1 to ${MOST}`);
    return match[2] === undefined ? { kind: 'streams', streams: value } : { kind: 'rate', ratePerS: value };
  });
}
