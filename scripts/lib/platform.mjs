/**
 * Why the demo is not promised on this machine, or undefined when it is.
 * @param {{ platform: string, arch: string, glibc: string | undefined }} machine
 */
export function platformProblem({ platform, arch, glibc }) {
  const elsewhere =
    'Run it in a container instead:\n    docker run --rm -it -v "$PWD":/bench -w /bench node:22 npm run demo\n' +
    'or try it as it is, without a promise:\n    BENCH_DEMO_ANYWHERE=1 npm run demo';
  if (platform !== 'linux' || !['x64', 'arm64'].includes(arch)) {
    return `The demo is promised for Linux on x64 and arm64; this is ${platform} on ${arch}.\n${elsewhere}`;
  }
  if (!glibc)
    return `The demo is promised for Linux with glibc (Debian, Ubuntu, Fedora and the like); this one has another C library.\n${elsewhere}`;
  return undefined;
}

/** This machine, as {@link platformProblem} wants it. */
export function thisMachine() {
  process.report.excludeNetwork = true; // else the report may look up names of peers, for seconds
  const glibc = process.platform === 'linux' ? process.report.getReport().header.glibcVersionRuntime : undefined;
  return { platform: process.platform, arch: process.arch, glibc };
}
