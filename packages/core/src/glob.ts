/** Whether `text` matches `*` (anything), `?` (one character), ignoring case. Linear in practice, whatever the pattern. */
export function globMatches(pattern: string, text: string): boolean {
  const p = [...pattern.toLowerCase()];
  const t = [...text.toLowerCase()];
  let i = 0;
  let j = 0;
  let star = -1;
  let resume = 0;
  while (j < t.length) {
    if (p[i] === '*') {
      star = i++;
      resume = j;
    } else if (p[i] === '?' || p[i] === t[j]) {
      i++;
      j++;
    } else if (star >= 0) {
      i = star + 1;
      j = ++resume;
    } else return false;
  }
  while (p[i] === '*') i++;
  return i === p.length;
}
