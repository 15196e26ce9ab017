/** Where a file is cut, and how many of its bytes are where. Pure. */
import type { Cut } from "../api/uploads";

/** The bytes of a part, numbered from 1, as `slice` takes them. */
export function partRange(cut: Cut, number: number): readonly [start: number, end: number] {
  const start = (number - 1) * cut.partSizeBytes;
  return [start, Math.min(start + cut.partSizeBytes, cut.sizeBytes)];
}

export function partBytes(cut: Cut, number: number): number {
  const [start, end] = partRange(cut, number);
  return end - start;
}

/** The parts that are still to be sent, in order. */
export function missingParts(cut: Cut, sent: ReadonlySet<number>): number[] {
  return Array.from({ length: cut.partCount }, (_, index) => index + 1).filter(
    (number) => !sent.has(number),
  );
}

/** Bytes of parts that are there, and of parts on their way. */
export function sentBytes(
  cut: Cut,
  sent: Iterable<number>,
  onTheirWay: Iterable<number>,
): number {
  let bytes = 0;
  for (const number of sent) bytes += partBytes(cut, number);
  for (const moved of onTheirWay) bytes += moved;
  return Math.min(bytes, cut.sizeBytes);
}
