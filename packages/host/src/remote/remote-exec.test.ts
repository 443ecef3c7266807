import { BenchError } from '@bench/core';
import { expect, it } from 'vitest';
import type { SshTransport } from '../ssh/transport.ts';
import { shellTransport } from '../testing/shell-transport.ts';
import { remoteHost } from './remote-host.ts';

/** Refuses as often as told, as a machine whose sshd restarts. */
function moody(): { transport: SshTransport; refuse(times: number, code: `BENCH_${string}`): void; opened: () => number } {
  const shell = shellTransport({ shell: '/bin/sh' });
  let [left, opened] = [0, 0];
  let code: `BENCH_${string}` = 'BENCH_SSH_REFUSED';
  return {
    refuse: (times, by) => {
      [left, code, opened] = [times, by, 0];
    },
    opened: () => opened,
    transport: {
      ...shell,
      open: (line, options) => {
        opened += 1;
        if (left === 0) return shell.open(line, options);
        left -= 1;
        return Promise.reject(new BenchError({ code, message: 'gpu1: away', exitCode: 3 }));
      },
    },
  };
}
const SAY = { argv: ['echo', 'well'] } as const;

it.each(['BENCH_SSH_REFUSED', 'BENCH_SSH_TIMEOUT', 'BENCH_SSH_NAME', 'BENCH_SSH_LOST'] as const)(
  'a repeatable command bears that a machine that was there is away for a while: %s',
  async (code) => {
    const { transport, refuse, opened } = moody();
    const host = remoteHost(transport);
    await host.exec(SAY);
    refuse(2, code);
    expect((await host.exec(SAY, { repeatable: true })).stdout).toBe('well\n');
    expect(opened()).toBe(3);
  },
);

it('a machine that never answered is not asked again', async () => {
  const { transport, refuse, opened } = moody();
  refuse(1, 'BENCH_SSH_REFUSED');
  await expect(remoteHost(transport).exec(SAY, { repeatable: true })).rejects.toMatchObject({ code: 'BENCH_SSH_REFUSED' });
  expect(opened()).toBe(1);
});

it('what waiting does not mend, and what may not be done twice, is not done again', async () => {
  const { transport, refuse, opened } = moody();
  const host = remoteHost(transport);
  await host.exec(SAY);
  refuse(1, 'BENCH_SSH_AUTH');
  await expect(host.exec(SAY, { repeatable: true })).rejects.toMatchObject({ code: 'BENCH_SSH_AUTH' });
  refuse(1, 'BENCH_SSH_REFUSED');
  await expect(host.exec(SAY)).rejects.toMatchObject({ code: 'BENCH_SSH_REFUSED' });
  expect(opened()).toBe(1);
});

it('waiting for a machine ends with the signal', async () => {
  const { transport, refuse } = moody();
  const host = remoteHost(transport);
  await host.exec(SAY);
  refuse(Infinity, 'BENCH_SSH_REFUSED');
  await expect(host.exec(SAY, { repeatable: true, signal: AbortSignal.timeout(100) })).rejects.toMatchObject({
    name: expect.stringMatching(/AbortError|TimeoutError/) as string,
  });
});
