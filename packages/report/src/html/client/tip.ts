import { el } from './dom.ts';
import type { Reading } from './reading.ts';

const tip = el('div', { class: 'tip', 'aria-hidden': 'true', hidden: true });

/** Shows a reading beside a point of the window. */
export function showTip({ title, rows }: Reading, x: number, y: number): void {
  if (!tip.isConnected) document.body.append(tip);
  const table = el('table', {});
  for (const { name, color, text } of rows)
    table.append(el('tr', {}, el('th', {}, el('i', { class: `key ${color}` }), name), el('td', {}, text)));
  tip.replaceChildren(...(rows.length > 0 ? [el('b', {}, title), table] : [el('span', {}, title)]));
  tip.hidden = false;
  const { offsetWidth: width, offsetHeight: height } = tip;
  const room = document.documentElement.clientWidth;
  const beside = x + 16 + width > room - 8 ? x - width - 16 : x + 16;
  tip.style.left = `${Math.max(8, Math.min(beside, room - width - 8))}px`;
  tip.style.top = `${Math.max(8, Math.min(y - height / 2, innerHeight - height - 8))}px`;
}

export function hideTip(): void {
  tip.hidden = true;
}
