/** Shaka Player behind the few words the app needs. The only module that knows Shaka. */
import shaka from "shaka-player/dist/shaka-player.dash-es2021.js";
import type { Licence } from "../api/playback";
import { heightsOf, type QualityChoice, renditionAt } from "./quality";

const LICENCE_TOKEN_HEADER = "X-Marquee-Licence-Token";

/** Two segments of 4 s stay when the quality is changed by hand: less, and the picture stops. */
const KEPT_ON_CHANGE_SECONDS = 8;

/** Four tries over about 4 s outlive a change of network; after that the viewer is told. */
const SEGMENT_RETRIES = {
  maxAttempts: 4,
  baseDelay: 500,
  backoffFactor: 2,
  fuzzFactor: 0.5,
  timeout: 30_000,
  stallTimeout: 8_000,
  connectionTimeout: 8_000,
};

export interface Source {
  readonly manifestUrl: string;
  readonly licence: Licence;
  readonly startSeconds: number;
}

export interface EngineListener {
  failed(error: unknown): void;
  /** The heights on offer changed: at the start, and when a licence withholds some. */
  renditionsChanged(heights: readonly number[]): void;
}

export class Engine {
  readonly #player = new shaka.Player();

  constructor(private readonly listener: EngineListener) {
    // A refused licence is an event: load() succeeds, and play() waits for ever.
    this.#player.addEventListener("error", (event) => {
      listener.failed((event as Event & { detail: unknown }).detail);
    });
    this.#player.addEventListener("trackschanged", () => this.#tellHeights());
  }

  static isSupported(): boolean {
    shaka.polyfill.installAll();
    return shaka.Player.isBrowserSupported();
  }

  /** Ready to play at `startSeconds`; rejects with a shaka.util.Error. */
  async load(video: HTMLVideoElement, source: Source): Promise<void> {
    const { licence } = source;
    this.#player.configure({
      drm: { servers: { [licence.keySystem]: new URL(licence.url, location.href).href } },
      streaming: { bufferingGoal: 30, retryParameters: SEGMENT_RETRIES },
      manifest: { retryParameters: SEGMENT_RETRIES },
    });
    this.#player.getNetworkingEngine()?.registerRequestFilter(async (type, request) => {
      if (type !== shaka.net.NetworkingEngine.RequestType.LICENSE) return;
      request.headers[LICENCE_TOKEN_HEADER] = await licence.token();
      request.headers["Content-Type"] = "application/json";
    });
    await this.#player.attach(video);
    await this.#player.load(source.manifestUrl, source.startSeconds);
    this.#tellHeights();
  }

  choose(choice: QualityChoice): void {
    this.#player.configure({ abr: { enabled: choice === null } });
    if (choice === null) return;
    const track = renditionAt(this.#player.getVideoTracks(), choice);
    if (track !== null) this.#player.selectVideoTrack(track, true, KEPT_ON_CHANGE_SECONDS);
  }

  async destroy(): Promise<void> {
    await this.#player.destroy();
  }

  #tellHeights(): void {
    this.listener.renditionsChanged(heightsOf(this.#player.getVideoTracks()));
  }
}
