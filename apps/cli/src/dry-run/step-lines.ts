import type { RenderedStep } from '@bench/core';
import { describeCommand } from '@bench/host';

/** A step of a plan, for people to read. */
export function stepLines(step: RenderedStep): string[] {
  switch (step.kind) {
    case 'command': {
      const [first = '', ...rest] = describeCommand({ argv: step.argv as [string, ...string[]] }).split('\n');
      return [`${step.description}: ${first}`, ...indent(rest, 2)];
    }
    case 'http':
      return [
        `${step.description}: ${step.method} ${step.url}`,
        ...(step.body === undefined ? [] : indent(JSON.stringify(step.body, null, 1).split('\n'), 2)),
      ];
    case 'file':
      return [
        `${step.description}: ${step.path}`,
        ...step.content
          .replace(/\n$/, '')
          .split('\n')
          .map((line) => `  | ${line}`.trimEnd()),
      ];
  }
}

export const indent = (lines: readonly string[], by: number) => lines.map((line) => (line === '' ? '' : `${' '.repeat(by)}${line}`));
