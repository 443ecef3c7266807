import { describe, expect, it } from 'vitest';
import { startTestServer } from '../../testing/index.ts';
import { findService, originOf } from './find-service.ts';

describe('originOf', () => {
  it.each([
    ['gpu0', 'http://gpu0:8000'],
    ['node-1.cluster.example', 'http://node-1.cluster.example:8000'],
    ['10.0.0.7', 'http://10.0.0.7:8000'],
    ['fe80::1', 'http://[fe80::1]:8000'],
    ['[::1]', 'http://[::1]:8000'],
    ['', null],
    ['a b', null],
    ['user@host', null],
    ['host/path', null],
    ['host:80/x', null],
    ['$(hostname)', null],
  ])('of %j', (host, origin) => {
    expect(originOf(host, 8000)).toBe(origin);
  });
});

describe('findService', () => {
  it('takes the first that answers in the order in which they are named, and says of the others why not', async () => {
    const server = await startTestServer();
    try {
      const ask = (hosts: string[], healthPath = '/health') =>
        findService({ hosts, port: server.port, healthPath, headers: {}, signal: new AbortController().signal });
      expect(await ask(['a b', '127.0.0.1', 'localhost'])).toMatchObject({ url: server.url, why: ['"a b" is no host'] });
      expect(await ask(['127.0.0.1'], '/nothing')).toEqual({ url: null, why: [`${server.url}/nothing answered 404`] });
    } finally {
      await server.close();
    }
  });
});
