import { BenchError } from '@bench/core';
import { describe, expect, it } from 'vitest';
import { fromSocketError, jumpFailed, refused } from './errors.ts';
import { fromOpenSsh, type OpenSshFailure } from './openssh-errors.ts';

const failure = (over: Partial<OpenSshFailure>): OpenSshFailure => ({
  log: '',
  helpers: '',
  where: 'me@gpu:22',
  hostName: 'gpu',
  keyName: 'gpu',
  proxyJump: [],
  hasProxyCommand: false,
  connectTimeoutMs: 15_000,
  keyKindsFixed: false,
  ...over,
});

describe('what the words of the ssh program mean', () => {
  it.each([
    ['ssh: Could not resolve hostname gpu: Name or service not known', 'BENCH_SSH_NAME', false, 3],
    ['ssh: connect to host gpu port 22: Connection refused', 'BENCH_SSH_REFUSED', true, 3],
    ['ssh: connect to host gpu port 22: Connection timed out', 'BENCH_SSH_TIMEOUT', true, 3],
    ['ssh: connect to host gpu port 22: No route to host', 'BENCH_SSH_TIMEOUT', true, 3],
    ['Connection timed out during banner exchange', 'BENCH_SSH_TIMEOUT', true, 3],
    ['kex_exchange_identification: read: Connection reset by peer', 'BENCH_SSH_REFUSED', true, 3],
    ['me@gpu: Permission denied (publickey,password).', 'BENCH_SSH_AUTH', false, 4],
    ['Received disconnect from 1.2.3.4 port 22:2: Too many authentication failures', 'BENCH_SSH_AUTH', false, 4],
    ['Host key verification failed.', 'BENCH_SSH_HOST_KEY', false, 3],
    ['Unable to negotiate with 1.2.3.4 port 22: no matching key exchange method found. Their offer: x', 'BENCH_SSH_HANDSHAKE', false, 3],
    ['something nobody has heard of', 'BENCH_SSH_HANDSHAKE', false, 3],
  ])('%s', (log, code, retryable, exitCode) => {
    expect(fromOpenSsh(failure({ log: `debug1: noise\n${log}\r\n` }))).toMatchObject({ code, retryable, exitCode });
  });

  it('finds the file, the line and the fix of a changed key', () => {
    const log =
      '@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nOffending ED25519 key in /home/me/.ssh/known_hosts:12\nHost key verification failed.';
    const error = fromOpenSsh(failure({ log }));
    expect(error.message).toContain('/home/me/.ssh/known_hosts:12');
    expect(error.hint).toContain("ssh-keygen -R 'gpu' -f '/home/me/.ssh/known_hosts'");
  });

  it('lists the keys that were offered', () => {
    const log =
      'debug1: Offering public key: /k/a ED25519 SHA256:abc explicit\ndebug1: Authentications that can continue: publickey\nme@gpu: Permission denied (publickey).';
    expect(fromOpenSsh(failure({ log })).message).toContain('/k/a ED25519 SHA256:abc');
  });

  it('names the hop that failed, with the exit code of its failure', () => {
    const error = fromOpenSsh(
      failure({
        log: 'Connection closed by UNKNOWN port 65535',
        helpers: 'ada@hop2: Permission denied (publickey).',
        proxyJump: ['hop1', 'ada@hop2:22'],
      }),
    );
    expect(error).toMatchObject({ code: 'BENCH_SSH_JUMP', exitCode: 4, retryable: false });
    expect(error.message).toContain('ada@hop2:22');
  });
});

describe('what socket errors mean', () => {
  const error = (code: string) => Object.assign(new Error(code), { code });
  it.each([
    ['ENOTFOUND', 'BENCH_SSH_NAME'],
    ['EAI_AGAIN', 'BENCH_SSH_NAME'],
    ['ECONNREFUSED', 'BENCH_SSH_REFUSED'],
    ['ETIMEDOUT', 'BENCH_SSH_TIMEOUT'],
    ['EHOSTUNREACH', 'BENCH_SSH_TIMEOUT'],
    ['ECONNRESET', 'BENCH_SSH_REFUSED'],
  ])('%s', (code, expected) => {
    expect(fromSocketError(error(code), 'x', 1000).code).toBe(expected);
    expect(fromSocketError(new AggregateError([error(code), error('ENETUNREACH')]), 'x', 1000).code).toBe(expected);
  });

  it('keeps the innermost hop when several are in the way', () => {
    const inner = jumpFailed('hop1', 'hop2', refused('hop1'));
    expect(jumpFailed('hop2', 'target', inner)).toBe(inner);
    expect(BenchError.is(inner) && inner.retryable).toBe(true);
  });
});
