/** The films that this tab is sending, whichever page is shown meanwhile. */
import type { Services } from "../composition";
import type { Cut } from "../api/uploads";
import { sha256Base64 } from "./digest";
import { browserNetwork } from "./network";
import { putPart } from "./transport";
import { Upload, type UploadDependencies } from "./upload";

export class Sending {
  #uploads: readonly Upload[] = [];
  readonly #listeners = new Set<() => void>();

  constructor(
    private readonly uses: UploadDependencies,
    /** Told whether leaving the page would interrupt something. */
    private readonly guard: (isUnderWay: boolean) => void,
  ) {}

  /** Newest first. */
  readonly uploads = (): readonly Upload[] => this.#uploads;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Send a film whose upload has just begun. */
  begin(assetId: string, name: string, file: File, cut: Cut): void {
    this.#take(new Upload(assetId, name, file, this.uses, cut));
  }

  /** Go on with one that was begun here before a reload, or anywhere else. */
  resume(assetId: string, name: string, file: File): void {
    this.forget(assetId);
    this.#take(new Upload(assetId, name, file, this.uses));
  }

  /** Stop sending; what the storage has stays there. */
  forget(assetId: string): void {
    this.#uploads.find((upload) => upload.assetId === assetId)?.pause();
    this.#become(this.#uploads.filter((upload) => upload.assetId !== assetId));
  }

  pauseAll(): void {
    for (const upload of this.#uploads) upload.pause();
  }

  #take(upload: Upload): void {
    upload.subscribe(() => this.#guard());
    this.#become([upload, ...this.#uploads]);
    upload.start();
  }

  #become(uploads: readonly Upload[]): void {
    this.#uploads = uploads;
    this.#guard();
    for (const listener of this.#listeners) listener();
  }

  #guard(): void {
    this.guard(this.#uploads.some((upload) => upload.isUnderWay));
  }
}

const warn = (event: BeforeUnloadEvent): void => event.preventDefault();

/** Asks before the page is left; only while there is a reason, as it keeps pages out of the cache. */
function warnBeforeLeaving(isUnderWay: boolean): void {
  if (isUnderWay) window.addEventListener("beforeunload", warn);
  else window.removeEventListener("beforeunload", warn);
}

const ofServices = new WeakMap<Services, Sending>();

/** The one of this tab. */
export function sendingOf(services: Services): Sending {
  const known = ofServices.get(services);
  if (known !== undefined) return known;
  const sending = new Sending(
    {
      api: services.uploads,
      put: putPart,
      digest: sha256Base64,
      network: browserNetwork,
      now: Date.now,
    },
    warnBeforeLeaving,
  );
  ofServices.set(services, sending);
  services.session.subscribe(() => {
    if (services.session.status() !== "signed-in") sending.pauseAll();
  });
  return sending;
}
