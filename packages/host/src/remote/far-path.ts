/** A path as scripts there can use it: never taken for an option, and without slashes at its end. */
export function farPath(path: string): string {
  const trimmed = path.replace(/(?<=[^/])\/+$/, '');
  return trimmed.startsWith('-') ? `./${trimmed}` : trimmed;
}
