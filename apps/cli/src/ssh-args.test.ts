import { expect, it } from 'vitest';
import { sshArgs, sshHostName } from './ssh-args.ts';

it.each([
  ['gpu1', ['gpu1'], 'gpu1'],
  ['ann@gpu1', ['ann@gpu1'], 'gpu1'],
  ['ann@gpu1:2222', ['-p', '2222', 'ann@gpu1'], 'gpu1'],
  ['[fd00::1]:2222', ['-p', '2222', 'fd00::1'], '[fd00::1]'],
  ['ann@fd00::1', ['ann@fd00::1'], '[fd00::1]'],
])('%s', (target, args, host) => {
  expect(sshArgs(target)).toEqual(args);
  expect(sshHostName(target)).toBe(host);
});
