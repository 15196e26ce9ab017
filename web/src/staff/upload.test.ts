import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError, ConnectionError } from "../api/problem";
import type { SentPart } from "../api/uploads";
import { sha256Base64 } from "./digest";
import { PartNotTaken } from "./transport";
import { ATTEMPTS, PARTS_AT_ONCE, Upload, type UploadDependencies } from "./upload";

const CUT = { sizeBytes: 50, partSizeBytes: 10, partCount: 5 };
const CONTENT = "0123456789".repeat(5).replace(/^./, "x");
const film = (content = CONTENT): File => new File([content], "film.mp4");

/** The service and the storage of one upload. */
class Storage {
  readonly held = new Map<number, SentPart>();
  readonly puts: number[] = [];
  completed: readonly SentPart[] | null = null;
  /** What happens instead of taking a part. */
  fault: (number: number) => Error | null = () => null;
  /** Parts wait here until they are let through. */
  gate: Promise<void> = Promise.resolve();
  isOnline = true;
  #waiting: (() => void)[] = [];
  atOnce = 0;
  mostAtOnce = 0;
  readonly pauses: number[] = [];

  readonly uses: UploadDependencies = {
    api: {
      sent: async () => ({ cut: CUT, parts: [...this.held.values()] }),
      sign: async (_assetId, number, sha256) => ({ url: String(number), headers: { sha256 } }),
      complete: async (assetId, parts) => {
        this.completed = parts;
        return assetId;
      },
    },
    put: async (part, body, { signal, onProgress }) => {
      const number = Number(part.url);
      this.puts.push(number);
      this.atOnce += 1;
      this.mostAtOnce = Math.max(this.atOnce, this.mostAtOnce);
      try {
        onProgress(body.size);
        await Promise.race([
          this.gate,
          new Promise((_, reject) => {
            signal.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
          }),
        ]);
        const fault = this.fault(number);
        if (fault !== null) throw fault;
        const sent = { partNumber: number, etag: `"${number}"`, sha256: part.headers["sha256"] ?? "" };
        this.held.set(number, sent);
        return sent.etag;
      } finally {
        this.atOnce -= 1;
      }
    },
    digest: sha256Base64,
    network: {
      isOnline: () => this.isOnline,
      online: () => new Promise((resolve) => this.#waiting.push(resolve)),
      wait: async (milliseconds) => void this.pauses.push(milliseconds),
    },
    now: () => 0,
  };

  comesOnline(): void {
    this.isOnline = true;
    for (const resolve of this.#waiting) resolve();
  }

  upload(file = film(), cut: typeof CUT | null = CUT): Upload {
    return new Upload("ast_1", "Film", file, this.uses, cut);
  }
}

const becomes = (upload: Upload, state: string): Promise<void> =>
  vi.waitFor(() => expect(upload.view().state).toBe(state));

let storage: Storage;
beforeEach(() => {
  storage = new Storage();
});
afterEach(() => vi.useRealTimers());

test("every part is sent once, a few at a time, and the film is made of them in order", async () => {
  const upload = storage.upload();

  upload.start();
  await becomes(upload, "done");

  expect([...storage.puts].sort()).toEqual([1, 2, 3, 4, 5]);
  expect(storage.completed?.map((part) => part.partNumber)).toEqual([1, 2, 3, 4, 5]);
  expect(storage.completed?.[1]?.sha256).toBe(await sha256Base64(new Blob(["0123456789"])));
  expect(upload.view().sentBytes).toBe(50);
  expect(upload.isUnderWay).toBe(false);
});

test("a paused upload sends nothing, and goes on with what is missing", async () => {
  const upload = storage.upload();
  let open = (): void => undefined;
  storage.gate = new Promise((resolve) => (open = resolve));
  upload.start();
  await vi.waitFor(() => expect(storage.atOnce).toBe(PARTS_AT_ONCE));

  upload.pause();
  expect(upload.view().state).toBe("paused");
  expect(upload.isUnderWay).toBe(false);
  open();
  await vi.waitFor(() => expect(storage.atOnce).toBe(0));
  expect(storage.held.size).toBe(0);
  expect(storage.mostAtOnce).toBe(PARTS_AT_ONCE);

  upload.start();
  await becomes(upload, "done");
  expect(storage.held.size).toBe(5);
});

test("an upload that was begun elsewhere sends only what is not there", async () => {
  await storage.uses.put(
    { url: "2", headers: { sha256: await sha256Base64(new Blob(["0123456789"])) } },
    new Blob(["0123456789"]),
    { signal: new AbortController().signal, onProgress: () => undefined },
  );
  storage.puts.length = 0;
  const upload = storage.upload(film(), null);

  upload.start();
  await becomes(upload, "done");

  expect([...storage.puts].sort()).toEqual([1, 3, 4, 5]);
  expect(storage.completed).toHaveLength(5);
});

test.each([
  ["of another size", CONTENT + "!"],
  ["with other content where it was sent", CONTENT.replaceAll("9", "8")],
])("a file %s is recognised before anything is sent", async (_, content) => {
  const sha256 = await sha256Base64(new Blob(["0123456789"]));
  storage.held.set(2, { partNumber: 2, etag: '"2"', sha256 });
  const upload = storage.upload(film(content), null);

  upload.start();
  await becomes(upload, "wrong-file");

  expect(upload.view().problem).toContain("another file");
  expect(storage.puts).toEqual([]);
});

test("a part that was not taken is tried again, with longer and longer pauses", async () => {
  let times = 0;
  storage.fault = (number) => (number === 2 && ++times <= 3 ? new PartNotTaken(503) : null);
  const upload = storage.upload();

  upload.start();
  await becomes(upload, "done");

  expect(storage.puts.filter((number) => number === 2)).toHaveLength(4);
  expect(storage.pauses).toEqual([1000, 2000, 4000]);
  expect(upload.view().problem).toBeNull();
});

test("a storage that never answers stops the upload with words, and it can be continued", async () => {
  storage.fault = (number) => (number === 2 ? new PartNotTaken(0) : null);
  const upload = storage.upload();

  upload.start();
  await becomes(upload, "stopped");

  expect(storage.puts.filter((number) => number === 2)).toHaveLength(ATTEMPTS);
  expect(upload.view().problem).toContain("could not be reached");
  storage.fault = () => null;
  upload.start();
  await becomes(upload, "done");
});

test("without a network it waits, however long, and continues by itself", async () => {
  storage.fault = () => {
    storage.isOnline = false;
    return new ConnectionError("cut");
  };
  const upload = storage.upload();

  upload.start();
  await becomes(upload, "offline");
  expect(upload.isUnderWay).toBe(true);
  expect(storage.pauses).toEqual([]);

  storage.fault = () => null;
  storage.comesOnline();
  await becomes(upload, "done");
});

test("an upload that somebody cancelled says what the service says", async () => {
  const api = {
    ...storage.uses.api,
    sign: () => Promise.reject(new ApiError(409, "upload_gone", "", "It is cancelled.")),
  };
  const upload = new Upload("ast_1", "Film", film(), { ...storage.uses, api }, CUT);

  upload.start();
  await becomes(upload, "gone");

  expect(upload.view().problem).toBe("It is cancelled.");
  expect(storage.puts).toEqual([]);
});

test("a file that vanished while it was sent is asked for again", async () => {
  const digest = (): Promise<string> => Promise.reject(new DOMException("", "NotReadableError"));
  const upload = new Upload("ast_1", "Film", film(), { ...storage.uses, digest }, CUT);

  upload.start();
  await becomes(upload, "wrong-file");

  expect(upload.view().problem).toContain("cannot be read any more");
});

test("starting twice sends nothing twice", async () => {
  const upload = storage.upload();

  upload.start();
  upload.start();
  await becomes(upload, "done");
  upload.start();

  expect(storage.puts).toHaveLength(5);
});
