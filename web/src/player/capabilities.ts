/** What this browser and its screen can show. Asked once, after a picture is there, and kept. */

/** As a start describes the device; what is not said is assumed to be the least. */
export interface DeviceDescription {
  readonly family: "shaka";
  readonly drm: "clearkey";
  /** Lines of the screen. */
  readonly max_height: number;
  readonly codecs?: readonly string[];
  readonly audio?: readonly string[];
  readonly hdr?: readonly string[];
  readonly hdcp?: string;
}

/** What takes a while to find out. */
export interface Decoders {
  readonly codecs: readonly string[];
  readonly audio: readonly string[];
  /** Of the decoders; the screen has a say as well. */
  readonly hdr: readonly string[];
}

/** The browser, as far as it can be asked. */
export interface Browser {
  readonly screenLines: () => number;
  readonly isHdrScreen: () => boolean;
  /** Whether a film of such a kind would play; the questions of Media Capabilities. */
  readonly decodes: (asked: MediaDecodingConfiguration) => Promise<boolean>;
  /** Whether outputs are protected by at least that version of HDCP; null where nobody knows. */
  readonly isProtectedBy: (version: string) => Promise<boolean | null>;
  /** Names this browser and its version. */
  readonly name: string;
}

const UHD = { width: 3840, height: 2160, bitrate: 18_000_000, framerate: 30 };
const HD = { width: 1920, height: 1080, bitrate: 6_000_000, framerate: 30 };

const VIDEO: Readonly<Record<string, VideoConfiguration>> = {
  avc: { ...HD, contentType: 'video/mp4; codecs="avc1.640028"' },
  hevc: { ...UHD, contentType: 'video/mp4; codecs="hvc1.2.4.L153.B0"' },
  vp9: { ...UHD, contentType: 'video/mp4; codecs="vp09.00.51.08"' },
  av1: { ...UHD, contentType: 'video/mp4; codecs="av01.0.13M.08"' },
};

const HDR: Readonly<Record<string, VideoConfiguration>> = {
  hlg: { ...VIDEO.hevc!, colorGamut: "rec2020", transferFunction: "hlg" },
  pq: {
    ...VIDEO.hevc!,
    colorGamut: "rec2020",
    transferFunction: "pq",
    hdrMetadataType: "smpteSt2086",
  },
};

const AUDIO: Readonly<Record<string, AudioConfiguration>> = {
  aac: { contentType: 'audio/mp4; codecs="mp4a.40.2"', channels: "2" },
  ac3: { contentType: 'audio/mp4; codecs="ac-3"', channels: "6" },
  eac3: { contentType: 'audio/mp4; codecs="ec-3"', channels: "6" },
  opus: { contentType: 'audio/mp4; codecs="opus"', channels: "2" },
};

/** Best first; what is not protected by the last is not protected. */
const HDCP_VERSIONS = ["2.2", "1.0"];

const NAME = "marquee.decoders";

export class Capabilities {
  #decoders: Decoders | null;
  #hdcp: string | null = null;
  #isAsked = false;

  constructor(
    private readonly browser: Browser,
    private readonly storage: Pick<Storage, "getItem" | "setItem">,
  ) {
    this.#decoders = this.#kept();
  }

  /** At once, from what is known by now. */
  describe(): DeviceDescription {
    const least = {
      family: "shaka",
      drm: "clearkey",
      max_height: this.browser.screenLines(),
    } as const;
    if (this.#decoders === null) return least;
    const { codecs, audio, hdr } = this.#decoders;
    return {
      ...least,
      codecs,
      audio,
      hdr: this.browser.isHdrScreen() ? hdr : [],
      ...(this.#hdcp !== null && { hdcp: this.#hdcp }),
    };
  }

  /** Asks the browser; never rejects. Screens come and go, so HDCP is asked anew by each page. */
  async find(): Promise<void> {
    if (this.#isAsked) return;
    this.#isAsked = true;
    if (this.#decoders === null) {
      const [codecs, audio, hdr] = await Promise.all([
        this.#among(VIDEO, (video) => ({ type: "media-source", video })),
        this.#among(AUDIO, (sound) => ({ type: "media-source", audio: sound })),
        this.#among(HDR, (video) => ({ type: "media-source", video })),
      ]);
      // Who decodes neither was not asked well: a film that plays proves it wrong.
      if (codecs.length > 0 && audio.length > 0) this.#keep({ codecs, audio, hdr });
    }
    this.#hdcp = await this.#protection();
  }

  async #among<Kind>(
    kinds: Readonly<Record<string, Kind>>,
    question: (kind: Kind) => MediaDecodingConfiguration,
  ): Promise<string[]> {
    const answers = await Promise.all(
      Object.entries(kinds).map(async ([name, kind]) => {
        const isDecoded = await this.browser.decodes(question(kind)).catch(() => false);
        return isDecoded ? name : null;
      }),
    );
    return answers.filter((name) => name !== null);
  }

  async #protection(): Promise<string | null> {
    for (const version of HDCP_VERSIONS) {
      const isProtected = await this.browser.isProtectedBy(version).catch(() => null);
      if (isProtected === null) return null;
      if (isProtected) return version;
    }
    return "none";
  }

  #keep(decoders: Decoders): void {
    this.#decoders = decoders;
    try {
      this.storage.setItem(NAME, JSON.stringify({ ...decoders, browser: this.browser.name }));
    } catch {
      // Storage may be full or forbidden: then the next page asks again.
    }
  }

  #kept(): Decoders | null {
    try {
      const kept = JSON.parse(this.storage.getItem(NAME) ?? "") as Decoders & { browser: string };
      const lists = [kept.codecs, kept.audio, kept.hdr];
      return kept.browser === this.browser.name && lists.every(isListOfNames) ? kept : null;
    } catch {
      return null;
    }
  }
}

function isListOfNames(value: unknown): boolean {
  return Array.isArray(value) && value.every((name) => typeof name === "string");
}

/** The browser that this page runs in. */
export function thisBrowser(): Browser {
  return {
    screenLines: () =>
      Math.max(1, Math.round(Math.min(screen.width, screen.height) * devicePixelRatio)),
    isHdrScreen: () => matchMedia("(dynamic-range: high)").matches,
    decodes: async (asked) => (await navigator.mediaCapabilities.decodingInfo(asked)).supported,
    isProtectedBy: async (minHdcpVersion) => {
      const config = { videoCapabilities: [{ contentType: VIDEO.avc!.contentType }] };
      const access = await navigator.requestMediaKeySystemAccess("org.w3.clearkey", [config]);
      const keys: PolicyAware = await access.createMediaKeys();
      if (keys.getStatusForPolicy === undefined) return null;
      return (await keys.getStatusForPolicy({ minHdcpVersion })) === "usable";
    },
    name: navigator.userAgent,
  };
}

/** Encrypted Media Extensions' HDCP policy check, which TypeScript's library does not know. */
type PolicyAware = MediaKeys & {
  getStatusForPolicy?: (policy: { minHdcpVersion: string }) => Promise<MediaKeyStatus>;
};
