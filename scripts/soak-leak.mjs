// Kills `bench run` with SIGKILL at instants that are spread over its whole life, seeded, on machines of a fake cloud, cleans up with `bench gc`, and counts what is left.
// Ends with 1 when a machine is left, or one that is not ours was ended.
//   node scripts/soak-leak.mjs [--kills 200] [--seed 1] [--jobs 12] [--minutes 15] [--keep]
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startCloud } from './soak/fake-cloud.mjs';
import { oneLife } from './soak/life.mjs';
import { numbers, planOfKills } from './soak/plan.mjs';
import { newTally, tell } from './soak/tally.mjs';
import { endAll, newUser } from './soak/user.mjs';

/** Lives for one kill. */
const MOST_TRIES = 12;
/** Each life wants another one, so that they do not wait for each other. */
const GPUS = ['RTX 4090', 'RTX 5090', 'L40S', 'H200'];

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    // They wait more than they work.
    jobs: { type: 'string', default: '12' },
    minutes: { type: 'string', default: '15' },
    keep: { type: 'boolean', default: false },
  },
});
const [kills, seed, jobs, minutes] = [values.kills, values.seed, values.jobs, values.minutes].map(Number);
const started = performance.now();
const tally = newTally(() => Math.round((performance.now() - started) / 1000));
const root = await mkdtemp(join(tmpdir(), 'bench-soak-'));
const cloud = await startCloud(seed);
const userOf = (name, gpu) => newUser({ dir: join(root, name), cloud, gpu });

try {
  process.exitCode = (await soak()) ? 0 : 1;
} finally {
  endAll();
  await cloud.end();
  if (!values.keep) await rm(root, { recursive: true, force: true, maxRetries: 3 });
}

async function soak() {
  const others = new Set();
  // Somebody else's machines in the same account, one of them by a name that is much like ours.
  for (const name of ['bench-zzzzzz-rstranger0-0', 'bench-zzzzzz-rstranger0-1', 'a-machine-of-ada']) others.add(await cloud.stranger(name));
  const [held, known] = await Promise.all([secondUser(), wholeLife()]);
  others.add(held);
  console.log(
    `a life takes ${(known.lifeMs / 1000).toFixed(1)} s and writes ${known.events} events; ${kills} kills, ${jobs} at a time, seed ${seed}`,
  );
  await cloud.upset();

  const plan = planOfKills(kills, numbers(seed));
  await Promise.all(
    Array.from({ length: jobs }, async () => {
      for (let kill = plan.shift(); kill; kill = plan.shift()) if (!(await untilKilled(kill, known))) return;
    }),
  );
  return tell({ tally, truth: await cloud.state(), others, kills });
}

/** A life that ended before its kill is cleaned up too, and is no kill: again, a little earlier. False: the time is over. */
async function untilKilled(kill, known) {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    if (performance.now() - started > minutes * 60_000) return false;
    const user = await userOf(`life${kill.n}-${tries}`, GPUS[kill.n % GPUS.length]);
    const leaks = tally.leaks.length;
    const killed = await oneLife({ user, cloud, kill: { ...kill, share: kill.share * 0.9 ** tries }, known, tally });
    if (!values.keep && tally.leaks.length === leaks) await user.forget();
    if (killed) return true;
  }
  return true;
}

/** A second user, whose machine stays up all the while. Answers with its id. */
async function secondUser() {
  const second = await userOf('second', 'RTX PRO 6000');
  const run = second.run('--no-teardown', '--keep-for', '8h');
  const code = await run.ended;
  for (const { id, name } of (await cloud.state()).live) if (await second.owns(name)) return id;
  throw new Error(`the second user has no machine (bench ended with ${code}):\n${run.text()}`);
}

/** How long a life is that nobody ends, from the first that it writes, and how much that is. */
async function wholeLife() {
  const user = await userOf('whole', 'L40S');
  const life = user.run();
  await user.written(1, life);
  const from = performance.now();
  if ((await life.ended) !== 0) throw new Error(`a life without faults failed:\n${life.text()}`);
  return { lifeMs: performance.now() - from, events: await user.count() };
}
