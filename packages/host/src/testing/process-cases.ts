import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Host, RemoteProcess } from '@bench/core';
import { commandLines, goneSoon, hasCode, statOf } from './checks.ts';
import type { CaseBody, CaseContext } from './contract-case.ts';
import { NASTY } from './nasty.ts';

let count = 0;

/** Starts under an id of its own, and leaves nothing. */
async function withProcess(host: Host, script: string, body: (process: RemoteProcess) => Promise<void>, args: readonly string[] = []) {
  count += 1;
  const started = await host.start({ script, args }, { id: `contract-${process.pid}-${count}` });
  try {
    await body(started);
  } finally {
    await started.discard();
  }
}

async function ended(started: RemoteProcess): Promise<number | null> {
  for (let i = 0; i < 400; i++) {
    const status = await started.status();
    if (!status.running) return status.code;
    await delay(20);
  }
  return assert.fail('it does not end');
}

async function logOf(started: RemoteProcess, pattern: RegExp): Promise<string> {
  let text = '';
  for (let i = 0; i < 200 && !pattern.test(text); i++) {
    text = (await started.readLog()).text;
    if (!pattern.test(text)) await delay(20);
  }
  assert.match(text, pattern);
  return text;
}

async function reopened(options: CaseContext['options'], body: (host: Host) => Promise<void>) {
  const other = await options.open();
  try {
    await body(other);
  } finally {
    await other.close();
  }
}

export const PROCESS_CASES: Record<string, CaseBody> = {
  'start: found again by id over another connection, with its log and exit code': async ({ host, far, options }) => {
    const script = 'echo hello; while [ ! -e "$1" ]; do sleep 0.05; done; echo bye >&2; exit 7';
    const body = async ({ id, pid, logPath }: RemoteProcess) => {
      await reopened(options, async (other) => {
        const again = await other.attach(id);
        assert.ok(again);
        assert.deepEqual([again.pid, again.logPath], [pid, logPath]);
        assert.deepEqual(await again.status(), { running: true });
        await other.write(`${far}/go on`, '');
        assert.equal(await ended(again), 7);
        assert.equal((await again.readLog()).text, 'hello\nbye\n');
        assert.deepEqual(await again.readLog(6), { text: 'bye\n', nextOffset: 10 });
        assert.deepEqual(await again.readLog(10), { text: '', nextOffset: 10 });
        assert.deepEqual(await again.readLog(500), { text: '', nextOffset: 500 });
      });
    };
    await withProcess(host, script, body, [`${far}/go on`]);
  },

  'start: arguments, variables, folder and stdin are data': async ({ host, far }) => {
    const id = `contract-${process.pid}-data`;
    const script = 'printf "%s\\0" "$@" "$VALUE" "$PWD"; cat';
    const argv = ['sh', '-c', script, 'sh', ...NASTY] as const;
    const started = await host.start({ argv, stdin: 'in\nput' }, { id, cwd: far, env: { VALUE: "it's $(id)\n" } });
    try {
      assert.equal(await ended(started), 0);
      assert.deepEqual((await started.readLog()).text.split('\0'), [...NASTY, "it's $(id)\n", far, 'in\nput']);
    } finally {
      await started.discard();
    }
  },

  'start: outlives the connection it was started over': async ({ host, options }) => {
    let id = '';
    await reopened(options, async (first) => {
      ({ id } = await first.start({ script: 'sleep 0.5; echo alive' }, { id: `contract-${process.pid}-outlives` }));
    });
    const again = await host.attach(id);
    assert.ok(again);
    assert.equal(await ended(again), 0);
    assert.equal((await again.readLog()).text, 'alive\n');
    await again.discard();
  },

  'start: an id is used once, until it is discarded': async ({ host }) => {
    await withProcess(host, 'sleep 300', async ({ id, pid, discard }) => {
      await assert.rejects(host.start({ argv: ['true'] }, { id }), hasCode('BENCH_PROCESS_EXISTS'));
      await discard();
      await goneSoon(host, String(pid));
      assert.equal(await host.attach(id), null);
      await discard();
      const next = await host.start({ argv: ['true'] }, { id });
      assert.equal(await ended(next), 0);
      await next.discard();
    });
    assert.equal(await host.attach('never-started'), null);
    for (const id of ['../up', '', '.hidden', 'a/b', 'a b', 'x'.repeat(101)]) {
      await assert.rejects(host.start({ argv: ['true'] }, { id }), hasCode('BENCH_UNSAFE_NAME'));
    }
  },

  'start: a stop ends everything that it started, also what does not listen': async ({ host }) => {
    await withProcess(host, 'trap "" TERM; sleep 300 & echo $!; wait; sleep 300', async (started) => {
      const child = (await logOf(started, /\d+\n/)).trim();
      await started.stop({ graceMs: 300 });
      await goneSoon(host, child);
      await goneSoon(host, String(started.pid));
      assert.deepEqual(await started.status(), { running: false, code: null });
      await started.stop();
    });
  },

  'start: it leads a session and a group of its own': async ({ host }) => {
    await withProcess(host, 'sleep 300', async ({ pid }) => {
      assert.deepEqual((await statOf(host, String(pid))).slice(2), [String(pid), String(pid)]);
    });
  },

  'start: another process that was given the id later is not taken for it': async ({ host }) => {
    await withProcess(host, 'sleep 300', async (started) => {
      const pidFile = started.logPath.replace(/log$/, 'pid');
      const written = (await host.exec({ argv: ['cat', pidFile] })).stdout;
      const [pid = '', start = '', boot = ''] = written.split('\n');
      try {
        for (const other of [`${pid}\n${Number(start) - 5}\n${boot}\n`, `${pid}\n${start}\nanother boot\n`]) {
          await host.write(pidFile, other);
          assert.deepEqual(await started.status(), { running: false, code: null });
          await started.stop({ graceMs: 100 });
        }
      } finally {
        await host.write(pidFile, written);
      }
      assert.deepEqual(await started.status(), { running: true });
    });
  },

  'start: an abort leaves nothing of it': async ({ host, far }) => {
    for (const ms of [0, 3, 10, 30, 100]) {
      const id = `contract-${process.pid}-abort-${ms}`;
      const controller = new AbortController();
      const { signal } = controller;
      const starting = host.start({ argv: ['tail', '-f', `${far}/none`] }, { id, signal });
      void delay(ms).then(() => controller.abort(new Error('enough')));
      const started = await starting.catch((error: unknown) => assert.match(String(error), /enough/));
      if (started) await started.discard();
      assert.equal(await host.attach(id), null);
    }
    assert.ok(!(await commandLines(host)).includes(`tail -f ${far}/none`));
  },

  'start: a program that is not there ends with 127 and says so in the log': async ({ host }) => {
    const started = await host.start({ argv: ['no-such-program-here'] }, { id: `contract-${process.pid}-missing` });
    assert.equal(await ended(started), 127);
    assert.match((await started.readLog()).text, /no-such-program-here/);
    await started.discard();
  },

  'start: the log is read in pieces of whole characters': async ({ host }) => {
    const script =
      'i=0; while [ $i -lt 9000 ]; do printf "%s" "日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語"; i=$((i + 1)); done';
    await withProcess(host, script, async (started) => {
      assert.equal(await ended(started), 0);
      let text = '';
      let pieces = 0;
      for (let offset = 0; ; pieces++) {
        const piece = await started.readLog(offset);
        if (piece.text === '') break;
        text += piece.text;
        offset = piece.nextOffset;
      }
      assert.ok(pieces > 1);
      assert.equal(text, '日本語'.repeat(9000 * 13));
    });
  },
};
