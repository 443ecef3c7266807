import { BenchError, didYouMean, messageOf } from '@bench/core';
import type { CheckItem, CheckReport } from '../contract/provider.ts';
import type { JobLook } from './look.ts';
import { parseNodes, SINFO_ARGS } from './nodes.ts';
import type { SlurmSettings } from './settings.ts';
import type { SlurmTools } from './tools.ts';

/** Can the login host be reached, are Slurm's tools there, and does the controller answer? */
export async function checkCluster(o: {
  tools: SlurmTools;
  look: JobLook;
  settings: SlurmSettings;
  common: readonly string[];
  signal?: AbortSignal | undefined;
}): Promise<CheckReport> {
  const { tools, look, settings, common, signal } = o;
  const items: CheckItem[] = [];
  try {
    const version = await tools.ask({ op: 'check', tool: 'sbatch', args: ['--version'], signal });
    items.push({ name: 'login host', state: 'ok', text: `${tools.login}, ${version.trim()}` });
    const nodes = parseNodes(await tools.ask({ op: 'check', tool: 'sinfo', args: [...common, ...SINFO_ARGS], signal }));
    items.push(partitionsOf([...new Set(nodes.map(({ partition }) => partition))], settings));
    items.push(accountingItem(await look.accounting({ op: 'check', signal })));
  } catch (error) {
    signal?.throwIfAborted();
    const told = BenchError.is(error) ? error : undefined;
    items.push({
      name: items.length === 0 ? 'login host' : 'controller',
      state: 'failed',
      text: messageOf(error),
      fix: told?.hint ?? `see that sinfo works on ${tools.login}`,
      ...(told === undefined ? {} : { exitCode: told.exitCode }),
    });
  }
  return { items };
}

function partitionsOf(partitions: readonly string[], { partition }: SlurmSettings): CheckItem {
  const name = 'partitions';
  const text = partitions.join(', ');
  if (partitions.length === 0) {
    return {
      name,
      state: 'failed',
      text: 'there is none that you may use',
      fix: 'ask the cluster’s administrators for access to a partition',
    };
  }
  if (partition === undefined || partitions.includes(partition)) return { name, state: 'ok', text };
  const fix = `mend providers.slurm.partition: ${didYouMean(partition, partitions) ?? `there are: ${text}`}`;
  return { name, state: 'failed', text: `there is no partition "${partition}"`, fix };
}

function accountingItem(kept: boolean | null): CheckItem {
  const name = 'accounting';
  if (kept === true) return { name, state: 'ok', text: 'kept' };
  if (kept === false) return { name, state: 'ok', text: 'not kept: memory of jobs is not known, and how they ended only for some minutes' };
  return {
    name,
    state: 'warning',
    text: 'the database does not answer',
    fix: 'wait; jobs run without it, and how they ended is known for some minutes',
  };
}
