/** Files that every package ships. */
const WANTED = ['package.json', 'README.md', 'LICENSE'];

/** Every file that a manifest's `exports`, `bin` and `types` name. */
function namedFiles(value) {
  if (typeof value === 'string') return value.startsWith('./') ? [value.slice(2)] : [];
  return value && typeof value === 'object' ? Object.values(value).flatMap(namedFiles) : [];
}

/**
 * What is wrong with a packed package, judged by its file list and its manifest.
 * @param {string[]} files paths inside the tarball
 * @param {Record<string, any>} manifest the packed package.json
 * @returns {string[]}
 */
export function packedProblems(files, manifest) {
  const problems = [];
  const has = new Set(files);
  for (const file of WANTED.filter((path) => !has.has(path))) problems.push(`ships no ${file}`);
  if (!files.some((path) => path.startsWith('dist/'))) problems.push('ships no dist/: it is not built, or "files" leaves it out');
  for (const path of files) {
    if (/^(src|test|tests|test-report|bench|scripts)\//.test(path) || /\.test\.[mc]?[jt]s$/.test(path))
      problems.push(`ships ${path}, which nobody can use`);
    if (/(^|\/)\.env|\.tgz$|\.tsbuildinfo$|tsconfig|(tsup|vitest)\.config/.test(path)) problems.push(`ships ${path}`);
  }
  for (const path of namedFiles([manifest.exports, manifest.bin, manifest.types, manifest.main]).filter((file) => !has.has(file))) {
    problems.push(`its package.json names ${path}, which is not in it`);
  }
  for (const field of ['description', 'license', 'engines', 'type', 'exports']) {
    if (manifest[field] === undefined) problems.push(`its package.json has no "${field}"`);
  }
  for (const [name, range] of Object.entries({
    ...manifest.dependencies,
    ...manifest.optionalDependencies,
    ...manifest.peerDependencies,
  })) {
    if (/^(workspace|catalog|file|link):/.test(range)) problems.push(`its dependency ${name} is published as "${range}"`);
  }
  if (JSON.stringify(manifest.exports ?? {}).includes('@bench/source'))
    problems.push('its exports still have the @bench/source condition; override them in publishConfig');
  return problems;
}
