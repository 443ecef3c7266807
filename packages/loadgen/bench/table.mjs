/**
 * What the load generator costs and how exact it is, beside others on the same machine in the same run, server and clients in processes of their own.
 * Run it after a build, on a quiet machine: `node bench/table.mjs [--runs 5] [row …]`. Prints a Markdown table: the median, the least and the most of all runs.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { ROWS } from './rows.mjs';

const { values, positionals } = parseArgs({ options: { runs: { type: 'string', default: '5' } }, allowPositionals: true });
const runs = Number(values.runs);
const unknown = positionals.filter((name) => !ROWS.some((row) => row.name === name));
if (unknown.length > 0 || !(runs >= 1)) {
  console.error(`usage: table.mjs [--runs N] [row …]; rows: ${ROWS.map(({ name }) => name).join(' ')}`);
  process.exit(2);
}
const shown = (value) => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(3).replace(/\.?0+$/, ''));

console.log(`${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}, ${runs} runs\n`);
console.log('| measure | row | asked | median (least – most) | met | last run |\n| --- | --- | --- | --- | --- | --- |');
let missed = 0;
for (const { name, what, unit, most, least, run } of ROWS) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  const results = [];
  for (let i = 0; i < runs; i++) results.push(await run());
  const sorted = results.map(({ value }) => value).sort((a, b) => a - b);
  const median = (sorted[Math.floor((runs - 1) / 2)] + sorted[Math.ceil((runs - 1) / 2)]) / 2;
  const asked = most !== undefined ? `≤ ${most} ${unit}` : least !== undefined ? `≥ ${least} ${unit}` : '';
  const met = most !== undefined ? median <= most : least !== undefined ? median >= least : null;
  if (met === false) missed += 1;
  const cells = [
    what,
    name,
    asked.trim(),
    `${shown(median)} ${unit} (${shown(sorted[0])} – ${shown(sorted.at(-1))})`,
    met === null ? '' : met ? 'yes' : 'no',
  ];
  console.log(`| ${[...cells, results.at(-1).note].join(' | ')} |`);
}
if (missed > 0) console.log(`\n${missed} not met`);
