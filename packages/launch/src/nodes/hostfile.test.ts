import { describe, expect, it } from 'vitest';
import { parseHostfile } from '../index.ts';

describe('parseHostfile', () => {
  it.each([
    ['one name a line', 'n2\nn1\n', ['n2', 'n1'], null],
    ['a PBS node file: a line for each slot', 'a.x\na.x\nb.x\nb.x\n', ['a.x', 'b.x'], 2],
    ['Open MPI', 'n1 slots=4 max_slots=8\nn2 slots=4 # spare\n', ['n1', 'n2'], 4],
    ['MPICH', '# nodes\nn1:3\n\nn2:3', ['n1', 'n2'], 3],
    ['slots that differ', 'n1 slots=4\nn2 slots=2\n', ['n1', 'n2'], null],
    ['addresses', '10.0.0.1\r\n10.0.0.2\r\n', ['10.0.0.1', '10.0.0.2'], null],
  ])('%s', (_name, text, nodes, slotsPerNode) => expect(parseHostfile(text, 'hosts')).toEqual({ nodes, slotsPerNode }));

  it.each([
    ['# nobody\n', 'hostfile hosts: it names no node'],
    ['n1\nn2 slots\n', 'hostfile hosts: line 2 is not a node: "n2 slots"'],
    ['n1\n--wild\n', 'hosts:2: "--wild" cannot be the name of a node'],
  ])('refuses %j', (text, message) => expect(() => parseHostfile(text, 'hosts')).toThrow(message));
});
