/** A machine that is named by its GPUs, `8xH200`: how many, and which as it is written. Null: the text is not of that form. */
export function machineOfGpus(text: string): { count: number; name: string } | null {
  const found = /^([1-9]\d{0,3})\s*[x×]\s*(\S.*)$/i.exec(text.trim());
  return found ? { count: Number(found[1]), name: found[2] as string } : null;
}
