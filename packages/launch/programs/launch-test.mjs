// The reference program of `bench launch --test`: every rank runs it. It needs Node and nothing else, not even a file: it is handed to
// `node -e`. Ranks meet at MASTER_ADDR:MASTER_PORT, each then talks to each over TCP, and rank 0 prints what was found as one line of JSON.
import { execFile } from 'node:child_process';
import { connect, createServer } from 'node:net';
import { hostname } from 'node:os';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

const env = process.env;
const deadlineMs = Number(env.BENCH_LAUNCH_TEST_SECONDS ?? 60) * 1000;
/** Until when all must have met; what comes after has its own time. */
let ends = performance.now() + deadlineMs;
const moreTime = () => {
  ends = Math.max(ends, performance.now() + 15_000);
};
const left = () => Math.max(1, ends - performance.now());
/** Strangers on the network know no launch id. */
const token = env.BENCH_LAUNCH_ID ?? '';
/** More peers than this are not talked to by one rank: of thousands of ranks, each meets the next ones. */
const MOST_PEERS = 255;
const AT_ONCE = 16;

const number = (name) => {
  const text = env[name];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : null;
};

const GPU_VARIABLES = ['CUDA_VISIBLE_DEVICES', 'ROCR_VISIBLE_DEVICES', 'HIP_VISIBLE_DEVICES', 'ZE_AFFINITY_MASK', 'GPU_DEVICE_ORDINAL'];

const listed = () =>
  new Promise((done) => {
    execFile('nvidia-smi', ['-L'], { timeout: 10_000 }, (error, stdout) =>
      done(error ? null : stdout.split('\n').filter((line) => /^GPU \d+:/.test(line)).length),
    );
  });

async function look() {
  const variable = GPU_VARIABLES.find((name) => env[name] !== undefined) ?? null;
  const visible = variable === null ? null : env[variable];
  return {
    rank: number('RANK'),
    worldSize: number('WORLD_SIZE'),
    localRank: number('LOCAL_RANK'),
    localWorldSize: number('LOCAL_WORLD_SIZE'),
    nodeRank: number('NODE_RANK'),
    host: hostname(),
    node: env.SLURMD_NODENAME ?? hostname(),
    pid: process.pid,
    gpus: { variable, visible, installed: await listed() },
  };
}

/** Lines of JSON, both ways, over one connection. */
function talk(socket, onMessage) {
  socket.setNoDelay(true);
  socket.on('error', () => undefined);
  createInterface({ input: socket }).on('line', (line) => {
    try {
      onMessage(JSON.parse(line));
    } catch {
      socket.destroy();
    }
  });
  return (message) => socket.write(`${JSON.stringify(message)}\n`);
}

const listen = (port) =>
  new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen({ port, host: '0.0.0.0' }, () => done(server));
  });

/** Asks until there is an answer: ranks do not start at the same moment. */
async function join(address, port, hello, onMessage) {
  let reason = 'nobody answered';
  while (performance.now() < ends) {
    try {
      return await new Promise((done, fail) => {
        const socket = connect({ host: address, port });
        socket.setTimeout(Math.min(left(), 5000), () => socket.destroy(new Error('no answer')));
        socket.once('error', fail);
        socket.once('connect', () => {
          socket.setTimeout(0);
          const send = talk(socket, onMessage);
          send(hello);
          done({ socket, send });
        });
      });
    } catch (error) {
      reason = error.code ?? error.message;
      await delay(100);
    }
  }
  throw new Error(`cannot reach rank 0 at ${address}:${port}: ${reason}`);
}

/** One peer answers with its own rank, or there is a reason. */
const ask = (from, to) =>
  new Promise((done) => {
    const socket = connect({ host: to.address, port: to.port });
    const end = (error) => {
      socket.destroy();
      done(error === null ? null : { from, to: to.rank, address: `${to.address}:${to.port}`, error });
    };
    socket.setTimeout(Math.min(left(), 10_000), () => end('no answer'));
    socket.once('error', (error) => end(error.code ?? error.message));
    socket.once('connect', () => {
      const send = talk(socket, (message) => end(message.rank === to.rank ? null : `rank ${message.rank} answered`));
      send({ token, from });
    });
  });

async function askAll(me, peers) {
  const todo = [...peers];
  const failed = [];
  await Promise.all(
    Array.from({ length: Math.min(AT_ONCE, todo.length) }, async () => {
      for (let peer = todo.shift(); peer !== undefined; peer = todo.shift()) {
        const fault = await ask(me, peer);
        if (fault !== null) failed.push(fault);
      }
    }),
  );
  return { asked: peers.length, failed };
}

