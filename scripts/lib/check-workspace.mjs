import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { DIRECTIONS, HEAVY, PURITY_EXCEPTIONS } from './rules.mjs';
import { scanSource } from './scan-source.mjs';
import { readJson, workspacePackages } from './workspace.mjs';

const SKIPPED_FOLDERS = new Set(['node_modules', 'dist', 'test-report', 'coverage', '.turbo']);

function sourceFiles(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED_FOLDERS.has(entry.name) ? [] : sourceFiles(path);
    return /\.[mc]?[jt]sx?$/.test(entry.name) && !/\.d\.[mc]?ts$/.test(entry.name) ? [path] : [];
  });
}

/** `@scope/name/deep` -> `@scope/name` */
const packageOf = (specifier) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

/** Tests, their helpers and measuring scripts: not shipped, so freer. */
const isShipped = (folder, path) => {
  const inside = relative(folder, path).split(sep);
  return (
    inside[0] === 'src' && !/\.test\.[mc]?ts$/.test(path) && !inside.some((part) => /^(__tests__|test|tests|testing|fixtures)$/.test(part))
  );
};

function allowedDirection(from, to, kind, shipped) {
  const rule = DIRECTIONS[from];
  if (!rule || rule.code === 'everything' || rule.code.includes(to)) return true;
  return (kind === 'type' || !shipped) && (rule.typesOnly ?? []).includes(to);
}

const allowedList = (name) => {
  const { code, typesOnly = [] } = DIRECTIONS[name];
  const names = [...code, ...typesOnly.map((other) => `${other} (types)`)];
  return names.length > 0 ? `it may import ${names.join(', ')}` : 'it may import none of ours';
};

function checkManifest(pkg, privateNames) {
  const where = `${pkg.folder}/package.json`;
  const lines = readFileSync(join(pkg.path, 'package.json'), 'utf8').split('\n');
  const at = (name) => `${where}:${Math.max(1, lines.findIndex((line) => line.includes(`"${name}"`)) + 1)}`;
  if (!DIRECTIONS[pkg.name]) return [{ where: at('name'), message: `${pkg.name} is not in the table of directions; give it a row` }];
  const problems = [];
  for (const name of Object.keys(pkg.manifest.dependencies ?? {}).filter((dependency) => dependency.startsWith('@bench/'))) {
    if (privateNames.has(name)) {
      problems.push({ where: at(name), message: `${name} is private and never published; make it a devDependency` });
      continue;
    }
    if (!allowedDirection(pkg.name, name, 'type', true))
      problems.push({ where: at(name), message: `${pkg.name} must not depend on ${name}; ${allowedList(pkg.name)}` });
  }
  for (const name of Object.keys(pkg.manifest.peerDependencies ?? {}).filter((dependency) => dependency.startsWith('@bench/'))) {
    problems.push({
      where: at(name),
      message: `${name} as a peer dependency makes every minor release of it a major one of ${pkg.name}; make it a dependency`,
    });
  }
  return problems;
}

function checkImport({ specifier, kind }, { pkg, path, shipped, declared, exportsOf }) {
  if (isBuiltin(specifier)) return [];
  if (specifier.startsWith('.')) {
    const target = join(dirname(path), specifier);
    const outside = relative(pkg.path, target).startsWith('..');
    return outside && shipped ? [`"${specifier}" leaves the package; import the other package by its name`] : [];
  }
  if (specifier.startsWith('#')) return [];
  const name = packageOf(specifier);
  const problems = [];
  if (name.startsWith('@bench/')) {
    const entry = specifier === name ? '.' : `.${specifier.slice(name.length)}`;
    const doors = exportsOf.get(name);
    if (name !== pkg.name && doors && !doors.includes(entry))
      problems.push(`"${specifier}" reaches into ${name}; its public doors are ${doors.join(' ')}`);
    if (name !== pkg.name && shipped && !allowedDirection(pkg.name, name, kind, shipped))
      problems.push(`${pkg.name} must not import ${name}; ${allowedList(pkg.name)}`);
  }
  if (name !== pkg.name && !declared.has(name)) problems.push(`"${name}" is not declared in ${pkg.folder}/package.json`);
  if (shipped && kind === 'static' && HEAVY[name] && HEAVY[name].except !== pkg.name)
    problems.push(`"${name}" is heavy: import it dynamically, where it is used`);
  return problems;
}

const allowsImpure = (file, what) =>
  PURITY_EXCEPTIONS.some(({ path, allows }) => (path.endsWith('/') ? file.startsWith(path) : file === path) && allows.includes(what));

/**
 * Lines at which signals are united in a file that makes time-outs. What `AbortSignal.any` is made of is held weakly: a time-out that nothing else refers to
 * is collected and never comes.
 */
const timeoutsLost = (signals) =>
  signals.some(({ what }) => what === 'timeout') ? signals.filter(({ what }) => what === 'any').map(({ line }) => line) : [];

/**
 * Checks every package of a workspace against the rules.
 * @param {string} root
 * @returns {{ problems: { where: string, message: string }[], files: number }}
 */
export function checkWorkspace(root) {
  const packages = workspacePackages(root);
  const rootManifest = readJson(join(root, 'package.json'));
  const exportsOf = new Map(packages.map(({ name, manifest }) => [name, Object.keys(manifest.exports ?? { '.': '' })]));
  const problems = [];
  let files = 0;
  const privateNames = new Set(packages.filter(({ manifest }) => manifest.private === true).map(({ name }) => name));
  for (const pkg of packages) {
    problems.push(...checkManifest(pkg, privateNames));
    if (!DIRECTIONS[pkg.name]) continue;
    const { dependencies = {}, optionalDependencies = {}, peerDependencies = {}, devDependencies = {} } = pkg.manifest;
    const shippedNames = new Set(Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }));
    const devNames = new Set([...shippedNames, ...Object.keys(devDependencies), ...Object.keys(rootManifest.devDependencies ?? {})]);
    for (const path of sourceFiles(pkg.path)) {
      files += 1;
      const file = relative(root, path).split(sep).join('/');
      const shipped = pkg.manifest.private !== true && isShipped(pkg.path, path);
      const { imports, impure, signals } = scanSource(path, readFileSync(path, 'utf8'));
      const context = { pkg, path, shipped, declared: shipped ? shippedNames : devNames, exportsOf };
      for (const found of imports)
        problems.push(...checkImport(found, context).map((message) => ({ where: `${file}:${found.line}`, message })));
      if (!shipped) continue;
      for (const line of timeoutsLost(signals))
        problems.push({
          where: `${file}:${line}`,
          message:
            'AbortSignal.any with AbortSignal.timeout in one file: such a time-out may never come (Node 20); take withinTime of @bench/core',
        });
      for (const { what, line } of impure.filter((use) => !allowsImpure(file, use.what))) {
        problems.push({ where: `${file}:${line}`, message: `${what} outside the files that may; take it from Io, or hand it in` });
      }
    }
  }
  return { problems, files };
}
