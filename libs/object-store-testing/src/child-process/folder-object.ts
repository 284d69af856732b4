const LENGTHS = [0, 1, 100, 4096, 70_000, 300_000];

/** The content of an object of the folder writer: tells its key and round, and every byte of it can be checked. */
export function folderObject(key: string, round: number): Uint8Array {
  const length = LENGTHS[round % LENGTHS.length] as number;
  return Buffer.concat([Buffer.from(`${key} ${round}\n`), Buffer.alloc(length, `${round},`)]);
}

/** The round of a content; undefined when it is not whole. */
export function roundOfFolderObject(key: string, body: Uint8Array): number | undefined {
  const [, round] = /^\S+ (\d+)\n/.exec(Buffer.from(body.subarray(0, 200)).toString('latin1')) ?? [];
  if (round === undefined) return undefined;
  return Buffer.compare(body, folderObject(key, Number(round))) === 0 ? Number(round) : undefined;
}
