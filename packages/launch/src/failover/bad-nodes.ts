import { BenchError, expandNodeList, sameNode } from '@bench/core';
import type { Suspect } from './log-facts.ts';
import { BAD_NODE_RULES, type BadNodeRule } from './scrape-rules.ts';

/** A node of the launch that a log accuses. */
export interface BadNode {
  node: string;
  why: string;
  rule: string;
  line: string;
}

export interface NameNodesOptions {
  /** Nodes of the launch: a name that is none of these accuses nobody. */
  nodes: readonly string[];
  /** The name behind an address, or null. Default: none is known. */
  resolve?: (address: string) => string | null;
  rules?: readonly BadNodeRule[];
}

/** Which nodes are meant by those that a log names: lists are expanded, addresses looked up, names of further network cards put right. */
export function badNodes(suspects: readonly Suspect[], options: NameNodesOptions): BadNode[] {
  const { nodes, resolve = () => null, rules = BAD_NODE_RULES } = options;
  const found = new Map<string, BadNode>();
  for (const { node: written, rule, line } of suspects) {
    for (const name of namesIn(written)) {
      const known = isAddress(name) ? (nodes.includes(name) ? name : resolve(name)) : name;
      const node = known === null ? undefined : nodes.find((one) => sameNode(one, known) || sameNode(one, withoutCard(known)));
      if (node === undefined || found.has(node)) continue;
      found.set(node, { node, rule, line, why: rules.find((one) => one.name === rule)?.says ?? rule });
    }
  }
  return [...found.values()];
}

const isAddress = (name: string) => /^\d{1,3}(\.\d{1,3}){3}$/.test(name);

/** `x1001c0s0b0n0-hsn0`, `node3-ib0`: the node under the name of one of its network cards. */
function withoutCard(name: string): string {
  return name.replace(/^([^.]+?)-(?:hsn|ib|eth|opa)\d*(?=\.|$)/, '$1');
}

function namesIn(written: string): string[] {
  if (isAddress(written) || !/[[,]/.test(written)) return [written];
  try {
    return expandNodeList(written);
  } catch (error) {
    if (BenchError.is(error)) return [];
    throw error;
  }
}
