import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bench, show, start } from './cli.ts';
import { runsOf } from './slurm-runs.ts';
import { type ClusterSite, clusterSite, missingOfSlurm as missing, onlyRun } from './slurm.ts';

/** A load's requests, those of its warm-up too: the next load is the one that waits. */
const ONE_LOAD = 15;

describe.skipIf(missing !== undefined)(`what is lost of a cluster${missing === undefined ? '' : ` (${missing.skipped})`}`, () => {
  let on: ClusterSite;
  beforeAll(async () => {
    on = await clusterSite({ nodes: 2 });
  }, 120_000);
  afterAll(() => on?.close());
  const { outOf, idOf, midst, ended } = runsOf(() => on);
  /** Of a run, how many points were measured, and how many requests of each were answered. */
  const measured = async (out: string) => (await onlyRun(out)).view.tasks[0]?.points.map(({ result }) => result?.counts.ok);

  it('a node: the run of its service ends, and says so', async () => {
    const { running, service } = await midst('node', { slurm: 'gres: "gpu:a100:1"\n  extra: ["--nodelist=gpu1"]' });
    expect(service.node).toBe('gpu1');
    await on.cluster.killNode('gpu1');
    const finished = await running.finished;
    await on.cluster.resume('gpu1');
    expect(finished.code, show(finished)).toBe(5);
    expect(finished.stderr).toContain('NODE_FAIL');
    const { errors, view } = await ended('node');
    expect(errors).toEqual([expect.stringContaining('NODE_FAIL')]);
    expect(view.status).toBe('failed');
  }, 300_000);

  it('the computer that left a run: another one that has its folder takes the run up, and the first is told so', async () => {
    const out = outOf('left');
    const hold = await on.hold('left', { after: ONE_LOAD });
    const left = await bench(['run', await on.recipe('left', { clients: 1, hold }), ...on.site, '--out', out, '--detach'], { env: on.env });
    expect(left.code, show(left)).toBe(0);
    const id = await idOf('left');
    const here = (command: string) => bench([command, id, '--out', out, ...on.config], { env: on.env });
    while ((await measured(out))?.length !== 1) {
      const collected = await here('collect');
      expect(collected.code, show(collected)).toBe(0);
    }
    const there = join(on.root, 'elsewhere');
    await cp(out, join(there, 'runs'), { recursive: true });
    const env = { XDG_STATE_HOME: join(there, 'state'), HOME: there };
    const ask = (command: string) => [command, id, '--out', join(there, 'runs'), ...(command === 'status' ? [] : on.config)];
    const status = await bench(ask('status'), { env });
    expect(status.code, show(status)).toBe(0);
    expect(status.stdout).toContain('left to the queue');
    const watching = start(ask('watch'), { env });
    await watching.saw(/is up and answers/);
    watching.child.kill('SIGINT');
    const stopped = await watching.finished;
    expect(stopped.code, show(stopped)).toBe(130);
    expect(show(stopped)).toContain('its jobs go on');
    expect((await on.jobs(id)).map(({ state }) => state)).toEqual(['RUNNING', 'RUNNING']);
    await hold.release();
    const watched = await bench(ask('watch'), { env });
    expect(watched.code, show(watched)).toBe(0);
    expect(await readdir(join(there, 'runs', id))).toEqual(expect.arrayContaining(['report.html', 'report.xlsx']));
    expect(await measured(join(there, 'runs'))).toEqual([12, 12]);
    expect((await onlyRun(join(there, 'runs'))).view.status).toBe('done');
    expect(await on.left(id, env)).toEqual([]);

    const late = await here('watch');
    expect(late.code, show(late)).toBe(5);
    expect(late.stderr).toContain('another computer took what was in it');
    expect(await measured(out)).toEqual([12]);
    // It holds the jobs in its ledger until their lease is over, or it is told to end the run.
    const teardown = await here('teardown');
    expect(teardown.code, show(teardown)).toBe(0);
    expect(await on.left(id)).toEqual([]);
    expect(await measured(out)).toEqual([12]);
  }, 300_000);

  /** Ends every connection, takes no new one, and then is not even there. */
  async function cut() {
    const { login } = on.cluster;
    const kill = 'for p in /proc/[0-9]*; do case "$(cat $p/comm 2>/dev/null)" in sshd*) kill -9 "${p#/proc/}" ;; esac; done; true';
    await login.exec(['sh', '-c', kill]);
    await login.cutNetwork();
  }
  async function restore() {
    const { login } = on.cluster;
    await login.restoreNetwork();
    await login.exec(['/usr/sbin/sshd', '-E', '/run/sshd.log']);
  }

  it('the way to the login host: runs wait for it and go on; who stops one before is told of its jobs, and how they are ended', async () => {
    const [waits, stopped] = await Promise.all([midst('away'), midst('gone')]);
    const id = await idOf('gone');
    const jobs = await on.jobs(id);
    await cut();
    await Promise.all([waits, stopped].map(({ running }) => running.saw(/the cluster cannot be looked at, and is asked again/)));
    stopped.running.child.kill('SIGINT');
    await stopped.running.saw(/stopping/);
    // The same signal at once would be the same wish.
    await delay(500);
    stopped.running.child.kill('SIGINT');
    const gone = await stopped.running.finished;
    await waits.hold.release();
    await restore();
    expect(gone.code, show(gone)).toBe(6);
    for (const job of jobs) expect(gone.stderr).toContain(`${job.name} (job ${job.id})`);
    const [, command] = /end them with: bench (teardown [^;\n]*)/.exec(gone.stderr) ?? [];
    expect(command, show(gone)).toContain(id);
    const ending = await bench([...(command as string).split(' '), ...on.config], { env: on.env });
    expect(ending.code, show(ending)).toBe(0);
    expect(await on.left(id)).toEqual([]);

    const finished = await waits.running.finished;
    expect(finished.code, show(finished)).toBe(0);
    expect((await ended('away')).view.tasks[0]?.points.map(({ result }) => result?.counts.ok)).toEqual([12, 12]);
  }, 600_000);
});
