import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import axe from 'axe-core';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../scripts/parts.mjs';
import { buildReport, writeHtml } from './index.ts';
import { manyRun } from './testing/many-run.ts';
import { demoRun, hostileRun, mixedRun, ownRun } from './testing/synthetic-run.ts';

const NOW = Date.UTC(2026, 4, 4, 13, 30);
const OUT = fileURLToPath(new URL('../test-report/', import.meta.url));
const chromiumPart = part('chromium');

const PAGES = {
  demo: demoRun,
  mixed: mixedRun,
  hostile: hostileRun,
  own: ownRun,
  many: () => manyRun({ variants: 12, loads: [1, 8, 32], requests: 160 }),
};
type Name = keyof typeof PAGES;

const VIEWS = {
  desktop: { width: 1280, height: 900, colorScheme: 'light' },
  dark: { width: 1280, height: 900, colorScheme: 'dark' },
  phone: { width: 390, height: 844, colorScheme: 'light' },
} as const;

interface Opened {
  page: Page;
  /** Errors and warnings of the console, of scripts, and dialogs. */
  complaints: string[];
  requests: string[];
}

describe.skipIf(!chromiumPart.present)('report.html in Chromium', () => {
  let browser: Browser;

  beforeAll(async () => {
    await mkdir(OUT, { recursive: true });
    browser = await chromium.launch({
      executablePath: chromiumPart.path as string,
      args: [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
    for (const [name, run] of Object.entries(PAGES))
      await writeHtml(buildReport({ runs: [run()] }), join(OUT, `${name}.html`), { now: NOW });
  }, 120_000);
  afterAll(() => browser?.close());
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
  });

  async function open(
    name: Name,
    { view = 'desktop', hash = '', scripts = true }: { view?: keyof typeof VIEWS; hash?: string; scripts?: boolean } = {},
  ): Promise<Opened> {
    const { width, height, colorScheme } = VIEWS[view];
    const context = await browser.newContext({
      viewport: { width, height },
      colorScheme,
      hasTouch: view === 'phone',
      javaScriptEnabled: scripts,
      offline: true,
      reducedMotion: 'reduce',
    });
    const page = await context.newPage();
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('dialog', (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(address(name, hash), { waitUntil: 'load', timeout: 30_000 });
    return { page, complaints, requests };
  }

  const address = (name: Name, hash = '') => `${pathToFileURL(join(OUT, `${name}.html`)).href}${hash}`;
  /** Texts of what is shown of a selector. */
  const texts = (page: Page, selector: string) =>
    page.evaluate<string[]>(
      `[...document.querySelectorAll(${JSON.stringify(selector)})].filter((e) => e.checkVisibility()).map((e) => e.textContent.trim())`,
    );
  const rows = (page: Page) => texts(page, '#summary tbody tr[data-row] th');
  const column = async (page: Page, head: string): Promise<number[]> => {
    const index = await page.evaluate<number>(
      `[...document.querySelectorAll('#summary thead tr:last-child th')].findIndex((th) => th.textContent === ${JSON.stringify(head)})`,
    );
    // The load stands before them.
    const cells = await texts(page, `#summary tbody tr[data-row] > :nth-child(${index + 2})`);
    return cells.map((cell) => Number(cell.replace(/,/g, '')));
  };
  const facet = (page: Page, label: string) => page.locator('details.facet', { has: page.locator('summary', { hasText: label }) });
  const said = (page: Page) => page.locator('#view .said').textContent();

  for (const name of Object.keys(PAGES) as Name[]) {
    it(`${name}: no console error, no request, no sideways scrolling, nothing serious that axe finds; on a desk, on a phone, in the dark`, async () => {
      for (const view of Object.keys(VIEWS) as (keyof typeof VIEWS)[]) {
        const { page, complaints, requests } = await open(name, { view });
        const widths = await page.evaluate<{ page: number; window: number }>(
          '({ page: document.documentElement.scrollWidth, window: document.documentElement.clientWidth })',
        );
        if (name === 'demo') await page.screenshot({ path: join(OUT, `${name}-${view}.png`), fullPage: true });
        await page.evaluate(axe.source);
        // In the dark only colours are others.
        const found = await page.evaluate<
          string[]
        >(`axe.run({ exclude: ['svg.chart > g'] }, { resultTypes: ['violations']${view === 'dark' ? `, runOnly: ['color-contrast']` : ''} }).then(({ violations }) =>
          violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
            .map(({ id, nodes }) => id + ': ' + nodes.slice(0, 3).map(({ html }) => html.slice(0, 200)).join(' | ')))`);
        expect(found, view).toEqual([]);
        expect(complaints, view).toEqual([]);
        expect(requests.filter((url) => !url.startsWith('file:'))).toEqual([]);
        expect(widths.page, view).toBeLessThanOrEqual(widths.window);
        await page.context().close();
      }
    }, 180_000);
  }

  for (const name of ['mixed', 'own', 'many'] as const) {
    it(`${name}: all columns of all tables are seen at 1280 pixels and on A4`, async () => {
      const { page } = await open(name);
      await page.evaluate(
        `document.querySelectorAll('main > section').forEach((section) => { section.style.contentVisibility = 'visible'; })`,
      );
      await page.evaluate(`document.querySelectorAll('details').forEach((details) => { details.open = true; })`);
      const cut = () =>
        page.evaluate<string[]>(
          `[...document.querySelectorAll('.scroll')].filter((place) => place.checkVisibility() && place.firstElementChild.getBoundingClientRect().right > place.getBoundingClientRect().right + 1).map((place) => place.getAttribute('aria-label'))`,
        );
      expect(await cut()).toEqual([]);
      // A4 without its margins.
      await page.setViewportSize({ width: 688, height: 970 });
      await page.emulateMedia({ media: 'print' });
      expect(await cut()).toEqual([]);
    }, 60_000);
  }

  it('prints, and shows the same without scripts', async () => {
    const { page } = await open('demo', { scripts: false });
    const pdf = await page.pdf({ path: join(OUT, 'demo.pdf'), format: 'A4', printBackground: true });
    expect(pdf.length).toBeGreaterThan(10_000);
    expect(await page.locator('svg.chart path.line').count()).toBeGreaterThan(6);
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toContain('random-tiny');
    expect(await page.locator('#view').isHidden()).toBe(true);
    expect(await page.locator('th button, .tools').count()).toBe(0);
  }, 60_000);

  it('reads figures out under the pointer, in place of nothing that a page without scripts lacks', async () => {
    const { page, complaints } = await open('demo');
    const tip = page.locator('.tip');
    const over = async (selector: string, dx: number, dy: number) => {
      const chart = page.locator(selector).first();
      await chart.scrollIntoViewIfNeeded();
      // The page learns that it was scrolled in its next frame, and hides the read-out: so not before that.
      await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
      const box = await chart.boundingBox();
      if (!box) throw new Error(`${selector} is not shown`);
      await page.mouse.move(box.x + box.width * dx, box.y + box.height * dy);
      await tip.waitFor({ state: 'visible', timeout: 10_000 });
      return tip.innerText();
    };
    expect(await over('#distributions svg.chart', 0.5, 0.45)).toMatch(/^\d+(\.5)? % within\s+1 concurrent\s+[\d.]+ ms\s+2 concurrent/);
    expect(await over('#series svg.chart', 0.5, 0.5)).toMatch(/^\d+ to \d+ s\s+output tokens per second\s+[\d.,]+/);
    expect(await over('#curve circle.full', 0.5, 0.5)).toMatch(/tiny-cpu, 1 concurrent: .* tok\/s, TTFT p50 .* ms/);
    await page.mouse.move(2, 2);
    expect(await tip.isHidden()).toBe(true);
    expect(complaints).toEqual([]);
  }, 60_000);

  it('filters the table and the charts, says so, and takes it back', async () => {
    const { page, complaints } = await open('many');
    expect(await rows(page)).toHaveLength(36);
    expect(await said(page)).toBe('All 36 points are shown.');
    await facet(page, 'Engine').locator('summary').click();
    await facet(page, 'Engine').getByLabel('vllm').check();
    const left = await rows(page);
    expect(left.length).toBeGreaterThan(0);
    expect(left.length).toBeLessThan(36);
    expect(await said(page)).toBe(`${left.length} of 36 points shown of ${left.length / 3} tasks: Engine vllm 0.11.0.`);
    for (const name of await texts(page, '#summary tr.group th')) expect(name).toContain('vllm');
    for (const title of await texts(page, '#distributions figcaption')) expect(title).not.toContain('sglang');
    for (const title of await texts(page, '#series details > summary')) expect(title).not.toContain('sglang');
    const dots = await page.locator('#curve svg.chart').first().locator('circle.dot').count();
    await facet(page, 'Load').locator('summary').click();
    await facet(page, 'Load').getByLabel('32 concurrent').check();
    expect(await rows(page)).toEqual(left.filter((load) => load === '32 concurrent'));
    expect(await page.locator('#curve svg.chart').first().locator('circle.dot').count()).toBe(dots / 3);
    await page.getByRole('searchbox', { name: 'Filter' }).fill('no such word');
    expect(await rows(page)).toEqual([]);
    expect(await page.locator('#summary tbody').textContent()).toContain('No point is left');
    await page.getByRole('button', { name: 'Clear' }).click();
    expect(await rows(page)).toHaveLength(36);
    expect(new URL(page.url()).hash).toBe('');
    expect(complaints).toEqual([]);
  }, 60_000);

  it('sorts by any column, within its groups and without, and groups by any parameter', async () => {
    const { page } = await open('many');
    const head = page.locator('#summary').getByRole('button', { name: 'out tok/s', exact: true });
    await page.getByLabel('Group by').selectOption({ label: 'nothing' });
    const written = await column(page, 'out tok/s');
    await head.click();
    expect(await column(page, 'out tok/s')).toEqual([...written].sort((a, b) => b - a));
    expect(await page.locator('#summary th[aria-sort=descending]').textContent()).toBe('out tok/s');
    await head.click();
    expect(await column(page, 'out tok/s')).toEqual([...written].sort((a, b) => a - b));
    expect(await page.locator('#summary tbody tr[data-row] th .whose').first().textContent()).not.toBe('');
    await head.click();
    expect(await column(page, 'out tok/s')).toEqual(written);
    expect(await page.locator('#summary th[aria-sort]').count()).toBe(0);

    await page.getByLabel('Group by').selectOption({ label: 'Engine' });
    expect(await texts(page, '#summary tr.group th')).toEqual(['vllm 0.11.0', 'sglang 0.5.4']);
    expect(await texts(page, '#curve ul.legend li')).toEqual(['vllm 0.11.0', 'sglang 0.5.4']);
    expect(await page.locator('#curve svg.chart').first().locator('circle.c2, circle.c3').count()).toBe(0);
    expect(await rows(page)).toHaveLength(36);
  }, 60_000);

  it('sorts the other tables too', async () => {
    const { page } = await open('demo');
    const table = page.locator('#distributions table').first();
    // Not by innerText: that of a section out of view, which the browser skips, is empty.
    const loads = () => table.locator('tbody th').allTextContents();
    expect(await loads()).toEqual(['1', '2', '4', '8', '16'].map((n) => `${n} concurrent`));
    await table.getByRole('button', { name: 'Load' }).click();
    expect(await loads()).toEqual(['16', '8', '4', '2', '1'].map((n) => `${n} concurrent`));
  }, 60_000);

  it('zooms by dragging, and by keys, with axes that say what is shown', async () => {
    const { page, complaints } = await open('demo');
    const chart = page.locator('#series svg.chart').last();
    await chart.scrollIntoViewIfNeeded();
    await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
    const ticks = () => chart.locator('text.tick[text-anchor=middle]').allTextContents();
    const whole = await ticks();
    const box = await chart.boundingBox();
    if (!box) throw new Error('the chart is not shown');
    const across = async (from: number, to: number) => {
      await page.mouse.move(box.x + box.width * from, box.y + box.height * 0.4);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * to, box.y + box.height * 0.45, { steps: 4 });
      await page.mouse.up();
    };
    await across(0.45, 0.8);
    expect(await ticks()).not.toEqual(whole);
    expect(Number((await ticks())[0])).toBeGreaterThan(0);
    expect(new URL(page.url()).hash).toMatch(/^#zoom=series-0-4/);
    await chart.locator('xpath=ancestor::figure').getByRole('button', { name: 'Show all of the chart' }).click();
    expect(await ticks()).toEqual(whole);
    expect(new URL(page.url()).hash).toBe('');

    const curve = page.locator('#curve svg.chart').first();
    await curve.focus();
    await page.keyboard.press('ArrowRight');
    const spoken = page.locator('body > .unseen[role=status]');
    expect(await spoken.textContent()).toMatch(/1 concurrent: .* TTFT p99/);
    await page.keyboard.press('End');
    expect(await spoken.textContent()).toMatch(/16 concurrent: .* TTFT p50/);
    const labels = await curve.locator('text.tick').allTextContents();
    await page.keyboard.press('+');
    expect(await curve.locator('text.tick').allTextContents()).not.toEqual(labels);
    expect(await spoken.textContent()).toBe('A part of the chart is shown');
    await page.keyboard.press('0');
    expect(await curve.locator('text.tick').allTextContents()).toEqual(labels);
    expect(complaints).toEqual([]);
  }, 60_000);

  it('has all of it at hand of the keyboard', async () => {
    const { page } = await open('many');
    await page.getByRole('searchbox', { name: 'Filter' }).focus();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    expect(await said(page)).toMatch(/points shown of \d+ tasks?: Model/);
    await page.keyboard.press('Escape');
    expect(await page.locator('details.facet[open]').count()).toBe(0);
    expect(await page.evaluate<string>('document.activeElement.tagName')).toBe('SUMMARY');
    await page.locator('#summary').getByRole('button', { name: 'req/s' }).focus();
    await page.keyboard.press('Enter');
    expect(await page.locator('#summary th[aria-sort]').textContent()).toBe('req/s');
  }, 60_000);

  it('opens at a view that a link leads to, and follows it when the link changes', async () => {
    const { page } = await open('many');
    await page.getByLabel('Group by').selectOption({ label: 'GPU or machine' });
    await facet(page, 'Engine').locator('summary').click();
    await facet(page, 'Engine').getByLabel('sglang').check();
    await page.locator('#summary').getByRole('button', { name: 'req/s' }).click();
    await page.locator('#curve svg.chart').first().focus();
    await page.keyboard.press('+');
    const link = page.url();
    const look = async (at: Page) => [
      await rows(at),
      await texts(at, '#summary tr.group th'),
      await said(at),
      await at.locator('#curve svg.chart').first().locator('text.tick').allTextContents(),
    ];
    const there = await look(page);
    const { page: other, complaints } = await open('many', { hash: new URL(link).hash });
    expect(await look(other)).toEqual(there);
    // A link within the page keeps the view.
    await other.locator('nav a', { hasText: 'Definitions' }).click();
    await other.waitForURL(/#definitions&/);
    expect(await look(other)).toEqual(there);
    await other.evaluate(`location.hash = 'load=8+concurrent'`);
    await other.waitForFunction(`document.querySelector('#view .said').textContent.includes('Load 8 concurrent')`);
    expect(await rows(other)).toEqual(Array.from({ length: 12 }, () => '8 concurrent'));
    expect(complaints).toEqual([]);
  }, 60_000);

  it('draws charts of tasks that were not drawn when it was written, once they are asked for', async () => {
    const { page, complaints } = await open('many');
    expect(await page.locator('#series > details').count()).toBe(8);
    const section = page.locator('#distributions');
    const chosen = (await section.locator('p.more option').nth(1).textContent()) ?? '';
    await section.locator('p.more select').selectOption({ index: 1 });
    expect((await texts(page, '#distributions figcaption')).filter((text) => text.includes(chosen))).toHaveLength(2);
    const figure = section.locator('figure', { hasText: chosen }).first();
    expect(await figure.locator('path.line').count()).toBe(3);
    const { page: again } = await open('many', { hash: new URL(page.url()).hash });
    expect((await texts(again, '#distributions figcaption')).filter((text) => text.includes(chosen))).toHaveLength(2);
    // Filtered to few, all of them are drawn.
    await page.getByRole('searchbox', { name: 'Filter' }).fill('sglang');
    const tasks = (await texts(page, '#summary tr.group th')).length;
    expect(tasks).toBeGreaterThan(3);
    expect((await texts(page, '#distributions figcaption')).length).toBe(2 * Math.min(8, tasks));
    expect(complaints).toEqual([]);
  }, 60_000);

  it('prints what is filtered, and says by what', async () => {
    const { page } = await open('many', { hash: '#q=sglang' });
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('#view .controls').isVisible()).toBe(false);
    expect(await page.locator('#view .said').isVisible()).toBe(true);
    const { page: whole } = await open('many');
    await whole.emulateMedia({ media: 'print' });
    expect(await whole.locator('#view').isVisible()).toBe(false);
  }, 60_000);

  it('runs nothing that came in with a name, or with a link', async () => {
    const name = `<script>window.pwned=1</script>"><img src=x onerror="window.pwned=1">`;
    const hash = `#q=${encodeURIComponent(name)}&engine=${encodeURIComponent(name)}&sort=-${encodeURIComponent(name)}&zoom=${encodeURIComponent(name)}~1~2&draw=${encodeURIComponent(name)}&group=${encodeURIComponent(name)}`;
    for (const at of ['', hash, `#${encodeURIComponent(name)}`, '#%E0%A4%A&&=&==&__proto__=1&constructor=2']) {
      const { page, complaints, requests } = await open('hostile', { hash: at });
      // What the script writes is from the same names.
      for (const option of await page.locator('#filter-group option').all())
        await page.getByLabel('Group by').selectOption((await option.getAttribute('value')) ?? '');
      const charts = page.locator('svg.chart');
      for (let i = 0; at === '' && i < (await charts.count()); i++) {
        await charts.nth(i).focus();
        await page.keyboard.press('ArrowRight');
        await page.keyboard.press('+');
      }
      expect(await page.evaluate(`'pwned' in window`)).toBe(false);
      expect(await page.locator('img, iframe, object, embed, form, main script').count()).toBe(0);
      expect(complaints).toEqual([]);
      expect(requests.filter((url) => !url.startsWith('file:'))).toEqual([]);
      await page.context().close();
    }
    const { page } = await open('hostile');
    const recipes = await facet(page, 'Recipe').locator('label bdi').allTextContents();
    expect(recipes.length).toBe(2);
    for (const recipe of recipes)
      expect(recipe.startsWith('<script>window.pwned=1</script>"><img src=x onerror="window.pwned=1">')).toBe(true);
    await facet(page, 'Recipe').locator('summary').click();
    await facet(page, 'Recipe').locator('input[type=checkbox]').first().check();
    expect(await said(page)).toContain(recipes[0]);
    expect(await page.evaluate(`'pwned' in window`)).toBe(false);
  }, 120_000);
});
