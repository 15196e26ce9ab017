/** How loud this person likes it on this device: kept between plays, and no secret. */

export interface Volume {
  readonly volume: number;
  readonly isMuted: boolean;
}

const NAME = "marquee.volume";
const LOUD: Volume = { volume: 1, isMuted: false };

export function readVolume(): Volume {
  try {
    const { volume, isMuted } = JSON.parse(localStorage.getItem(NAME) ?? "") as Partial<Volume>;
    const isFraction = typeof volume === "number" && volume >= 0 && volume <= 1;
    return isFraction ? { volume, isMuted: isMuted === true } : LOUD;
  } catch {
    return LOUD;
  }
}

export function rememberVolume(volume: Volume): void {
  try {
    localStorage.setItem(NAME, JSON.stringify(volume));
  } catch {
    // Storage may be full or forbidden: then it is only not remembered.
  }
}
