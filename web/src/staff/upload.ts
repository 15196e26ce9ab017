/**
 * One film on its way from this browser to the storage: sends its parts, tries again, pauses, and
 * goes on with what another page began. Knows no page; the world comes in as dependencies.
 */
import { SessionEnded } from "../auth/session";
import { ApiError, ConnectionError } from "../api/problem";
import type { Cut, SentPart, UploadsApi } from "../api/uploads";
import type { Network } from "./network";
import { Pace } from "./pace";
import { missingParts, partBytes, partRange, sentBytes } from "./parts";
import { PartNotTaken, type putPart } from "./transport";

/**
 * checking: comparing the file with the parts that are there. offline: waiting for a network.
 * stopped: gave up, and can be continued. wrong-file: the file is another one. gone: nothing more
 * is taken. done: the storage has made the film of its parts.
 */
export type UploadState =
  | "checking"
  | "sending"
  | "offline"
  | "paused"
  | "finishing"
  | "stopped"
  | "wrong-file"
  | "gone"
  | "done";

export interface UploadView {
  readonly assetId: string;
  readonly name: string;
  readonly state: UploadState;
  readonly sentBytes: number;
  readonly sizeBytes: number;
  readonly bytesPerSecond: number | null;
  readonly secondsLeft: number | null;
  /** What is in the way just now, as a sentence. */
  readonly problem: string | null;
}

export interface UploadDependencies {
  readonly api: Pick<UploadsApi, "sent" | "sign" | "complete">;
  readonly put: typeof putPart;
  readonly digest: (blob: Blob) => Promise<string>;
  readonly network: Network;
  readonly now: () => number;
}

/** Three parts of 16 MiB fill a line and bound the memory. */
export const PARTS_AT_ONCE = 3;

/** With doubling pauses this outlasts half a minute of a storage that does not answer. */
export const ATTEMPTS = 6;
export const FIRST_PAUSE_MS = 1_000;

/** How often a view is made while bytes move. */
const VIEW_MS = 500;

const UNDER_WAY: ReadonlySet<UploadState> = new Set(["checking", "sending", "offline", "finishing"]);

/** The chosen file does not hold what was sent before. */
class WrongFile extends Error {
  override readonly name = "WrongFile";
}

/** The browser can no longer read the file. */
class UnreadableFile extends Error {
  override readonly name = "UnreadableFile";
}

export class Upload {
  readonly #sent = new Map<number, SentPart>();
  readonly #onTheirWay = new Map<number, number>();
  readonly #listeners = new Set<() => void>();
  readonly #pace = new Pace();
  #cut: Cut | null;
  #state: UploadState = "paused";
  #problem: string | null = null;
  #run: AbortController | null = null;
  #view: UploadView;

  /** Without a cut it goes on with an upload that was begun elsewhere, and asks what is there. */
  constructor(
    readonly assetId: string,
    private readonly name: string,
    private readonly file: File,
    private readonly uses: UploadDependencies,
    cut: Cut | null = null,
  ) {
    this.#cut = cut;
    this.#view = this.#seen();
  }

