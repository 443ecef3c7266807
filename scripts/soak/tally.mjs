/** What is counted on the way. @param {() => number} seconds since the start */
export function newTally(seconds) {
  const fell = new Map();
  return {
    kills: 0,
    ended: 0,
    gc: 0,
    hung: 0,
    leaks: [],
    fell,
    /** @param {string} last what was written last */
    killed(last) {
      this.kills += 1;
      fell.set(last, (fell.get(last) ?? 0) + 1);
      if (this.kills % 20 === 0) console.log(`${this.kills} kills, ${this.leaks.length} leaks, ${seconds()} s`);
    },
    seconds,
  };
}

/**
 * Says what came of it all, and what must not be.
 * @param truth what the cloud has and was asked
 * @param others ids of machines that nobody may touch
 * @returns whether nothing is left, nothing else was touched, and all kills were made
 */
export function tell({ tally, truth, others, kills }) {
  const left = truth.live.filter(({ id }) => !others.has(id));
  const touched = truth.terminates.filter(({ id }) => others.has(id));
  const missing = [...others].filter((id) => !truth.live.some((live) => live.id === id));
  console.log(
    [
      `kills (SIGKILL in a life)    ${tally.kills} of ${kills}`,
      `lives that ended before it   ${tally.ended} (cleaned up too, and not counted)`,
      `creates acknowledged         ${truth.createsAcknowledged}`,
      `creates lost                 ${truth.createsLost}`,
      `gc runs                      ${tally.gc}`,
      `machines left                ${left.length}`,
      `terminates of not ours       ${touched.length}`,
      `seconds                      ${tally.seconds()}`,
      'where the kills fell, by the last event of ledger or journal:',
      ...[...tally.fell].toSorted(([, a], [, b]) => b - a).map(([event, count]) => `  ${event.padEnd(29)}${count}`),
    ].join('\n'),
  );
  const wrong = [
    ...tally.leaks,
    ...left.map(({ name, id }) => `left: ${name} (${id})`),
    ...touched.map(({ name, id }) => `not ours, and ended: ${name} (${id})`),
    ...missing.map((id) => `not ours, and gone: ${id}`),
    ...(tally.kills < kills ? [`only ${tally.kills} of ${kills} kills in the time there was`] : []),
    ...(tally.hung > 0 ? [`${tally.hung} processes hung`] : []),
  ];
  for (const line of wrong) console.error(line);
  return wrong.length === 0;
}
