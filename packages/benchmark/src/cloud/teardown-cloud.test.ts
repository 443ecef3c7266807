import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIo } from '@bench/core';
import { connect } from '@bench/host';
import { openLedger } from '@bench/provisioning';
import { readJournal, rentedMachines, runCost, runPaths, RunWriter } from '@bench/results';
import { expect, it } from 'vitest';
import { fakeRenter } from './testing/fake-renter.ts';
import { writeGone } from './teardown-cloud.ts';

it('one that turned out never to have been made is not missing from what the run cost any more, one that was made is', async ({
  onTestFinished,
}) => {
  const root = await mkdtemp(join(tmpdir(), 'bench-gone-'));
  const io = createIo({ connect });
  const ledger = await openLedger({ dir: join(root, 'ledger'), io });
  const writer = await RunWriter.create(
    { root: join(root, 'runs'), asked: { recipes: [], site: 'cloud', filter: [], seed: 0 }, tasks: [], tools: {} },
    io,
  );
  onTestFinished(async () => {
    await writer.close();
    await ledger.close();
    await rm(root, { recursive: true, force: true });
  });
  const renter = fakeRenter({ root });
  const unmade = await renter.plant(ledger, writer.run.id, { there: true, created: false });
  const made = await renter.plant(ledger, writer.run.id, { there: true, created: true });
  const price = { priceUsdPerHour: 3.6, priceSource: 'P', diskGb: 1, storageUsdPerGbMonth: null };
  for (const [machine, name] of [unmade, made].entries()) {
    await writer.event({ type: 'machine_intent', machine, name, group: 0, provider: 'paper', offer: 'o', ...price });
    const error = { code: 'BENCH_PROVIDER_UNKNOWN_OUTCOME', message: 'x' };
    await writer.event({ type: 'machine_failed', machine, name, error });
  }
  const events = async () => (await readJournal(runPaths.journal(writer.dir))).events;
  const views = rentedMachines(await events());
  await writeGone({ writer, views, access: { ledger } });
  expect(runCost(await events())).toMatchObject({ atLeast: true, machines: [{ outcome: 'open' }, { outcome: 'open' }] });
  await ledger.refused(unmade, 'never to be seen');
  await ledger.gone(made);
  await writeGone({ writer, views, access: { ledger } });
  expect(runCost(await events())).toMatchObject({ atLeast: false, machines: [{ outcome: 'refused' }, { outcome: 'failed' }] });
});
