import { z } from 'zod';
import { type MetricMeaning, meaningOf } from './metric-meaning.ts';

export type OwnMetrics = Record<string, { value: number } & MetricMeaning>;

/** Bytes of a `metrics.json`, and figures in it: columns of a table that a person reads. */
export const METRICS_LIMITS = { bytes: 1 << 20, figures: 1000 } as const;

const NAME = /^[A-Za-z][\w.:%/-]{0,99}$/;

const figureSchema = z.strictObject({
  value: z.number(),
  unit: z.string().max(40).optional(),
  better: z.enum(['higher', 'lower']).nullable().optional(),
});

/**
 * Reads the text of a `metrics.json`: `{name: {value, unit, better}}`; a plain number stands for `{value}`. What is not said of unit and
 * direction follows from the name ({@link meaningOf}).
 * @returns the figures, and what is wrong; each problem names its line or its figure.
 */
export function parseMetrics(text: string): { metrics: OwnMetrics; problems: string[] } {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    return { metrics: {}, problems: [jsonProblem(text, error)] };
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    return { metrics: {}, problems: ['expected an object {name: {value, unit, better}}'] };
  }
  const problems: string[] = [];
  const metrics: [string, OwnMetrics[string]][] = [];
  for (const [name, written] of Object.entries(content)) {
    if (!NAME.test(name)) {
      problems.push(`"${name.slice(0, 60)}" cannot name a figure: a letter, then letters, digits, and _ . : % / - (at most 100)`);
      continue;
    }
    const parsed = figureSchema.safeParse(typeof written === 'number' ? { value: written } : written);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      const at = issue && issue.path.length > 0 ? `${name}.${issue.path.join('.')}` : name;
      problems.push(
        `${at}: ${typeof written === 'object' && written !== null ? issue?.message : 'expected a number, or {value, unit, better}'}`,
      );
      continue;
    }
    const { value, unit, better } = parsed.data;
    const told = meaningOf(name);
    metrics.push([name, { value, unit: unit ?? told.unit, better: better === undefined ? told.better : better }]);
  }
  if (metrics.length > METRICS_LIMITS.figures) problems.push(`${metrics.length} figures; at most ${METRICS_LIMITS.figures} can be read`);
  return { metrics: Object.fromEntries(metrics), problems };
}

/** Says the line where the JSON stops being JSON; NaN and Infinity, which many writers leave, by name. */
function jsonProblem(text: string, error: unknown): string {
  if (text.trim() === '') return 'is empty';
  const message = error instanceof Error ? error.message : String(error);
  const position = /position (\d+)/.exec(message)?.[1];
  const odd = /(?:^|[:[,\s])(-?(?:NaN|Infinity))\b/.exec(text.replaceAll(/"(?:\\.|[^"\\])*"/g, (part) => ' '.repeat(part.length)));
  const offset = odd ? odd.index : position === undefined ? (/end of JSON/.test(message) ? text.length : null) : Number(position);
  const line =
    offset === null
      ? ''
      : `line ${
          text
            .slice(0, offset + 1)
            .trimEnd()
            .split('\n').length
        }: `;
  return line + (odd ? `${odd[1] as string} is no number in JSON; leave the figure out` : `not JSON: ${message}`);
}
