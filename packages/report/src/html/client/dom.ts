type Props = Record<string, string | boolean | null>;

/** An element with attributes and children; texts are texts. */
export function el<K extends keyof HTMLElementTagNameMap>(
  name: K,
  props: Props = {},
  ...children: (Node | string | null)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(props)) {
    if (value === true) element.setAttribute(key, '');
    else if (typeof value === 'string') element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** A button that does something here. */
export function button(text: string, props: Props, onClick: (event: MouseEvent) => void): HTMLButtonElement {
  const made = el('button', { type: 'button', ...props }, text);
  made.addEventListener('click', onClick);
  return made;
}

export const all = <T extends Element>(selector: string, within: ParentNode = document): T[] => [...within.querySelectorAll<T>(selector)];

let live: HTMLElement | null = null;

/** Told to who cannot see it. */
export function announce(text: string): void {
  if (!live) {
    live = el('div', { role: 'status', class: 'unseen' });
    document.body.append(live);
  }
  live.textContent = text;
}