  readonly view = (): UploadView => this.#view;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Whether leaving the page would interrupt it. */
  get isUnderWay(): boolean {
    return UNDER_WAY.has(this.#state);
  }

  /** Begin, or go on after a pause or a stop. Nothing when it runs or is over. */
  start(): void {
    if (this.#state !== "paused" && this.#state !== "stopped") return;
    const run = new AbortController();
    this.#run = run;
    this.#problem = null;
    this.#pace.forget();
    this.#become(this.#cut === null ? "checking" : "sending");
    const timer = setInterval(() => this.#tell(), VIEW_MS);
    void this.#work(run.signal)
      .catch((error: unknown) => {
        // A pause has said already what it is.
        if (!run.signal.aborted) this.#fail(error);
      })
      .finally(() => {
        clearInterval(timer);
        run.abort();
      });
  }

  /** Parts on their way are sent again later: the storage keeps only whole ones. */
  pause(): void {
    if (!this.isUnderWay) return;
    this.#run?.abort();
    this.#problem = null;
    this.#become("paused");
  }

  async #work(signal: AbortSignal): Promise<void> {
    this.#cut ??= await this.#compared(signal);
    this.#become("sending");
    const cut = this.#cut;
    const queue = missingParts(cut, new Set(this.#sent.keys()));
    const failing = new AbortController();
    const both = AbortSignal.any([signal, failing.signal]);
    const worker = async (): Promise<void> => {
      for (let number = queue.shift(); number !== undefined; number = queue.shift()) {
        await this.#send(cut, number, both);
      }
    };
    try {
      await Promise.all(Array.from({ length: PARTS_AT_ONCE }, worker));
    } finally {
      // One part that cannot be sent stops the others.
      failing.abort();
    }
    signal.throwIfAborted();
    this.#become("finishing");
    const parts = [...this.#sent.values()].sort((a, b) => a.partNumber - b.partNumber);
    await this.#trying((tried) => this.uses.api.complete(this.assetId, parts, tried), signal);
    this.#become("done");
  }

  /** How the file is cut, once it was seen to be the one whose parts are there. */
  async #compared(signal: AbortSignal): Promise<Cut> {
    const { cut, parts } = await this.#trying(
      (tried) => this.uses.api.sent(this.assetId, tried),
      signal,
    );
    if (this.file.size !== cut.sizeBytes) throw new WrongFile();
    for (const part of parts) {
      signal.throwIfAborted();
      if ((await this.#digest(cut, part.partNumber)) !== part.sha256) throw new WrongFile();
      this.#sent.set(part.partNumber, part);
    }
    signal.throwIfAborted();
    return cut;
  }

  async #send(cut: Cut, partNumber: number, signal: AbortSignal): Promise<void> {
    const sha256 = await this.#digest(cut, partNumber);
    const body = this.file.slice(...partRange(cut, partNumber));
    const etag = await this.#trying(async (tried) => {
      try {
        // Signed anew each time: a signature may be what was refused.
        const signed = await this.uses.api.sign(this.assetId, partNumber, sha256, tried);
        return await this.uses.put(signed, body, {
          signal: tried,
          onProgress: (bytes) =>
            this.#onTheirWay.set(partNumber, Math.min(bytes, partBytes(cut, partNumber))),
        });
      } finally {
        this.#onTheirWay.delete(partNumber);
      }
    }, signal);
    this.#sent.set(partNumber, { partNumber, etag, sha256 });
  }

  /** Try until it works, with longer and longer pauses; time without a network does not count. */
  async #trying<T>(act: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      await this.#awaitNetwork(signal);
      try {
        const answer = await act(signal);
        this.#problem = null;
        return answer;
      } catch (error) {
        if (signal.aborted || !mayPass(error)) throw error;
        if (!this.uses.network.isOnline()) {
          attempt = 0;
          continue;
        }
        if (attempt >= ATTEMPTS) throw error;
        const pauseMs = FIRST_PAUSE_MS * 2 ** (attempt - 1);
        this.#problem = `${sentence(error)} Trying again in ${pauseMs / 1000} s.`;
        this.#tell();
        await this.uses.network.wait(pauseMs, signal);
      }
    }
  }

  async #awaitNetwork(signal: AbortSignal): Promise<void> {
    if (this.uses.network.isOnline()) return;
    const before = this.#state;
    this.#problem = null;
    this.#become("offline");
    await this.uses.network.online(signal);
    this.#pace.forget();
    if (this.#state === "offline") this.#become(before === "offline" ? "sending" : before);
  }

  async #digest(cut: Cut, partNumber: number): Promise<string> {
    try {
      return await this.uses.digest(this.file.slice(...partRange(cut, partNumber)));
    } catch (cause) {
      throw new UnreadableFile("The file cannot be read any more.", { cause });
    }
  }

  #fail(error: unknown): void {
    if (error instanceof WrongFile) {
      this.#problem = "This is another file than the one whose upload began. Choose that one.";
      this.#become("wrong-file");
    } else if (error instanceof ApiError && (error.status === 409 || error.status === 404)) {
      this.#problem = error.message;
      this.#become("gone");
    } else if (error instanceof UnreadableFile) {
      this.#problem =
        "The file cannot be read any more: it was moved, changed or its drive is gone. Choose it again.";
      this.#become("wrong-file");
    } else {
      this.#problem = `${sentence(error)} Continue when that is mended; what was sent is kept.`;
      this.#become("stopped");
    }
  }

  #become(state: UploadState): void {
    this.#state = state;
    this.#tell();
  }

  #tell(): void {
    this.#view = this.#seen();
    for (const listener of this.#listeners) listener();
  }

  #seen(): UploadView {
    const sizeBytes = this.file.size;
    const bytes =
      this.#cut === null
        ? 0
        : sentBytes(this.#cut, this.#sent.keys(), this.#onTheirWay.values());
    const moves = this.#state === "sending";
    if (moves) this.#pace.note(this.uses.now(), bytes);
    return {
      assetId: this.assetId,
      name: this.name,
      state: this.#state,
      sentBytes: bytes,
      sizeBytes,
      bytesPerSecond: moves ? this.#pace.bytesPerSecond : null,
      secondsLeft: moves ? this.#pace.secondsLeft(sizeBytes) : null,
      problem: this.#problem,
    };
  }
}

/** Whether the same request may be answered otherwise a little later. */
function mayPass(error: unknown): boolean {
  if (error instanceof ApiError) return error.status === 429 || error.status >= 500;
  return error instanceof PartNotTaken || error instanceof ConnectionError;
}

function sentence(error: unknown): string {
  if (error instanceof PartNotTaken) return `A part was not taken: ${error.message}.`;
  if (error instanceof ApiError || error instanceof ConnectionError) return error.message;
  if (error instanceof SessionEnded) return "Your session has ended.";
  return "Something went wrong in this page.";
}
