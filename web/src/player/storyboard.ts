/** The storyboard: which small picture shows which moment. WebVTT with `image#xywh=` as payload. */

export interface Thumbnail {
  /** Of the image that holds it, absolute. */
  readonly url: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface Cue {
  readonly startSeconds: number;
  readonly thumbnail: Thumbnail;
}

const TIMES = /^(?:(\d+):)?(\d{2}):(\d{2}\.\d{3}) --> /;
const PLACE = /^(.+)#xywh=(\d+),(\d+),(\d+),(\d+)$/;

export class Storyboard {
  private constructor(private readonly cues: readonly Cue[]) {}

  /** `address` is the storyboard's own: images are named relative to it. */
  static parse(text: string, address: string): Storyboard {
    const cues: Cue[] = [];
    for (const block of text.split(/\r?\n\r?\n/)) {
      const [times = "", payload = ""] = block.trim().split(/\r?\n/);
      const start = TIMES.exec(times);
      const place = PLACE.exec(payload);
      if (start === null || place === null) continue;
      const [, hours = "0", minutes, seconds] = start;
      const [, image = "", ...numbers] = place;
      const [x = 0, y = 0, width = 0, height = 0] = numbers.map(Number);
      cues.push({
        startSeconds: Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds),
        thumbnail: { url: new URL(image, address).href, x, y, width, height },
      });
    }
    return new Storyboard(cues.toSorted((a, b) => a.startSeconds - b.startSeconds));
  }

  /** The picture of a moment; null when there is none, as before the first. */
  at(seconds: number): Thumbnail | null {
    return this.cues.findLast((cue) => cue.startSeconds <= seconds)?.thumbnail ?? null;
  }
}
