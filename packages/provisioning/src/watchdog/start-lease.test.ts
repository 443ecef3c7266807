import { existsSync, lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createIo, type BenchError, type Host } from '@bench/core';
import { localHost } from '@bench/host';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { leaseText } from './lease-text.ts';
import { requestFiles } from './request-files.ts';
import { type LeaseOptions, startLease } from './start-lease.ts';

const SECRET = 'instance-key-0123456789';
const DESTROY = { method: 'DELETE', url: 'https://api.example.org/instances/7/', headers: { Authorization: `Bearer ${SECRET}` } };
const io = createIo({ env: {} });
let root: string;
let host: Host;
let errors: BenchError[];
let env: Record<string, string>;
/** Ends the renewing: this computer is lost. */
let lost: AbortController;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bench-lease-'));
  await mkdir(join(root, 'bin'));
  const note = (name: string) => `#!/bin/sh\necho "${name} $*" >>'${root}/asked'\n[ ! -e '${root}/${name}-fails' ]\n`;
  await program('systemctl', note('systemctl').replace('/asked', '/system-asked'));
  for (const name of ['shutdown', 'poweroff', 'halt', 'wget']) await program(name, note(name));
  await program('sudo', '#!/bin/sh\n[ "$1" = -n ] || exit 9\nshift\nexec "$@"\n');
  await program('curl', `#!/bin/sh\ncat "$3" >'${root}/request'\n${note('curl').split('\n').slice(1).join('\n')}`);
  const here = localHost({ stateDir: join(root, 'processes') });
  env = { PATH: `${join(root, 'bin')}:/usr/bin:/bin` };
  // Programs that only note what they were asked come first: nothing here can end this machine.
  host = {
    ...here,
    kind: 'ssh',
    name: 'rented',
    exec: (command, o) => here.exec(command, { ...o, env }),
    start: (command, o) => here.start(command, { ...o, env }),
  };
  errors = [];
  lost = new AbortController();
});
afterEach(async () => {
  lost.abort();
  await (await host.attach('bench-lease'))?.discard();
  // What a watch that was just ended had begun may still write.
  await rm(root, { recursive: true, force: true, maxRetries: 5 });
});

async function program(name: string, text: string): Promise<void> {
  await writeFile(join(root, 'bin', name), text);
  await chmod(join(root, 'bin', name), 0o755);
}

function options(more: Partial<LeaseOptions> = {}): LeaseOptions {
  const onError = (error: BenchError): void => void errors.push(error);
  return {
    name: 'bench-abc123-r1-0',
    leaseS: 1,
    selfDestruct: null,
    io,
    signal: lost.signal,
    onError,
    dir: join(root, 'lease'),
    retryS: 1,
    ownMachineId: null,
    systemRoot: root,
    ...more,
  };
}

