import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fingerprint, hostKeyAlgorithms, hostKeyName, judgeHostKey, knownHostLine, knownKeyTypes, parseKnownHosts } from './known-hosts.ts';

/** A key in the form of the wire: its type, then bytes. */
function key(type: string, fill: number): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(type.length);
  return Buffer.concat([length, Buffer.from(type), Buffer.alloc(32, fill)]);
}
const ed = key('ssh-ed25519', 1);
const ed2 = key('ssh-ed25519', 2);
const rsa = key('ssh-rsa', 3);
const line = (hosts: string, which: Buffer) => knownHostLine(hosts, which);
const judge = (text: string, which: Buffer, ...names: [string, ...string[]]) =>
  judgeHostKey(parseKnownHosts(text, 'kh'), names, which).verdict;

describe('known hosts', () => {
  it('knows a host by name, port and pattern', () => {
    expect(judge(line('gpu', ed), ed, 'gpu')).toBe('known');
    expect(judge(line('GPU', ed), ed, 'gpu')).toBe('known');
    expect(judge(line('gpu', ed), ed, 'gpu2')).toBe('unknown');
    expect(judge(line('a,[gpu]:2200,b', ed), ed, hostKeyName('GPU', 2200))).toBe('known');
    expect(judge(line('*.example.org,!bad.example.org', ed), ed, 'x.example.org')).toBe('known');
    expect(judge(line('*.example.org,!bad.example.org', ed), ed, 'bad.example.org')).toBe('unknown');
    expect(judge(line('10.0.0.?', ed), ed, '10.0.0.7')).toBe('known');
    expect(judge(line('10.0.0.?', ed), ed, '10x0.0.7')).toBe('unknown');
  });

  it('knows hashed names', () => {
    const salt = Buffer.from('0123456789abcdefghij');
    const hash = createHmac('sha1', salt).update('[gpu]:2200').digest('base64');
    const text = line(`|1|${salt.toString('base64')}|${hash}`, ed);
    expect(judge(text, ed, '[gpu]:2200')).toBe('known');
    expect(judge(text, ed, 'gpu')).toBe('unknown');
    expect(judge(text, ed2, '[gpu]:2200')).toBe('changed');
  });

  it('tells a changed key with its line, another kind of key being a change too', () => {
    const entries = parseKnownHosts(`# a comment\n\n${line('gpu', ed)}`, '/home/me/known_hosts');
    expect(judgeHostKey(entries, ['gpu'], ed2)).toMatchObject({ verdict: 'changed', entry: { file: '/home/me/known_hosts', line: 3 } });
    expect(judgeHostKey(entries, ['gpu'], rsa).verdict).toBe('changed');
    expect(judge(line('gpu', ed) + line('gpu', rsa), rsa, 'gpu')).toBe('known');
  });

  it('lets the bare name speak for another port, but not against it', () => {
    expect(judge(line('gpu', ed), ed, '[gpu]:2200', 'gpu')).toBe('known');
    expect(judge(line('gpu', ed), ed2, '[gpu]:2200', 'gpu')).toBe('unknown');
  });

  it('refuses what is revoked, whatever else is said, and takes no authority for a key', () => {
    expect(judge(`@revoked ${line('*', ed)}${line('gpu', ed)}`, ed, 'gpu')).toBe('revoked');
    expect(judge(`@cert-authority ${line('*', ed)}`, ed, 'gpu')).toBe('unknown');
  });

  it('passes over lines that are none', () => {
    expect(parseKnownHosts('gpu\ngpu ssh-rsa\ngpu ssh-rsa !!!!\n@odd gpu ssh-rsa AAAA\n1024 35 12345\n', 'kh')).toEqual([]);
    expect(parseKnownHosts(line('gpu', ed).replace('\n', '\r\n'), 'kh')).toHaveLength(1);
  });

  it('asks for the algorithms of the kinds that are known', () => {
    const entries = parseKnownHosts(line('gpu', rsa) + line('gpu', ed) + line('other', ed), 'kh');
    expect(hostKeyAlgorithms(knownKeyTypes(entries, ['gpu']))).toEqual(['rsa-sha2-512', 'rsa-sha2-256', 'ssh-ed25519']);
    expect(knownKeyTypes(entries, ['none'])).toEqual([]);
    expect(fingerprint(ed)).toMatch(/^SHA256:[\w+/]{43}$/);
  });
});
