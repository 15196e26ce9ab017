/** The choices of the quality menu, from the renditions that a stream offers. */

export interface Rendition {
  readonly width?: number | null;
  readonly height: number | null;
  readonly bandwidth: number;
}

/** null is "Auto": the player chooses by the network. */
export type QualityChoice = number | null;

export interface QualityOption {
  readonly choice: QualityChoice;
  readonly label: string;
  readonly selected: boolean;
}

/** What people call a rendition by: its shorter side, so that a portrait of 360 by 640 is 360p. */
function linesOf({ width, height }: Rendition): number | null {
  return height === null ? null : Math.min(height, width || height);
}

/** Each height once, the tallest first. */
export function heightsOf(renditions: readonly Rendition[]): number[] {
  const heights = renditions.map(linesOf).filter((height) => height !== null);
  return [...new Set(heights.filter((height) => height > 0))].toSorted((a, b) => b - a);
}

/** Auto first, with what it shows now, then each height; exactly one is selected. */
export function qualityOptions(
  heights: readonly number[],
  chosen: QualityChoice,
  shown: number,
): QualityOption[] {
  const auto = chosen === null && shown > 0 ? `Auto (${shown}p)` : "Auto";
  return [
    { choice: null, label: auto, selected: chosen === null },
    ...heights.map((height) => ({
      choice: height,
      label: `${height}p`,
      selected: chosen === height,
    })),
  ];
}

/** The best rendition of a height, or null when there is none. */
export function renditionAt<R extends Rendition>(
  renditions: readonly R[],
  height: number,
): R | null {
  const matching = renditions.filter((rendition) => linesOf(rendition) === height);
  return matching.toSorted((a, b) => b.bandwidth - a.bandwidth)[0] ?? null;
}
