import { EXIT, formatDuration, type Io } from '@bench/core';
import { isOver, type Ledger, type LedgerEntry } from '@bench/provisioning';
import { ledgerDir, withLedger } from '../cloud-access.ts';
import { withContext } from '../context.ts';
import { ledgerMachines, type SeenMachine } from '../seen-machines.ts';
import { columns } from '../ui/columns.ts';
import { damageText } from '../ui/damage-lines.ts';
import { stateText } from '../ui/entry-text.ts';
import { usdPerHour } from '../ui/money.ts';
import { gpuText } from '../ui/offer-rows.ts';
import { heldText, orphanLines } from '../ui/orphan-lines.ts';
import { type Styles, styles } from '../ui/style.ts';
import { terminalWidth } from '../ui/width.ts';

const ROOMY = 120;

/** `bench ledger`. */
export function ledger(flags: { all?: true | undefined; json?: true | undefined }): Promise<number> {
  return withContext(
    ({ io }) =>
      withLedger(io, async (opened) => {
        const all = await opened.entries();
        const others = (await opened.others()).filter((entry) => !isOver(entry));
        const machines = await ledgerMachines(opened, io);
        process.stderr.write(await damageText(opened, styles(process.stderr)));
        if (flags.json) {
          const claims = new Map(machines.map(({ name, claim }) => [name, claim]));
          const told = all
            .filter((entry) => flags.all || !isOver(entry))
            // Who works with it, in words; null: nobody.
            .map((entry) => ({ ...entry, claim: claims.get(entry.name) ?? null }));
          process.stdout.write(
            `${JSON.stringify({ dir: opened.dir, owner: opened.owner, machines: told, others, damage: await opened.damage() }, null, 1)}\n`,
          );
          return EXIT.ok;
        }
        const shown = { style: styles(process.stdout), width: terminalWidth(process.stdout) };
        const lines = flags.all ? allLines(all, machines, io, shown) : upLines(all, machines, { opened, io, ...shown });
        lines.push(...othersLines(others));
        process.stdout.write(`${[...lines, shown.style.dim(`${ledgerDir()}, owner ${opened.owner}`)].join('\n')}\n`);
        return EXIT.ok;
      }),
    { stopText: null },
  );
}

/** Machines of the computer that the ledger was copied from. */
function othersLines(others: readonly { owner: string; name: string }[]): string[] {
  return [...new Set(others.map(({ owner }) => owner))].map((owner) => {
    const names = others.filter((entry) => entry.owner === owner).map(({ name }) => name);
    return `of the computer that this ledger was copied from (bench gc --owner ${owner} ends them): ${names.join(', ')}`;
  });
}

interface Shown {
  style: Styles;
  width: number | undefined;
}

function upLines(all: readonly LedgerEntry[], machines: readonly SeenMachine[], o: Shown & { opened: Ledger; io: Io }): string[] {
  if (all.length === 0) return ['no machine was ever rented'];
  if (machines.length === 0) return [`no machine is up; ${all.length} ${all.length === 1 ? 'was' : 'were'}: bench ledger --all`];
  const { opened, io, style } = o;
  const orphans = orphanLines(machines, { now: io.now(), owner: opened.owner, ...o });
  return [
    ...table(machines, io, o),
    '',
    ...(orphans.length > 0 ? [...orphans, ''] : []),
    style.dim('end those of a run: bench teardown RUN; one: bench vm delete NAME'),
    style.dim('end what nobody holds: bench gc; ask the providers, too: bench vm list'),
  ];
}

function allLines(all: readonly LedgerEntry[], machines: readonly SeenMachine[], io: Io, shown: Shown): string[] {
  if (all.length === 0) return ['no machine was ever rented'];
  const seen = new Map(machines.map((machine) => [machine.name, machine]));
  const rows = all.map(
    (entry): SeenMachine =>
      seen.get(entry.name) ?? {
        name: entry.name,
        provider: entry.provider,
        machine: null,
        entry,
        claim: null,
        asked: false,
        whose: 'ours',
      },
  );
  return table(rows, io, shown);
}

function table(machines: readonly SeenMachine[], io: Io, { style, width }: Shown): string[] {
  const roomy = width === undefined || width >= ROOMY;
  const rows = machines.flatMap((seen) => {
    const { entry } = seen;
    if (entry === null) return [];
    return [
      [
        entry.name,
        entry.provider,
        stateText(entry),
        usdPerHour(entry.priceUsdPerHour),
        ageText(entry, io.now()),
        ...(roomy ? [gpuText(entry.offer.gpu), entry.offer.zone ?? entry.offer.region] : []),
        isOver(entry) ? '' : heldText(seen),
      ],
    ];
  });
  const header = ['MACHINE', 'PROVIDER', 'STATE', 'PRICE', 'FOR', ...(roomy ? ['GPU', 'WHERE'] : []), 'HELD BY (UTC)'];
  return columns(header, rows, style, { width, whole: [0] })
    .trimEnd()
    .split('\n');
}

/** How long it was there, or is. */
function ageText(entry: LedgerEntry, now: number): string {
  const from = Date.parse(entry.createdAt ?? entry.intentAt);
  const to = entry.endedAt === null ? now : Date.parse(entry.endedAt);
  return formatDuration(Math.max(0, to - from));
}
