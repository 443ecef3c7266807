/** A value of GGUF metadata with its type on the wire. */
export type GgufValue =
  | { type: 'u32' | 'f32'; value: number }
  | { type: 'bool'; value: boolean }
  | { type: 'string'; value: string }
  | { type: 'strings'; value: readonly string[] }
  | { type: 'f32s' | 'i32s'; value: readonly number[] };

/** A tensor: `shape[0]` is the contiguous dimension. `at(i)` gives element `i`, asked for once each and in order. */
export interface GgufTensor {
  name: string;
  shape: readonly number[];
  /** `q8_0` stores blocks of 32 as 8-bit integers with a 16-bit scale; `shape[0]` must then be a multiple of 32. */
  format: 'f32' | 'q8_0';
  at(index: number): number;
}

const ALIGNMENT = 32;
/** Type ids of metadata values: the GGUF v3 specification, `gguf_metadata_value_type`. */
const TYPE_ID = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9 } as const;

interface TensorFormat {
  /** `ggml_type`. */
  id: number;
  /** Values in a block, and its bytes. */
  block: number;
  bytes: number;
  write(file: Buffer, offset: number, values: Float32Array): void;
}

const FORMATS: Record<GgufTensor['format'], TensorFormat> = {
  f32: { id: 0, block: 1, bytes: 4, write: (file, offset, values) => void file.writeFloatLE(values[0] ?? 0, offset) },
  q8_0: { id: 8, block: 32, bytes: 34, write: writeQ8 },
};

/**
 * Writes a GGUF version 3 file: header, metadata, tensor directory, then the tensors, each aligned to 32 bytes.
 * @see https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
export function encodeGguf(metadata: Record<string, GgufValue>, tensors: readonly GgufTensor[]): Uint8Array {
  const entries = Object.entries(metadata);
  const pieces: Buffer[] = [Buffer.from('GGUF'), u32(3), u64(tensors.length), u64(entries.length)];
  for (const [key, value] of entries) pieces.push(text(key), ...encodeValue(value));

  let offset = 0;
  const places = tensors.map((tensor) => {
    const count = tensor.shape.reduce((product, size) => product * size, 1);
    const format = FORMATS[tensor.format];
    const place = { tensor, format, blocks: count / format.block, offset };
    pieces.push(text(tensor.name), u32(tensor.shape.length), ...tensor.shape.map(u64), u32(format.id), u64(offset));
    offset += align(place.blocks * format.bytes);
    return place;
  });

  const head = Buffer.concat(pieces);
  const dataStart = align(head.length);
  const file = Buffer.alloc(dataStart + offset);
  head.copy(file);
  for (const { tensor, format, blocks, offset: start } of places) {
    const values = new Float32Array(format.block);
    for (let block = 0; block < blocks; block++) {
      for (let i = 0; i < format.block; i++) values[i] = tensor.at(block * format.block + i);
      format.write(file, dataStart + start + block * format.bytes, values);
    }
  }
  return file;
}

/** `block_q8_0` of ggml: a half-precision scale, then one signed byte for each value. */
function writeQ8(file: Buffer, offset: number, values: Float32Array): void {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  const scale = largest / 127;
  file.writeUInt16LE(toHalf(scale), offset);
  for (let i = 0; i < values.length; i++) file.writeInt8(scale === 0 ? 0 : Math.round((values[i] ?? 0) / scale), offset + 2 + i);
}

/** IEEE 754 half precision, rounded towards zero; subnormals become 0. Enough for scales. */
function toHalf(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer)[0] ?? 0;
  const exponent = ((bits >>> 23) & 0xff) - 112;
  if (exponent <= 0) return 0;
  return (exponent << 10) | ((bits >>> 13) & 0x3ff);
}

function encodeValue(entry: GgufValue): Buffer[] {
  switch (entry.type) {
    case 'u32':
      return [u32(TYPE_ID.u32), u32(entry.value)];
    case 'f32':
      return [u32(TYPE_ID.f32), f32(entry.value)];
    case 'bool':
      return [u32(TYPE_ID.bool), Buffer.from([entry.value ? 1 : 0])];
    case 'string':
      return [u32(TYPE_ID.string), text(entry.value)];
    case 'strings':
      return [u32(TYPE_ID.array), u32(TYPE_ID.string), u64(entry.value.length), ...entry.value.map(text)];
    case 'f32s':
      return [u32(TYPE_ID.array), u32(TYPE_ID.f32), u64(entry.value.length), ...entry.value.map(f32)];
    case 'i32s':
      return [u32(TYPE_ID.array), u32(TYPE_ID.i32), u64(entry.value.length), ...entry.value.map(i32)];
  }
}

const align = (bytes: number) => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function i32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

function f32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  return Buffer.concat([u64(bytes.length), bytes]);
}
