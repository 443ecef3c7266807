import { describe, expect, it } from 'vitest';
import { drawnFlag } from './drawn-flag.ts';
import { durationFlag } from './duration-flag.ts';
import { faultFlag } from './fault-flag.ts';

const time = (text: string) => drawnFlag('--ttft', text, durationFlag);
const fault = (text: string) => faultFlag(text, { after: 3, pauseMs: 1000 });

describe('a value that may be drawn', () => {
  it.each([
    ['50ms', 50],
    ['1.5s', 1500],
    ['uniform:20ms-80ms', { kind: 'uniform', min: 20, max: 80 }],
    ['uniform:0-1s', { kind: 'uniform', min: 0, max: 1000 }],
    ['lognormal:50ms,0.4', { kind: 'lognormal', median: 50, sigma: 0.4 }],
  ])('%s', (text, expected) => {
    expect(time(text)).toEqual(expected);
  });

  it.each([
    ['soon', '"soon" is not a duration'],
    ['normal:50ms,5ms', 'expected one value, uniform:MIN-MAX or lognormal:MEDIAN,SIGMA'],
    ['uniform:50ms', 'expected one value'],
    ['uniform:80ms-20ms', '80ms is more than 20ms'],
    ['uniform:-20ms', '"" is not a duration'],
    ['lognormal:50ms,wide', '"wide" is no standard deviation'],
    ['lognormal:50ms,-1', '"-1" is no standard deviation'],
  ])('%s is refused, with the name of the flag', (text, message) => {
    expect(() => time(text)).toThrow(message);
    expect(() => time(text)).toThrow('--ttft');
  });
});

describe('--fault', () => {
  it.each([
    ['http-503', { fault: { kind: 'status', status: 503 }, oneIn: 1 }],
    ['reset:10', { fault: { kind: 'reset', after: 3 }, oneIn: 10 }],
    ['stall', { fault: { kind: 'stall', after: 3 }, oneIn: 1 }],
    ['pause:2', { fault: { kind: 'stall', after: 3, forMs: 1000 }, oneIn: 2 }],
    ['no-content', { fault: { kind: 'no_content' }, oneIn: 1 }],
  ])('%s', (text, expected) => {
    expect(fault(text)).toEqual(expected);
  });

  it.each([
    ['rset', 'there is no fault "rset"'],
    ['toString', 'there is no fault "toString"'],
    ['http-200', 'there is no fault "http-200"'],
    ['reset:0', 'one request in N'],
    ['reset:', 'one request in N'],
    ['reset:2:3', 'one request in N'],
    ['reset:half', 'one request in N'],
  ])('%s is refused', (text, message) => {
    expect(() => fault(text)).toThrow(message);
  });
});
