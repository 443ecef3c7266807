import { describe, expect, it } from 'vitest';
import { expandNodeList } from '../index.ts';

describe('expandNodeList', () => {
  it.each([
    ['n1', 'n1'],
    // Names without brackets, separated by commas, were once one bogus host.
    ['n1,n2', 'n1 n2'],
    // Several words with groups were once an error.
    ['a[1-2],b[3-4]', 'a1 a2 b3 b4'],
    // Text after the group was once an error.
    ['gpu[01-02]-ib', 'gpu01-ib gpu02-ib'],
    // Several groups in a word once gave an empty list.
    ['r[1-2]n[1-2]', 'r1n1 r1n2 r2n1 r2n2'],
    ['a[1-2]b[1-2]c[1-2]', 'a1b1c1 a1b1c2 a2b1c1 a2b1c2 a1b2c1 a1b2c2 a2b2c1 a2b2c2'],
    ['n[1,03-04,10]', 'n1 n03 n04 n10'],
    ['n[09-11]', 'n09 n10 n11'],
    ['n[1-010]', 'n1 n2 n3 n4 n5 n6 n7 n8 n9 n10'],
    ['n[1-2][3-4]', 'n13 n14 n23 n24'],
    ['n[1-2,2],n1', 'n1 n2 n2 n1'],
    ['n3,n1,n2', 'n3 n1 n2'],
    ['[1-3]', '1 2 3'],
    ['n1-3', 'n1-3'],
    [' n1, n2 ', 'n1 n2'],
    ['n[1-2].cluster.example', 'n1.cluster.example n2.cluster.example'],
    ['n[00000000000000000001]', 'n00000000000000000001'],
  ])('%s', (list, nodes) => expect(expandNodeList(list)).toEqual(nodes.split(' ')));

  it.each([
    ['', 1, 'a name is missing'],
    ['n1,,n2', 4, 'a name is missing'],
    ['n1,', 4, 'a name is missing'],
    ['n[', 1, 'a "[" without its "]"'],
    ['a,n[1-2', 3, 'a "[" without its "]"'],
    ['n]1', 2, 'a "]" without its "["'],
    ['n[[1-2]]', 3, 'a "[" inside of brackets'],
    ['n[]', 1, '"" is not a number or a range'],
    ['n[1,,2]', 1, '"" is not a number or a range'],
    ['n[a-b]', 1, '"a-b" is not a number or a range'],
    ['n[1-2-3]', 1, '"1-2-3" is not a number or a range'],
    ['n[3-1]', 1, '"3-1" runs backwards'],
    ['n[1-100000]', 1, '"1-100000" is more than 65536 nodes'],
    ['n[1-65536],a[1-9999]b[1-9999]', 12, 'more than 1000000 nodes'],
    ['n[1-9999999999999999]', 1, 'the numbers of "1-9999999999999999" are too long'],
    ['(null)', 1, '"(null)" cannot be the name of a node'],
    ['a b', 1, '"a b" cannot be the name of a node'],
    ['-n1', 1, '"-n1" cannot be the name of a node'],
    ['n1;reboot', 1, '"n1;reboot" cannot be the name of a node'],
  ])('refuses "%s"', (list, at, why) => {
    expect(() => expandNodeList(list)).toThrow(
      expect.objectContaining({
        code: 'BENCH_NODE_LIST',
        exitCode: 2,
        message: `node list "${list}", at character ${at}: ${why}`,
      }) as Error,
    );
  });
});
