import { BenchError, messageOf } from '@bench/core/error';
import type { Llama } from 'node-llama-cpp';

/** Receives llama.cpp's own log lines. */
export type NativeLog = (level: string, message: string) => void;

/** The prebuilt native packages, by `${process.platform}-${process.arch}`. */
const PLATFORM_PACKAGES: Record<string, string> = {
  'linux-x64': '@node-llama-cpp/linux-x64',
  'linux-arm64': '@node-llama-cpp/linux-arm64',
  'darwin-arm64': '@node-llama-cpp/mac-arm64-metal',
  'darwin-x64': '@node-llama-cpp/mac-x64',
  'win32-x64': '@node-llama-cpp/win-x64',
  'win32-arm64': '@node-llama-cpp/win-arm64',
};

/** The version of the native packages that this package was tested with. */
export const NATIVE_VERSION = '3.22.1';

export function platformName(): string {
  return `${process.platform}-${process.arch}`;
}

/**
 * Loads llama.cpp for the CPU from its prebuilt package; never builds nor downloads.
 * @throws BenchError `BENCH_ENGINE_PLATFORM` (exit code 3) where there is no prebuilt package, `BENCH_ENGINE_NATIVE` when it is not installed or does not load.
 */
export async function loadNative(log?: NativeLog): Promise<Llama> {
  const platform = platformName();
  const nativePackage = PLATFORM_PACKAGES[platform];
  if (!nativePackage) {
    throw new BenchError({
      code: 'BENCH_ENGINE_PLATFORM',
      message: `the embedded engine has no prebuilt library for ${platform}`,
      hint: `run it on one of ${Object.keys(PLATFORM_PACKAGES).join(', ')}, or use another engine`,
      exitCode: 3,
    });
  }
  try {
    const { getLlama, LlamaLogLevel } = await import('node-llama-cpp');
    return await getLlama({
      gpu: false,
      build: 'never',
      skipDownload: true,
      progressLogs: false,
      logLevel: LlamaLogLevel.error,
      logger: (level, message) => log?.(level, message),
    });
  } catch (error) {
    throw new BenchError({
      code: 'BENCH_ENGINE_NATIVE',
      message: `llama.cpp did not load on ${platform}: ${reasonOf(error, nativePackage)}`,
      hint: `npm i --omit=optional @bench/embedded-engine ${nativePackage}@${NATIVE_VERSION}`,
      exitCode: 3,
      cause: error,
    });
  }
}

/** node-llama-cpp's own words for the usual case name neither the package nor what to do. */
function reasonOf(error: unknown, nativePackage: string): string {
  return error instanceof Error && error.name === 'NoBinaryFoundError' ? `${nativePackage} is not installed` : messageOf(error);
}