/** The ranks that follow, round the ring of those that came. */
function peersOf(rank, all) {
  const at = all.findIndex((one) => one.rank === rank);
  return Array.from({ length: Math.min(all.length - 1, MOST_PEERS) }, (_, i) => all[(at + 1 + i) % all.length]);
}

/** Answers whoever knows the token with this rank. */
async function answering(rank) {
  const server = await listen(0);
  server.on('connection', (socket) => {
    const send = talk(socket, (message) => (message.token === token ? send({ rank }) : socket.destroy()));
  });
  return server;
}

/** Rank 0: gathers all, sends each the list of all, gathers what they found. */
async function lead(me, listener) {
  const world = me.worldSize;
  const meeting = await listen(number('MASTER_PORT'));
  const members = new Map([[0, { seen: me, address: env.MASTER_ADDR, port: listener.address().port, send: () => undefined }]]);
  const reports = new Map();
  const twice = [];
  let changed = () => undefined;
  meeting.on('connection', (socket) => {
    let rank = null;
    const send = talk(socket, (message) => {
      if (message.token !== token) return void socket.destroy();
      if (message.report) reports.set(rank, message.report);
      else if (members.has(message.seen.rank)) twice.push(message.seen.rank);
      else {
        rank = message.seen.rank;
        // Who comes from this machine is seen under an address that leads others to themselves.
        const near = /^(::ffff:)?127\.|^::1$/.test(socket.remoteAddress ?? '');
        members.set(rank, {
          seen: message.seen,
          address: near ? env.MASTER_ADDR : socket.remoteAddress.replace(/^::ffff:/, ''),
          port: message.port,
          send,
        });
      }
      changed();
    });
  });
  const until = async (there) => {
    while (!there() && performance.now() < ends)
      await Promise.race([
        new Promise((done) => {
          changed = done;
        }),
        delay(Math.min(left(), 250)),
      ]);
    return there();
  };
  const problems = [];
  const complete = await until(() => members.size >= world);
  const ranks = [...members.keys()].sort((a, b) => a - b);
  if (!complete) {
    const missing = Array.from({ length: world }, (_, i) => i).filter((rank) => !members.has(rank));
    problems.push(`of ${world} ranks ${missing.length} did not come: ${missing.slice(0, 20).join(', ')}`);
  }
  moreTime();
  const all = ranks.map((rank) => ({ rank, address: members.get(rank).address, port: members.get(rank).port }));
  for (const rank of ranks) members.get(rank).send({ all });
  reports.set(0, await askAll(0, peersOf(0, all)));
  if (!(await until(() => reports.size >= ranks.length)))
    problems.push(`no report from ranks ${ranks.filter((rank) => !reports.has(rank)).join(', ')}`);
  if (twice.length > 0) problems.push(`more than one process is rank ${[...new Set(twice)].join(', ')}`);
  const failed = [...reports.values()].flatMap((report) => report.failed);
  const asked = [...reports.values()].reduce((sum, report) => sum + report.asked, 0);
  const result = {
    benchLaunchTest: 1,
    worldSize: world,
    master: { address: env.MASTER_ADDR, port: number('MASTER_PORT') },
    ranks: ranks.map((rank) => members.get(rank).seen),
    connections: { asked, failed },
    problems,
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
  const ok = problems.length === 0 && failed.length === 0;
  for (const rank of ranks) members.get(rank).send({ over: true, ok });
  await delay(50);
  return ok ? 0 : 1;
}

async function follow(me, listener) {
  let answer;
  const over = new Promise((done) => {
    answer = done;
  });
  const { socket, send } = await join(
    env.MASTER_ADDR,
    number('MASTER_PORT'),
    { token, seen: me, port: listener.address().port },
    (message) => {
      if (message.over) return answer(message.ok ? 0 : 1);
      moreTime();
      void askAll(me.rank, peersOf(me.rank, message.all)).then((report) => send({ token, report }));
    },
  );
  socket.once('close', () => answer(1));
  return Promise.race([over, delay(left() + 20_000, 1)]);
}

const me = await look();
const lacking = ['RANK', 'WORLD_SIZE', 'LOCAL_RANK', 'LOCAL_WORLD_SIZE', 'NODE_RANK', 'MASTER_PORT'].filter(
  (name) => number(name) === null,
);
if (!env.MASTER_ADDR) lacking.push('MASTER_ADDR');
if (lacking.length > 0) {
  process.stderr.write(`bench launch --test: ${hostname()} has no ${lacking.join(', ')}\n`);
  process.exit(1);
}
try {
  const listener = await answering(me.rank);
  process.exit(await (me.rank === 0 ? lead(me, listener) : follow(me, listener)));
} catch (error) {
  process.stderr.write(`bench launch --test: rank ${me.rank} on ${me.host}: ${error.message}\n`);
  process.exit(1);
}
