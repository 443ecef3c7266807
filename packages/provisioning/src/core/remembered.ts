/** Asks once: what was answered is remembered, a failure is not. */
export function remembered<O, T>(ask: (options: O) => Promise<T>): (options: O) => Promise<T> {
  let known: { value: T } | undefined;
  return async (options) => (known ??= { value: await ask(options) }).value;
}
