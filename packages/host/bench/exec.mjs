/**
 * What a command costs on a connection that is open, over a real sshd on this machine, next to the same here without one.
 * Run it after a build: `node bench/exec.mjs [times]`. Needs sshd, ssh-keygen and, for the second transport, ssh.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createIo } from '@bench/core';
import { freePort, localHost, sshHost } from '../dist/index.js';

const times = Number(process.argv[2] ?? 200);
const PARALLEL = 100;
const SSHD = '/usr/sbin/sshd';

/** A server for whoever runs this, with the default of ten sessions a connection. */
async function startServer(folder) {
  const port = await freePort();
  for (const name of ['host', 'key']) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)]);
  writeFileSync(join(folder, 'authorized'), readFileSync(join(folder, 'key.pub')), { mode: 0o600 });
  writeFileSync(join(folder, 'ssh_config'), '');
  const settings = {
    Port: port,
    ListenAddress: '127.0.0.1',
    HostKey: join(folder, 'host'),
    AuthorizedKeysFile: join(folder, 'authorized'),
    PidFile: 'none',
    StrictModes: 'no',
    UsePAM: 'no',
    UseDNS: 'no',
    PermitRootLogin: 'yes',
    SetEnv: 'SHLVL=5', // bash then leaves the user's start files alone, which may be slow
  };
  writeFileSync(
    join(folder, 'sshd_config'),
    Object.entries(settings)
      .map(([key, value]) => `${key} ${value}\n`)
      .join(''),
  );
  mkdirSync('/run/sshd', { recursive: true });
  const server = spawn(SSHD, ['-D', '-f', join(folder, 'sshd_config'), '-E', join(folder, 'log')], { stdio: 'ignore' });
  await delay(300);
  return { port, stop: () => server.kill() };
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

async function measure(host) {
  for (let i = 0; i < 20; i++) await host.exec({ argv: ['true'] });
  const each = [];
  for (let i = 0; i < times; i++) {
    const started = performance.now();
    await host.exec({ argv: ['true'] });
    each.push(performance.now() - started);
  }
  const started = performance.now();
  const results = await Promise.all(Array.from({ length: PARALLEL }, (_, i) => host.exec({ argv: ['echo', String(i)] })));
  const parallelMs = performance.now() - started;
  const wrong = results.filter((result, i) => result.stdout !== `${i}\n`).length;
  return { medianMs: median(each), parallelMs, wrong };
}

const folder = mkdtempSync(join(tmpdir(), 'bench-exec-'));
const server = await startServer(folder);
try {
  const far = (transport) =>
    sshHost(`${userInfo().username}@127.0.0.1:${server.port}`, {
      io: createIo(),
      transport,
      identities: [join(folder, 'key')],
      hostKeys: { kind: 'user', runFile: join(folder, 'known_hosts') },
      configFile: join(folder, 'ssh_config'),
      agentSocket: null,
    });
  const hosts = { 'this machine': localHost(), ssh2: await far('ssh2'), system: await far('system') };
  console.log(`exec of "true", ${times} times one after another, and ${PARALLEL} at once; node ${process.version}`);
  let own;
  for (const [name, host] of Object.entries(hosts)) {
    const { medianMs, parallelMs, wrong } = await measure(host);
    own ??= { medianMs, parallelMs };
    const ratio = (value, to) => `(${(value / to).toFixed(1)}×)`;
    console.log(
      `${name.padEnd(13)} median ${medianMs.toFixed(2)} ms ${ratio(medianMs, own.medianMs)}, ${PARALLEL} at once ${parallelMs.toFixed(0)} ms ` +
        `${ratio(parallelMs, own.parallelMs)}, ${wrong} wrong`,
    );
    await host.close();
  }
} finally {
  server.stop();
  rmSync(folder, { recursive: true, force: true });
}
