/** A value of GGUF metadata with its type on the wire. */
export type GgufValue =
  | { type: 'u32' | 'f32'; value: number }
  | { type: 'bool'; value: boolean }
  | { type: 'string'; value: string }
  | { type: 'strings'; value: readonly string[] }
  | { type: 'f32s' | 'i32s'; value: readonly number[] };

/** A 32-bit float tensor: `shape[0]` is the contiguous dimension. `at(i)` gives element `i`, asked for in order. */
export interface GgufTensor {
  name: string;
  shape: readonly number[];
  at(index: number): number;
}

const ALIGNMENT = 32;
/** Type ids of metadata values: the GGUF v3 specification, `gguf_metadata_value_type`. */
const TYPE_ID = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9 } as const;
/** `ggml_type` of a plain 32-bit float tensor. */
const GGML_F32 = 0;

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
    const place = { tensor, count, offset };
    pieces.push(text(tensor.name), u32(tensor.shape.length), ...tensor.shape.map(u64), u32(GGML_F32), u64(offset));
    offset += align(count * 4);
    return place;
  });

  const head = Buffer.concat(pieces);
  const dataStart = align(head.length);
  const file = Buffer.alloc(dataStart + offset);
  head.copy(file);
  for (const { tensor, count, offset: at } of places) {
    for (let i = 0; i < count; i++) file.writeFloatLE(tensor.at(i), dataStart + at + 4 * i);
  }
  return file;
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
