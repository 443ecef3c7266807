const BLOCKS = '▁▂▃▄▅▆▇█';

/** Values as a line of blocks, one each, from their least to their largest; of very many the last `most`. All equal: the lowest block. */
export function sparkline(values: readonly number[], most = 60): string {
  const shown = values.slice(-most);
  const least = Math.min(...shown);
  const span = Math.max(...shown) - least;
  return shown.map((value) => BLOCKS[span > 0 ? Math.round(((value - least) / span) * (BLOCKS.length - 1)) : 0]).join('');
}
