import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../scripts/parts.mjs';
import { buildReport, writeHtml } from './index.ts';
import { demoRun, hostileRun, mixedRun, ownRun } from './testing/synthetic-run.ts';

const NOW = Date.UTC(2026, 4, 4, 13, 30);
const OUT = fileURLToPath(new URL('../test-report/', import.meta.url));
const chromiumPart = part('chromium');

const PAGES = [
  ['demo', demoRun],
  ['mixed', mixedRun],
  ['hostile', hostileRun],
  ['own', ownRun],
] as const;
const VIEWS = [
  { view: 'desktop', width: 1280, height: 900, colorScheme: 'light' },
  { view: 'phone', width: 390, height: 844, colorScheme: 'light' },
  { view: 'dark', width: 1280, height: 900, colorScheme: 'dark' },
] as const;

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
    for (const [name, run] of PAGES) await writeHtml(buildReport({ runs: [run()] }), join(OUT, `${name}.html`), { now: NOW });
  }, 60_000);
  afterAll(() => browser?.close());

  async function open(
    name: string,
    options: { width: number; height: number; colorScheme: 'light' | 'dark'; javaScriptEnabled?: boolean },
  ): Promise<{ page: Page; complaints: string[]; requests: string[] }> {
    const context = await browser.newContext({
      viewport: { width: options.width, height: options.height },
      colorScheme: options.colorScheme,
      javaScriptEnabled: options.javaScriptEnabled ?? true,
      offline: true,
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
    await page.goto(pathToFileURL(join(OUT, `${name}.html`)).href, { waitUntil: 'load', timeout: 20_000 });
    return { page, complaints, requests };
  }

  for (const [name] of PAGES) {
    for (const { view, ...size } of VIEWS) {
      it(`${name}, ${view}: no console error, no request, no sideways scrolling`, async () => {
        const { page, complaints, requests } = await open(name, size);
        const widths = await page.evaluate<{ page: number; window: number }>(
          '({ page: document.documentElement.scrollWidth, window: document.documentElement.clientWidth })',
        );
        await page.screenshot({ path: join(OUT, `${name}-${view}.png`), fullPage: true });
        expect(complaints).toEqual([]);
        expect(requests.filter((url) => !url.startsWith('file:'))).toEqual([]);
        expect(widths.page).toBeLessThanOrEqual(widths.window);
        await page.context().close();
      }, 60_000);
    }
  }

  it('prints, and shows the same without scripts', async () => {
    const { page } = await open('demo', { ...VIEWS[0], javaScriptEnabled: false });
    const pdf = await page.pdf({ path: join(OUT, 'demo.pdf'), format: 'A4', printBackground: true });
    expect(pdf.length).toBeGreaterThan(10_000);
    await page.screenshot({ path: join(OUT, 'demo-noscript.png') });
    expect(await page.locator('svg.chart').count()).toBeGreaterThan(6);
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toContain('random-tiny');
    await page.context().close();
  }, 60_000);

  it('reads figures out under the pointer, in place of nothing that a page without scripts lacks', async () => {
    const { page, complaints } = await open('demo', VIEWS[0]);
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
    await page.screenshot({ path: join(OUT, 'demo-hover.png') });
    expect(await over('#series svg.chart', 0.5, 0.5)).toMatch(/^\d+ to \d+ s\s+output tokens per second\s+[\d.,]+/);
    expect(await over('#curve circle.full', 0.5, 0.5)).toMatch(/tiny-cpu, 1 concurrent: .* tok\/s, TTFT p50 .* ms/);
    await page.mouse.move(2, 2);
    expect(await tip.isHidden()).toBe(true);
    expect(complaints).toEqual([]);
    await page.context().close();
  }, 60_000);

  it('runs nothing that came in with a name', async () => {
    const { page, complaints } = await open('hostile', VIEWS[0]);
    expect(await page.evaluate(`'pwned' in window`)).toBe(false);
    expect(await page.locator('img, iframe, object, embed, form').count()).toBe(0);
    expect(complaints).toEqual([]);
    await page.context().close();
  }, 60_000);
});
