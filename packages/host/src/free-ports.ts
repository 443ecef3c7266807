import { BenchError, type ExecResult, EXIT, type Host, type Io } from '@bench/core';

/** Ports for services of ours: above what daemons use, below where systems take the ports of connections from (32768 on Linux). */
const RANGE = { first: 20_000, last: 29_999 };

/**
 * The local ports on which somebody listens, in hexadecimal: field 2 where field 4, the state, is 0A (LISTEN), proc(5). Without `/proc`
 * the same from `netstat`, in decimal after a `d`. Then `end`: an answer
 * without it was cut off, and would make taken ports free.
 */
const LISTENING = String.raw`
if [ -r /proc/net/tcp ]; then
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | while read -r _ local _ state _; do [ "$state" = 0A ] && echo "${'$'}{local##*:}"; done
else
  command -v netstat >/dev/null 2>&1 || { echo 'neither /proc nor netstat tells who listens' >&2; exit 1; }
  netstat -an -p tcp 2>/dev/null | while read -r _ _ _ local _ state _; do [ "$state" = LISTEN ] && echo "d${'$'}{local##*[.:]}"; done
fi
echo end
exit 0
`;

const LOOK_MS = 30_000;

/**
 * Ports on the host that nobody listens on at this moment, chosen at random from 20000 to 29999 so that two runs at one time do not
 * choose the same.
 * @throws BenchError `BENCH_HOST_NO_PORT` when there are not so many, `BENCH_HOST_PORTS_UNKNOWN` when the host does not tell which are taken.
 */
export async function freePorts(host: Host, count: number, options: { io: Pick<Io, 'random'>; signal?: AbortSignal }): Promise<number[]> {
  const { io, signal } = options;
  const result = await host.exec({ script: LISTENING }, { repeatable: true, timeoutMs: LOOK_MS, ...(signal ? { signal } : {}) });
  const words = result.stdout.trim().split(/\s+/);
  if (result.code !== 0 || result.timedOut || words.pop() !== 'end') throw unknown(host, result);
  const taken = new Set(words.map((word) => (word.startsWith('d') ? Number(word.slice(1)) : Number.parseInt(word, 16))));
  const size = RANGE.last - RANGE.first + 1;
  const free = size - [...taken].filter((port) => port >= RANGE.first && port <= RANGE.last).length;
  if (free < count) {
    throw new BenchError({
      code: 'BENCH_HOST_NO_PORT',
      message: `${host.name} has ${free} free ports from ${RANGE.first} to ${RANGE.last}; ${count} are needed`,
      exitCode: 3,
    });
  }
  const chosen = new Set<number>();
  while (chosen.size < count) {
    let at = Math.floor(io.random() * size);
    while (taken.has(RANGE.first + at) || chosen.has(RANGE.first + at)) at = (at + 1) % size;
    chosen.add(RANGE.first + at);
  }
  return [...chosen];
}

function unknown(host: Host, { code, timedOut, stderr }: ExecResult): BenchError {
  const ended = code === null ? 'the look was ended by a signal' : `exit code ${code}`;
  const why = timedOut ? `no answer in ${LOOK_MS / 1000} s` : stderr.trim().split('\n').at(-1) || ended;
  return new BenchError({
    code: 'BENCH_HOST_PORTS_UNKNOWN',
    message: `${host.name} did not tell which of its ports are taken: ${why}`,
    hint: 'cat /proc/net/tcp there, or netstat -an: what does it say?',
    exitCode: EXIT.missingPart,
  });
}
