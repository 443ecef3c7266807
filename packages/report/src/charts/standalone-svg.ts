import { escapeHtml } from '../html/markup.ts';
import { oneLine } from '../text.ts';
import { CHART_STYLE } from './chart-style.ts';
import type { DrawnChart } from './drawn-chart.ts';
import { DARK, LIGHT, type Palette } from './palette.ts';

/** Drawing units around the chart. */
const EDGE = 20;
const TITLE = { size: 15, step: 20, characters: 56 };
const SUBTITLE = { size: 12, step: 17, characters: 74 };
const FOOTER = { size: 10, step: 16, characters: 88 };
const LEGEND = { step: 19, swatch: 18, gap: 18, character: 7 };
const MAX_NAME = 70;
const FONT = `"Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", "DejaVu Sans", sans-serif`;

/** How a picture is drawn. */
export interface StandaloneOptions {
  /** Light on dark. Default: dark on light. */
  dark?: boolean;
  /** Below it all, small: what was measured, and when. */
  footer?: string;
}

/** A chart as an SVG file of its own: title, chart, legend and ground, all styles in it, nothing to be loaded. */
export function standaloneSvg(chart: DrawnChart, options: StandaloneOptions = {}): string {
  const palette = options.dark ? DARK : LIGHT;
  const inner = chart.svg.text.replace(/ data-chart='[^']*'/, '');
  const [opening = '', chartWidth = '520', chartHeight = '320'] = /^<svg class="chart" viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(inner) ?? [];
  const width = Number(chartWidth) + 2 * EDGE;
  let y = EDGE;
  const text = (line: string, of: { size: number; step: number }, look: string) =>
    `<text x="${EDGE}" y="${(y += of.step) - of.step / 4}" font-size="${of.size}" ${look}>${escapeHtml(line)}</text>`;
  const words = [
    ...wrapped(chart.title, TITLE.characters).map((line) => text(line, TITLE, `font-weight="600" fill="${palette['ink']}"`)),
    ...wrapped(chart.subtitle, SUBTITLE.characters).map((line) => text(line, SUBTITLE, `fill="${palette['soft']}"`)),
  ];
  const top = (y += 12);
  y += Number(chartHeight);
  const legend = legendOf(chart.legend, { from: y + 8, right: width - EDGE, palette });
  y = legend.bottom ?? y;
  const footer = wrapped(options.footer ?? '', FOOTER.characters).map((line) => text(line, FOOTER, `fill="${palette['faint']}"`));
  const height = Math.round(y + EDGE);
  const nested = inner.replace(opening, `${opening} x="${EDGE}" y="${top}" width="${chartWidth}" height="${chartHeight}" font-size="12"`);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family='${FONT}'>
<title>${escapeHtml(oneLine(chart.title))}</title><style>${plainStyle(inner, palette)}</style>
<rect width="${width}" height="${height}" fill="${palette['card']}"/>
${words.join('\n')}
${nested}
${[...legend.marks, ...footer].join('\n')}
</svg>
`;
}

/** The rules of charts with colours in place of roles: not every program that shows pictures knows variables. */
function plainStyle(svg: string, palette: Palette): string {
  const used = [...new Set(svg.match(/\b[cr]\d\b/g) ?? [])].filter((name) => palette[name] !== undefined);
  const rule = (selector: string, declarations: string[]) => (declarations.length === 0 ? '' : `${selector}{${declarations.join(';')}}`);
  return [...CHART_STYLE.matchAll(/([^{}\n]+)\{([^{}]*)\}/g)]
    .flatMap(([, selector = '', body = '']) => {
      const declarations = body
        .split(';')
        .map((each) => each.replace(/var\(--(?!k\))([\w-]+)\)/g, (_, role: string) => palette[role] ?? ''));
      const own = declarations.filter((each) => each.includes('var(--k)'));
      return [
        rule(
          selector,
          declarations.filter((each) => !own.includes(each)),
        ),
        ...used.map((name) =>
          rule(
            `${selector}.${name}`,
            own.map((each) => each.replaceAll('var(--k)', palette[name] ?? '')),
          ),
        ),
      ];
    })
    .join('');
}

function legendOf(entries: DrawnChart['legend'], { from, right, palette }: { from: number; right: number; palette: Palette }) {
  let x = EDGE;
  let y = from;
  const marks = entries.map(({ color, name }) => {
    const label = oneLine(name, MAX_NAME);
    const wide = LEGEND.swatch + 6 + label.length * LEGEND.character;
    if (x > EDGE && x + wide > right) {
      x = EDGE;
      y += LEGEND.step;
    }
    const mark = `<path d="M${x} ${y + 8}h${LEGEND.swatch}" stroke="${palette[color] ?? palette['soft']}" stroke-width="3"/><text x="${x + LEGEND.swatch + 6}" y="${y + 12}" font-size="12" fill="${palette['soft']}">${escapeHtml(label)}</text>`;
    x += wide + LEGEND.gap;
    return mark;
  });
  return { marks, bottom: entries.length === 0 ? null : y + LEGEND.step };
}

/** Lines of at most so many characters, broken between words; two of them, the rest is left out. */
function wrapped(text: string, max: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of oneLine(text, 2 * max).split(' ')) {
    const next = line === '' ? word : `${line} ${word}`;
    if (next.length > max && line !== '') {
      lines.push(line);
      line = word;
    } else line = next;
  }
  return [...lines, line]
    .filter(Boolean)
    .slice(0, 2)
    .map((each) => oneLine(each, max));
}
