import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compressNodeList, expandNodeList } from '../index.ts';

describe('compressNodeList', () => {
  it.each([
    ['n1 n2 n3', 'n[1-3]'],
    ['n1', 'n1'],
    ['n1 n3', 'n[1,3]'],
    ['n09 n10 n11', 'n[09-11]'],
    ['n9 n10 n011', 'n[9-10,011]'],
    ['n3 n1 n2', 'n[3,1-2]'],
    ['n1 m1 n2', 'n1,m1,n2'],
    ['login login', 'login,login'],
    ['gpu01-ib gpu02-ib', 'gpu01-ib,gpu02-ib'],
    ['10.0.0.1 10.0.0.2', '10.0.0.[1-2]'],
    ['', ''],
  ])('%s', (nodes, list) => expect(compressNodeList(nodes.split(' ').filter(Boolean))).toBe(list));

  it('means the nodes that it was made of', () => {
    const name = fc.stringMatching(/^[a-c]{0,2}(0{0,2}\d{1,3})(-ib)?$/);
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 20 }), (nodes) => {
        expect(expandNodeList(compressNodeList(nodes))).toEqual(nodes);
      }),
    );
  });
});
