import { createRequire } from 'node:module';
import { BenchError, EXIT } from '@bench/core';

/** Pixels a drawing unit: sharp on slides and on screens of high density. */
const SCALE = 2;

/** Scripts and pictures that the font has no glyphs for. */
const FOREIGN = /[\u0900-\u0DFF\u0E00-\u0FFF\u1100-\u11FF\u2E80-\u9FFF\uA960-\uD7FF\uF900-\uFAFF]|\p{Extended_Pictographic}/u;

/**
 * An SVG file as PNG, at twice its size, in a font that comes along: the same picture on every machine. Only texts in scripts which that font
 * does not have are looked for in the fonts of the machine.
 * @throws BenchError `BENCH_NO_PICTURES` where what draws it has no build for this machine; an Error when the SVG is none.
 */
export async function pngOf(svg: string): Promise<Uint8Array> {
  const { Resvg, fontFiles } = await parts();
  const font = { loadSystemFonts: FOREIGN.test(svg), fontFiles, defaultFontFamily: 'DejaVu Sans', sansSerifFamily: 'DejaVu Sans' };
  const picture = new Resvg(svg, { fitTo: { mode: 'zoom', value: SCALE }, font, languages: ['en'] });
  return picture.render().asPng();
}

/** It is a native addon, which not every platform has, and an optional install may have left out. */
async function parts() {
  try {
    const { Resvg } = await import('@resvg/resvg-js');
    const require = createRequire(import.meta.url);
    // Whole names: checks of dependencies read them.
    const fontFiles = [require.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf'), require.resolve('dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf')];
    return { Resvg, fontFiles };
  } catch (error) {
    throw new BenchError({
      code: 'BENCH_NO_PICTURES',
      message: 'charts cannot be drawn as PNG here: @resvg/resvg-js or its font could not be loaded',
      hint: 'write them as SVG (--chart-format svg), or install bench again without --omit=optional',
      exitCode: EXIT.missingPart,
      cause: error,
    });
  }
}
