import { join } from 'node:path';
import { printable } from '@bench/core';
import { type Ledger, OWNER_IN_NAME } from '@bench/provisioning';
import type { Styles } from './style.ts';

/** What of the ledger cannot be read, and what to do: for the error output, each with its line break; empty when all of it can. */
export async function damageText(ledger: Pick<Ledger, 'damage' | 'dir' | 'owner'>, style: Pick<Styles, 'yellow' | 'dim'>): Promise<string> {
  const damage = await ledger.damage();
  if (damage.length === 0) return '';
  const path = join(ledger.dir, 'ledger.jsonl');
  const lines = damage.map(({ line, text }) => `${style.yellow('not readable:')} ${path}, line ${line}: ${printable(text)}`);
  const names = `bench-${ledger.owner.slice(0, OWNER_IN_NAME)}-…`;
  const todo = `a machine that it tells of may cost money: look at your providers for ${names}; put the line back, or empty it when none is up`;
  return [...lines, style.dim(`  ${todo}`), ''].join('\n');
}
