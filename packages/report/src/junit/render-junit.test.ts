import { describe, expect, it } from 'vitest';
import { buildReport } from '../report.ts';
import { hostileRun, mixedRun, ownRun, syntheticRun } from '../testing/synthetic-run.ts';
import { renderJunit } from './render-junit.ts';

interface Element {
  name: string;
  attributes: Record<string, string>;
  children: Element[];
  text: string;
}

/** A strict reader of the XML that is written here: tags that close, quoted attributes, known entities. */
function parseXml(xml: string): Element {
  const decode = (text: string) => {
    expect(text).not.toMatch(/[<>]|&(?!(?:amp|lt|gt|quot|apos|#\d+);)/);
    return text.replace(/&(?:#(\d+)|(\w+));/g, (_, code: string | undefined, name: string) =>
      code ? String.fromCharCode(Number(code)) : ({ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }[name] as string),
    );
  };
  const root: Element = { name: '', attributes: {}, children: [], text: '' };
  const open = [root];
  const top = () => open[open.length - 1] as Element;
  let rest = xml.replace(/^<\?xml version="1.0" encoding="UTF-8"\?>\n/, '');
  while (rest !== '') {
    const tag = /^<(\/?)([\w-]+)((?: \w+="[^"]*")*)(\/?)>/.exec(rest);
    const taken = tag ? tag[0] : /^[^<]+/.exec(rest)?.[0];
    if (!taken) throw new Error(`no XML: ${rest.slice(0, 40)}`);
    rest = rest.slice(taken.length);
    if (!tag) top().text += decode(taken);
    else if (tag[1]) expect(open.pop()?.name).toBe(tag[2]);
    else {
      const pairs = [...(tag[3] ?? '').matchAll(/ (\w+)="([^"]*)"/g)].map(([, key, value]) => [key as string, decode(value as string)]);
      const element: Element = {
        name: tag[2] as string,
        attributes: Object.fromEntries(pairs) as Record<string, string>,
        children: [],
        text: '',
      };
      top().children.push(element);
      if (!tag[4]) open.push(element);
    }
  }
  expect(open).toEqual([root]);
  return root.children[0] as Element;
}
const junit = (...runs: NonNullable<Parameters<typeof buildReport>[0]['runs']>) => parseXml(renderJunit(buildReport({ runs })));

describe('renderJunit', () => {
  it('has a case a point: what failed is a failure with its message, what was not run is skipped', () => {
    const suites = junit(mixedRun());
    expect(suites.attributes).toMatchObject({ name: 'bench', tests: '10', failures: '1', errors: '0', skipped: '1' });
    const [suite] = suites.children;
    expect(suite?.attributes).toMatchObject({ name: 'qwen3-coder, rmixed0001', timestamp: '2026-05-04T13:21:00.000Z' });
    const [first, ...others] = suite?.children ?? [];
    expect(first?.attributes).toMatchObject({ classname: 'qwen3-coder', name: 'vllm-tp8, 1 concurrent' });
    expect(Number(first?.attributes['time'])).toBeGreaterThan(1);
    expect(first?.children[0]?.text).toMatch(/^output_throughput_tok_per_s=\d|\nttft_p99_ms=\d/);
    const [failed, skipped] = others.slice(-2);
    expect(failed?.children[0]).toMatchObject({ name: 'failure', attributes: { message: expect.stringContaining('CUDA out of memory') } });
    expect(skipped?.children[0]).toMatchObject({ name: 'skipped' });
  });

  it('has a suite a recipe, and figures that recipes report themselves', () => {
    const suites = junit(ownRun());
    expect(suites.children.map(({ attributes }) => attributes['name'])).toEqual(['redis-stress, rown000001', 'copy-weights, rown000001']);
    expect(suites.children[1]?.children[0]?.children[0]?.text).toContain('throughput_gb_s=2.31');
  });

  it('is XML whatever names and messages hold', () => {
    const suites = junit(hostileRun());
    expect(suites.attributes['failures']).toBe('2');
    expect(JSON.stringify(suites)).not.toMatch(/\\u001b|\\u202e/i);
    expect(junit(syntheticRun({ tasks: [] })).children).toEqual([]);
  });
});
