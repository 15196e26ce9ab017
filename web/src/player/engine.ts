/** Shaka Player behind the few words the app needs. The only module that knows Shaka. */
import shaka from "shaka-player/dist/shaka-player.dash-es2021.js";
import type { Licence } from "../api/playback";
import type { CaptionChoice, CaptionTrack } from "./captions";
import type { Cdns } from "./cdns";
import type { Screen } from "./playback";
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

/** With another CDN to turn to, waiting costs more than asking there. */
const PATIENCE_WITH_A_CDN = { connectionTimeout: 3_000, stallTimeout: 4_000 };

const { LICENSE, MANIFEST, SEGMENT } = shaka.net.NetworkingEngine.RequestType;

/** Keys at hand reach Shaka's licence exchange as a data: address, which its DASH build cannot read. */
shaka.net.NetworkingEngine.registerScheme("data", (uri, originalRequest) => {
  const text = atob(uri.slice(uri.indexOf(",") + 1));
  const data = Uint8Array.from(text, (character) => character.charCodeAt(0));
  const answer = { uri, originalUri: uri, originalRequest, headers: {}, data };
  return shaka.util.AbortableOperation.completed(answer);
});

/** Titles that this device keeps are read from where they are, by names below their download's id. */
shaka.net.NetworkingEngine.registerScheme("kept", (uri, originalRequest) => {
  const read = import("../downloads/downloads").then(async ({ readKept }) => {
    const { host, pathname } = new URL(uri.replace("kept:", "https:"));
    const data = await readKept(host, pathname.slice(1));
    if (data === null) {
      const { Severity, Category, Code } = shaka.util.Error;
      throw new shaka.util.Error(Severity.CRITICAL, Category.NETWORK, Code.HTTP_ERROR, uri);
    }
    return { uri, originalUri: uri, originalRequest, headers: {}, data };
  });
  return shaka.util.AbortableOperation.notAbortable(read);
});

export interface Source {
  readonly cdns: Cdns;
  readonly licence: Licence;
  readonly startSeconds: number;
}

export interface EngineListener {
  failed(error: unknown): void;
  /** The heights on offer changed: at the start, and when a licence withholds some. */
  renditionsChanged(heights: readonly number[]): void;
  captionsChanged(tracks: readonly CaptionTrack[]): void;
  /** The captions that were chosen do not come; the film goes on without them. */
  captionsFailed(): void;
}

export class Engine {
  readonly #player = new shaka.Player();

  constructor(private readonly listener: EngineListener) {
    // A refused licence is an event: load() succeeds, and play() waits for ever.
    this.#player.addEventListener("error", (event) => {
      const { detail } = event as Event & { detail: shaka.util.Error };
      // What Shaka gets over by itself, with another rendition, is told as well.
      if (detail.severity !== shaka.util.Error.Severity.RECOVERABLE) listener.failed(detail);
    });
    this.#player.addEventListener("trackschanged", () => this.#tellTracks());
    this.#player.addEventListener("downloadfailed", (event) => {
      if (areCaptionsGivenUp(event as Event & FailedDownload)) listener.captionsFailed();
    });
  }

  static isSupported(): boolean {
    shaka.polyfill.installAll();
    // Shaka would do with native HLS, too, but what we give it is DASH.
    const hasMediaSource = "MediaSource" in window || "ManagedMediaSource" in window;
    return hasMediaSource && shaka.Player.isBrowserSupported();
  }

  /** Makes ready for any film, which takes a moment that asking to play takes as well. */
  async attach(screen: Screen): Promise<void> {
    this.#player.setVideoContainer(screen.captions);
    await this.#player.attach(screen.video);
  }

  /** Ready to play at `startSeconds`; rejects with a shaka.util.Error. */
  async load(source: Source): Promise<void> {
    const { licence, cdns } = source;
    const patience = cdns.cdns.length > 1 ? PATIENCE_WITH_A_CDN : {};
    const retryParameters = { ...SEGMENT_RETRIES, ...patience };
    this.#player.configure({
      drm:
        licence.keys === null
          ? { servers: { [licence.keySystem]: new URL(licence.url, location.href).href } }
          : { clearKeys: licence.keys },
      // A film is worth watching without its captions.
      streaming: { bufferingGoal: 30, retryParameters, ignoreTextStreamFailures: true },
      manifest: { retryParameters },
    });
    const network = this.#player.getNetworkingEngine();
    network?.registerResponseFilter((type, { uri }) => {
      if (type === SEGMENT) cdns.served(uri);
    });
    network?.registerRequestFilter(async (type, request) => {
      if (type === SEGMENT || type === MANIFEST) askElsewhere(request, cdns);
      if (type !== LICENSE) return;
      request.headers[LICENCE_TOKEN_HEADER] = await licence.token();
      request.headers["Content-Type"] = "application/json";
    });
    await this.#player.load(cdns.cdns[0]?.manifestUrl ?? "", source.startSeconds);
    this.#tellTracks();
  }

  choose(choice: QualityChoice): void {
    this.#player.configure({ abr: { enabled: choice === null } });
    if (choice === null) return;
    const track = renditionAt(this.#player.getVideoTracks(), choice);
    if (track !== null) this.#player.selectVideoTrack(track, true, KEPT_ON_CHANGE_SECONDS);
  }

  /** Shows captions in a language; none where the film has none in it. */
  chooseCaptions(choice: CaptionChoice): void {
    const track = this.#player.getTextTracks().find(({ language }) => language === choice);
    this.#player.selectTextTrack(track ?? null);
  }

  async destroy(): Promise<void> {
    await this.#player.destroy();
  }

  #tellTracks(): void {
    const captions = this.#player.getTextTracks();
    this.listener.captionsChanged(captions.map(({ language, label }) => ({ language, label })));
    this.listener.renditionsChanged(heightsOf(this.#player.getVideoTracks()));
  }
}

/** What Shaka tells of each attempt that failed. */
interface FailedDownload {
  readonly request: shaka.extern.Request;
  readonly error: shaka.util.Error | null;
  readonly aborted: boolean;
}

/** Whether it was the last attempt at a file of captions. */
function areCaptionsGivenUp({ request, error, aborted }: FailedDownload): boolean {
  if (request.contentType !== "text" || aborted) return false;
  const isFinal = error?.severity === shaka.util.Error.Severity.CRITICAL;
  return isFinal || request.attempt === request.retryParameters.maxAttempts - 1;
}

/** Shaka asks an address after the other; this filter runs before each attempt. */
function askElsewhere(request: shaka.extern.Request, cdns: Cdns): void {
  const { attempt, uris } = request;
  if (attempt > 0) cdns.failed(uris[(attempt - 1) % uris.length] ?? "");
  else if (uris.length === 1 && uris[0] !== undefined) request.uris = cdns.addressesOf(uris[0]);
}
