import { setTimeout as delay } from 'node:timers/promises';

/** Longer than any clean-up; what takes so long hangs, and that is told. */
const HANGS_MS = 240_000;
/** A clean-up that the cloud's faults disturbed says so, and is run again; at the end nothing may be left. */
const ROUNDS = 5;

/**
 * Starts a run, kills it at its moment, cleans up, and looks what is left. What came of it is added to the tally.
 * @param {object} o
 * @param o.kill `{ n, by, share }`: when, as {@link planOfKills} says
 * @param o.known `{ lifeMs, events }`: how long a life is from the first that it writes; learnt from those that ended by themselves
 * @returns whether it was killed in its life
 */
export async function oneLife({ user, cloud, kill, known, tally }) {
  const life = user.run();
  let from = performance.now();
  if (kill.by === 'time') {
    await user.written(1, life);
    from = performance.now();
    await Promise.race([delay(kill.share * known.lifeMs), life.ended]);
  } else await user.written(Math.floor(kill.share * known.events), life);
  life.kill();
  // The system says by what it ended: one that ended by itself in the last moment is no kill.
  const killed = (await life.ended) === 'SIGKILL';
  const afterMs = performance.now() - from;
  if (killed) tally.killed(await user.last());
  else {
    tally.ended += 1;
    // Faults lengthen lives as they shorten them; towards what is usual with so many at a time.
    if (kill.by === 'time') known.lifeMs = known.lifeMs * 0.8 + afterMs * 0.2;
  }
  const gc = await cleanUp(user, tally);
  const left = [];
  for (const { name } of (await cloud.state()).live) if (await user.owns(name)) left.push(name);
  if (left.length > 0 || gc.code !== 0) {
    const how = `life ${kill.n}, ${killed ? 'killed' : 'ended'} after ${Math.round(afterMs)} ms`;
    tally.leaks.push(`${how}: gc ended with ${gc.code}; left: ${left.join(', ') || 'nothing'}\n${gc.text}`);
  }
  return killed;
}

async function cleanUp(user, tally) {
  let last = { code: null, text: '' };
  for (let round = 0; round < ROUNDS && last.code !== 0; round++) {
    const gc = user.bench(['gc']);
    tally.gc += 1;
    const code = await Promise.race([gc.ended, delay(HANGS_MS, 'hangs', { ref: false })]);
    if (code === 'hangs') {
      tally.hung += 1;
      gc.kill();
    }
    last = { code, text: gc.text() };
  }
  return last;
}
