import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { commandLines, goneSoon, hasCode, runs } from './checks.ts';
import type { CaseBody } from './contract-case.ts';
import { NASTY } from './nasty.ts';

export const EXEC_CASES: Record<string, CaseBody> = {
  'exec: arguments are data, whatever is in them': async ({ host }) => {
    const { code, stdout, stderr } = await host.exec({ argv: ['printf', '%s\\0', ...NASTY] });
    assert.deepEqual(stdout.split('\0').slice(0, -1), NASTY);
    assert.deepEqual([code, stderr], [0, '']);
  },

  'exec: a script comes on stdin, with arguments': async ({ host }) => {
    const { code, stdout, stderr } = await host.exec({ script: 'printf "%s\\0" "$@"; echo no >&2; exit 3', args: [...NASTY] });
    assert.deepEqual(stdout.split('\0').slice(0, -1), NASTY);
    assert.deepEqual([code, stderr], [3, 'no\n']);
  },

  'exec: variables and folders are data too': async ({ host, far }) => {
    for (const word of ['a b', "it's $(id) `id` \\", 'two\nlines', '!#~*?[x]{a,b}', '日本語 👩‍🚀']) {
      const cwd = `${far}/${word}`;
      await host.exec({ argv: ['mkdir', '--', cwd] });
      const script = 'printf "%s\\0" "$VALUE" "$PWD"';
      const { stdout } = await host.exec({ argv: ['sh', '-c', script] }, { cwd, env: { VALUE: word } });
      assert.deepEqual(stdout.split('\0').slice(0, -1), [word, cwd]);
    }
  },

  'exec: stdin arrives whole, byte for byte': async ({ host }) => {
    const stdin = randomBytes(3_000_001);
    const { stdout } = await host.exec({ argv: ['sha256sum'], stdin });
    assert.equal(stdout.split(' ')[0], createHash('sha256').update(stdin).digest('hex'));
    assert.equal((await host.exec({ argv: ['cat'], stdin: 'one\n\ntwo' })).stdout, 'one\n\ntwo');
  },

  'exec: without stdin there is an empty one': async ({ host }) => {
    assert.deepEqual((await host.exec({ argv: ['cat'] }, { timeoutMs: 20_000 })).code, 0);
  },

  'exec: input that nobody reads is no fault': async ({ host }) => {
    assert.equal((await host.exec({ argv: ['true'], stdin: randomBytes(2_000_000) })).code, 0);
  },

  'exec: exit codes are results, signals too': async ({ host, options }) => {
    for (const code of [0, 1, 2, 126, 127, 137, 255]) assert.equal((await host.exec({ argv: ['sh', '-c', `exit ${code}`] })).code, code);
    const { code, signal } = await host.exec({ argv: ['sh', '-c', 'kill -TERM $$'] });
    assert.deepEqual([code, signal], [null, options.tellsSignals === false ? null : 'SIGTERM']);
  },

  'exec: a missing program or folder is an error that says so': async ({ host, far }) => {
    await assert.rejects(host.exec({ argv: ['no-such-program-here'] }), hasCode('BENCH_COMMAND_NOT_FOUND'));
    await assert.rejects(host.exec({ argv: [`${far}/none`] }), hasCode('BENCH_COMMAND_NOT_FOUND'));
    await assert.rejects(host.exec({ argv: ['true'] }, { cwd: `${far}/none` }), /no such command or folder/);
    await assert.rejects(host.exec({ argv: ['-c'] }), hasCode('BENCH_COMMAND_NOT_FOUND'));
  },

  'exec: long output loses its middle, not its ends': async ({ host }) => {
    const { stdout } = await host.exec({ argv: ['seq', '1', '100000'] }, { maxOutputBytes: 200 });
    assert.match(stdout, /^1\n2\n[^]*\d+ bytes cut out[^]*\n100000\n$/);
    assert.ok(stdout.length < 300);
    assert.equal((await host.exec({ argv: ['seq', '1', '100000'] })).stdout.length, 588_895);
  },

  'exec: a time-out ends everything that the command started': async ({ host, far }) => {
    const script = 'trap "" TERM; sleep 300 & echo $! >"$1"; wait; sleep 300';
    const result = await host.exec({ script, args: [`${far}/pid`] }, { timeoutMs: 1000 });
    assert.equal(result.timedOut, true);
    await goneSoon(host, (await host.exec({ argv: ['cat', `${far}/pid`] })).stdout.trim());
  },

  'exec: an abort does so too, and rejects with its reason': async ({ host, far }) => {
    const controller = new AbortController();
    const pending = host.exec({ script: 'sleep 300 & echo $! >"$1"; wait', args: [`${far}/pid`] }, { signal: controller.signal });
    pending.catch(() => undefined);
    let pid = '';
    for (let i = 0; i < 200 && pid === ''; i++) {
      await delay(20);
      pid = (await host.exec({ argv: ['sh', '-c', 'cat "$1" 2>/dev/null', 'sh', `${far}/pid`] })).stdout.trim();
    }
    controller.abort(new Error('enough'));
    await assert.rejects(pending, /enough/);
    await goneSoon(host, pid);
    await assert.rejects(host.exec({ argv: ['true'] }, { signal: controller.signal }), /enough/);
  },

  'exec: fifty at once': async ({ host }) => {
    const results = await Promise.all(Array.from({ length: 50 }, (_, i) => host.exec({ argv: ['echo', String(i)] })));
    assert.deepEqual(
      results.map((r) => r.stdout),
      Array.from({ length: 50 }, (_, i) => `${i}\n`),
    );
  },

  'exec: neither stdin nor variables are seen in any command line': async ({ host }) => {
    const secrets = ['variable', 'input'].map((what) => `${what}${randomBytes(8).toString('hex')}`);
    const [inEnv, inStdin] = secrets as [string, string];
    const busy = host.exec(
      { argv: ['sh', '-c', 'cat >/dev/null; sleep 0.3'], stdin: `${inStdin}\n`.repeat(10) },
      { env: { SECRET: inEnv } },
    );
    for (let i = 0; i < 3; i++) {
      const lines = await commandLines(host);
      assert.ok(lines.includes('sh -c'));
      for (const secret of secrets) assert.ok(!lines.includes(secret), 'a secret is in the process list');
    }
    assert.equal((await busy).code, 0);
  },

  'stream: lines of both streams as they come, then the exit': async ({ host }) => {
    const execution = host.stream({ script: 'echo out; echo err >&2; echo; printf "last, no newline"; exit 4' });
    const lines: string[] = [];
    for await (const line of execution.lines()) lines.push(`${line.stream}:${line.text}`);
    assert.deepEqual(lines.sort(), ['stderr:err', 'stdout:', 'stdout:last, no newline', 'stdout:out']);
    assert.deepEqual(await execution.exit, { code: 4, signal: null });
  },

  'stream: a line is given before the command ends, and a kill ends its group': async ({ host }) => {
    const execution = host.stream({ script: 'sleep 300 & echo $!; wait' });
    let pid = '';
    for await (const line of execution.lines()) {
      pid = line.text;
      assert.equal(await runs(host, pid), true);
      await execution.kill({ graceMs: 1000 });
    }
    await goneSoon(host, pid);
    assert.notEqual((await execution.exit).code, 0);
  },

  'stream: a missing program is an error of the exit': async ({ host }) => {
    const execution = host.stream({ argv: ['no-such-program-here'] });
    const { exit } = execution;
    exit.catch(() => undefined);
    for await (const line of execution.lines()) assert.fail(`an unexpected line: ${line.text}`);
    await assert.rejects(exit, hasCode('BENCH_COMMAND_NOT_FOUND'));
  },
};
