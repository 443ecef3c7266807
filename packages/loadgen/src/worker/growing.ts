type Numbers = Float64Array | Float32Array | Int32Array | Uint8Array;

/** Room in `array` for `count` elements: itself, or a longer copy. */
export function roomFor<T extends Numbers>(array: T, count: number): T {
  if (count <= array.length) return array;
  const wider = new (array.constructor as new (length: number) => T)(Math.max(count, 256, array.length * 2));
  wider.set(array);
  return wider;
}
