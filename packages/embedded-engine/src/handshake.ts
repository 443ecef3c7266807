import { loadNative, NATIVE_VERSION, platformName } from './runtime/native.ts';
import { ENGINE_NAME, ENGINE_VERSION, PROTOCOL_VERSION } from './protocol.ts';

/** What `--handshake` prints: who this is, and that it can run here. */
export interface Handshake {
  name: string;
  version: string;
  protocol: number;
  /** The llama.cpp release inside the native package, or the package's version where it does not say. */
  llamaCpp: string;
  /** `linux-x64`. */
  platform: string;
  ready: true;
}

/**
 * Loads the native library, and no model.
 * @throws BenchError as {@link startEmbeddedEngine} does when the library is missing or does not fit.
 */
export async function handshake(signal?: AbortSignal): Promise<Handshake> {
  signal?.throwIfAborted();
  const llama = await loadNative();
  const { release } = llama.llamaCppRelease;
  await llama.dispose();
  return {
    name: ENGINE_NAME,
    version: ENGINE_VERSION,
    protocol: PROTOCOL_VERSION,
    llamaCpp: release || NATIVE_VERSION,
    platform: platformName(),
    ready: true,
  };
}