async function soon(what: () => boolean): Promise<void> {
  for (let i = 0; i < 300 && !what(); i++) await delay(50);
  expect(what()).toBe(true);
}
const lines = (file: string): string[] => (existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8').trim().split('\n') : []);
const asked = (): string[] => lines('asked');
const deadline = (): string[] => readFileSync(join(root, 'lease/deadline'), 'utf8').trim().split(' ');

describe('a lease', () => {
  it('that nobody renews ends the machine, after this process is gone too', async () => {
    await startLease(host, options());
    lost.abort();
    await soon(() => asked().length > 0);
    expect(asked()[0]).toBe('shutdown -h now');
  });

  it('that is renewed does not; ended, it leaves nothing', async () => {
    const lease = await startLease(host, options({ leaseS: 3 }));
    const began = lease.renewedAt();
    await delay(5000);
    expect(lease.renewedAt()).toBeGreaterThan(began);
    expect((await (await host.attach('bench-lease'))?.status())?.running).toBe(true);
    await lease.end();
    await lease.end();
    expect([asked(), existsSync(join(root, 'lease')), await host.attach('bench-lease'), errors]).toEqual([[], false, null, []]);
    expect(await lease.renew()).toBe(false);
  });

  it('goes on trying until it works, each way there is', async () => {
    await writeFile(join(root, 'shutdown-fails'), '');
    await writeFile(join(root, 'poweroff-fails'), '');
    await writeFile(join(root, 'halt-fails'), '');
    await startLease(host, options());
    lost.abort();
    await soon(() => asked().length >= 6);
    expect(asked().slice(0, 4)).toEqual(['shutdown -h now', 'poweroff ', 'halt -p', 'shutdown -h now']);
  });

  it('stops trying when somebody renews', async () => {
    await writeFile(join(root, 'shutdown-fails'), '');
    const lease = await startLease(host, options());
    lost.abort();
    await soon(() => asked().length > 0);
    await lease.leave(1000);
    await delay(1200);
    const before = asked().length;
    await delay(2500);
    expect(asked().length).toBe(before);
    await lease.end();
  });

  it('destroys the machine by its own request, of which nothing stands in a command line', async () => {
    await startLease(host, options({ selfDestruct: { ...DESTROY, body: { why: 'say "no"\\' } } }));
    const dir = join(root, 'lease');
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    for (const file of readdirSync(dir)) expect([file, statSync(join(dir, file)).mode & 0o777]).toEqual([file, 0o600]);
    const pid = (await host.attach('bench-lease'))?.pid ?? 0;
    for (const file of ['cmdline', 'environ']) expect(readFileSync(`/proc/${pid}/${file}`, 'utf8')).not.toContain(SECRET);
    lost.abort();
    await soon(() => asked().length > 0);
    expect(asked()[0]).toBe('curl -q -K request');
    expect(readFileSync(join(root, 'request'), 'utf8').split('\n').slice(0, 5)).toEqual([
      'url = "https://api.example.org/instances/7/"',
      'request = "DELETE"',
      'header = "Content-Type: application/json"',
      `header = "Authorization: Bearer ${SECRET}"`,
      'data-raw = "{\\"why\\":\\"say \\\\\\"no\\\\\\"\\\\\\\\\\"}"',
    ]);
    const log = (await (await host.attach('bench-lease'))?.readLog())?.text ?? '';
    expect(log).toContain('the provider was asked to destroy it');
    expect(log).not.toContain(SECRET);
    // It was asked, and is still there.
    await soon(() => asked().includes('shutdown -h now'));
    expect(asked().filter((line) => line.startsWith('curl')).length).toBeGreaterThanOrEqual(3);
  });

  it('asks again and again before it shuts down, since a machine that is off may bill its disk', async () => {
    await writeFile(join(root, 'curl-fails'), '');
    await startLease(host, options({ selfDestruct: DESTROY }));
    lost.abort();
    await soon(() => asked().length >= 4);
    expect(asked().slice(0, 4)).toEqual(Array.from({ length: 4 }, () => 'curl -q -K request'));
    expect(asked()).not.toContain('shutdown -h now');
  });

  it('is one a machine: whoever holds it next takes it over', async () => {
    await startLease(host, options({ leaseS: 3, selfDestruct: DESTROY }));
    const first = (await host.attach('bench-lease'))?.pid;
    lost.abort();
    const lease = await startLease(host, options({ leaseS: 1000, signal: new AbortController().signal }));
    expect((await host.attach('bench-lease'))?.pid).toBe(first);
    // The key that ends it was told once, to whoever rented it.
    expect(readFileSync(join(root, 'lease', 'request'), 'utf8')).toContain(SECRET);
    await delay(4500);
    expect(asked()).toEqual([]);
    await lease.end();
  });

  it('starts its watch again when that is gone, as after a restart of the machine', async () => {
    const lease = await startLease(host, options({ leaseS: 1000 }));
    const first = await host.attach('bench-lease');
    await first?.stop();
    expect(await lease.renew()).toBe(true);
    const second = await host.attach('bench-lease');
    expect([(await second?.status())?.running, second?.pid === first?.pid]).toEqual([true, false]);
    await lease.end();
  });

  it('has nothing to watch when its folder is gone', async () => {
    await startLease(host, options({ leaseS: 3 }));
    lost.abort();
    await rm(join(root, 'lease'), { recursive: true });
    const watch = await host.attach('bench-lease');
    for (let i = 0; i < 200 && (await watch?.status())?.running === true; i++) await delay(50);
    expect([(await watch?.status())?.running, asked()]).toEqual([false, []]);
  });

  it('tells of renewals that fail, and throws nothing', async () => {
    const lease = await startLease(host, options({ leaseS: 1000 }));
    host.exec = () => Promise.reject(new Error('no route to host'));
    expect(await lease.renew()).toBe(false);
    expect(errors[0]?.message).toBe('bench-abc123-r1-0: the lease could not be renewed: no route to host');
    await lease.end();
    expect(errors.length).toBe(2);
  });

  it('is never set on the machine that bench runs on', async () => {
    await expect(startLease({ ...host, kind: 'local' }, options())).rejects.toMatchObject({ code: 'BENCH_LEASE_LOCAL' });
    const id = existsSync('/etc/machine-id') ? readFileSync('/etc/machine-id', 'utf8').trim() : '';
    await expect(startLease(host, options({ ownMachineId: id }))).rejects.toMatchObject({ code: 'BENCH_LEASE_LOCAL' });
    expect(await host.attach('bench-lease')).toBe(null);
  });
});

describe('the time that a machine may live', () => {
  const seconds = () => Number(deadline()[3]);

  it('is what no renewal reaches past', async () => {
    const lease = await startLease(host, options({ leaseS: 1000, endsAtMs: io.monotonic() + 300_000 }));
    expect(seconds()).toBeLessThanOrEqual(300);
    expect(await lease.renew()).toBe(true);
    expect(seconds()).toBeLessThanOrEqual(300);
    expect(await lease.leave(5000)).toBe(true);
    expect(seconds()).toBeLessThanOrEqual(300);
    expect(seconds()).toBeGreaterThan(0);
    await lease.end();
  });

  it('is over once: nothing is renewed after it, and the machine ends although bench lives', async () => {
    const endsAtMs = io.monotonic() + 1000;
    const lease = await startLease(host, options({ leaseS: 1000, endsAtMs }));
    await soon(() => asked().includes('shutdown -h now'));
    // The machine counts whole seconds: it may be up to one early.
    await soon(() => io.monotonic() > endsAtMs);
    expect(await lease.renew()).toBe(false);
    expect([errors, seconds()]).toEqual([[], 1]);
    await lease.end();
  });
});

describe('a restart of the machine', () => {
  const unit = () => join(root, 'etc/systemd/system/bench-lease.service');
  const job = () => join(root, 'etc/cron.d/bench-lease');
  const systemAsked = (): string[] => lines('system-asked');

  async function system(kind: 'systemd' | 'cron' | 'cron stopped'): Promise<void> {
    await mkdir(join(root, 'etc/systemd/system'), { recursive: true });
    await mkdir(join(root, kind === 'systemd' ? 'run/systemd/system' : 'etc/cron.d'), { recursive: true });
    await mkdir(join(root, 'proc/7'), { recursive: true });
    await writeFile(join(root, 'proc/7/comm'), kind === 'cron' ? 'cron\n' : 'bash\n');
  }

  /** What systemd or cron does at boot; the machine's processes are gone, and its boot has another id. */
  async function restart(command: string | undefined, o: { wallS: number; leaseS: number }): Promise<void> {
    await (await host.attach('bench-lease'))?.stop();
    await writeFile(join(root, 'lease/deadline'), `${Math.floor(Date.now() / 1000) + o.wallS} 1 another-boot ${o.leaseS}\n`);
    const [sh = '', ...args] = (command ?? '').split(' ').map((word) => word.replace(/^\/etc\//, `${root}/etc/`));
    expect(sh).toBe('/bin/sh');
    const watch = execFile(sh, args, { env });
    watches.push(watch);
  }
  const watches: ReturnType<typeof execFile>[] = [];
  afterEach(async () => {
    // It ends itself when there is nothing to watch any more; not waited for.
    await rm(join(root, 'lease'), { recursive: true, force: true });
    for (const watch of watches.splice(0)) watch.kill('SIGKILL');
  });

  it('does not end the watch where systemd runs: past its deadline it acts, before it waits', async () => {
    await system('systemd');
    const lease = await startLease(host, options({ leaseS: 1000, selfDestruct: DESTROY }));
    expect(lease.afterRestart).toBe('systemd');
    expect(systemAsked()).toEqual(['systemctl daemon-reload', 'systemctl enable bench-lease.service']);
    expect(statSync(unit()).mode & 0o777).toBe(0o644);
    expect(readFileSync(unit(), 'utf8')).not.toContain(root);
    const command = readFileSync(unit(), 'utf8').match(/^ExecStart=(.*)$/m)?.[1];
    lost.abort();
    await restart(command, { wallS: 600, leaseS: 1_000_000_000 });
    await delay(2500);
    expect(asked()).toEqual([]);
    await restart(command, { wallS: -5, leaseS: 1_000_000_000 });
    await soon(() => asked().includes('curl -q -K request'));
  });

  it('counts the time since it, although its clock may be wrong', async () => {
    await system('systemd');
    await startLease(host, options());
    lost.abort();
    await restart(`/bin/sh ${root}/lease/watch ${root}/lease`, { wallS: 86_400, leaseS: 1 });
    await soon(() => asked().includes('shutdown -h now'));
  });

  it('is left to cron where systemd does not run', async () => {
    await system('cron');
    const lease = await startLease(host, options({ leaseS: 1000 }));
    expect([lease.afterRestart, systemAsked()]).toEqual(['cron', []]);
    const text = readFileSync(job(), 'utf8');
    expect(text).toMatch(/^@reboot root exec .*\n$/);
    await restart(/exec (.*) >/.exec(text)?.[1], { wallS: -5, leaseS: 1_000_000_000 });
    await soon(() => asked().includes('shutdown -h now'));
  });

  it('ends the watch, which is said, where there is neither, or the user may not', async () => {
    await system('cron stopped');
    expect((await startLease(host, options({ leaseS: 1000 }))).afterRestart).toBeNull();
    await mkdir(join(root, 'run/systemd/system'), { recursive: true });
    await writeFile(join(root, 'systemctl-fails'), '');
    expect((await startLease(host, options({ leaseS: 1000 }))).afterRestart).toBeNull();
  });

  it('brings nothing back of a lease that was ended', async () => {
    await system('systemd');
    const lease = await startLease(host, options({ leaseS: 1000 }));
    await lease.end();
    expect(systemAsked().at(-1)).toBe('systemctl disable bench-lease.service');
    expect([existsSync(unit()), lstatSync(join(root, 'etc/bench-lease'), { throwIfNoEntry: false }), errors]).toEqual([
      false,
      undefined,
      [],
    ]);
  });

  it('is never told to the system of the machine that bench runs on', async () => {
    // Whatever it says that it is: the boot is the same.
    const { systemRoot: _none, ...rest } = options({ leaseS: 1000 });
    expect((await startLease(host, rest)).afterRestart).toBeNull();
    expect([existsSync('/etc/bench-lease'), systemAsked()]).toEqual([false, []]);
  });
});

describe('the request', () => {
  it('cannot carry another option of curl or wget', () => {
    for (const bad of [
      { url: 'https://x/\noutput = "/etc/passwd"' },
      { headers: { a: 'b\r\nc: d' } },
      { method: 'DELETE\n' },
      { url: 'file:///etc/passwd' },
      { method: '-o' },
    ]) {
      expect(() => requestFiles({ ...DESTROY, ...bad })).toThrow(expect.objectContaining({ code: 'BENCH_LEASE_REQUEST' }));
    }
  });

  it('is the same for wget', () => {
    expect(requestFiles({ ...DESTROY, body: { a: 1 } })).toMatchObject({
      wgetrc: `method=DELETE\nheader=Content-Type: application/json\nheader=Authorization: Bearer ${SECRET}\nbody_data={"a":1}\n`,
      url: 'https://api.example.org/instances/7/\n',
    });
  });
});

it('what a stopped machine still bills is said in words', () => {
  const times = { leaseS: 1800, maxLifetimeS: 14_400 };
  expect(leaseText({ shutdownEndsBilling: true, nativeTtl: true }, times)).toBe(
    'If this computer is lost, the machine shuts down 30m 00s later and bills nothing any more. Its provider ends it after 4h 00m in any case.',
  );
  expect(leaseText({ shutdownEndsBilling: false, nativeTtl: true }, times)).toMatch(
    /its disk at the least until bench gc has ended it\. Its provider ends it after 4h 00m only if it runs then\.$/,
  );
  expect(leaseText({ shutdownEndsBilling: false, nativeTtl: false }, times)).toMatch(
    /may go on billing, its disk at the least until bench gc has ended it\.$/,
  );
  expect(leaseText({ shutdownEndsBilling: false, nativeTtl: false }, { ...times, selfDestruct: true })).toMatch(
    /destroys itself 30m 00s later and bills nothing/,
  );
});
