import { expect, test } from "vitest";
import { type Browser, Capabilities } from "./capabilities";

const LEAST = { family: "shaka", drm: "clearkey", max_height: 1080 };

function storage(): { kept: Map<string, string>; getItem: Storage["getItem"]; setItem: Storage["setItem"] } {
  const kept = new Map<string, string>();
  return {
    kept,
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, value) => void kept.set(name, value),
  };
}

function browser(changes: Partial<Browser> = {}): Browser & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    screenLines: () => 1080,
    isHdrScreen: () => true,
    decodes: async ({ video, audio }) => {
      const type = (video ?? audio)!.contentType;
      asked.push(type);
      return /avc1|hvc1|mp4a|ec-3/.test(type) && video?.transferFunction !== "hlg";
    },
    isProtectedBy: async (version) => version === "1.0",
    name: "A browser 1",
    ...changes,
  };
}

test("a first start says the least, and waits for nothing", () => {
  const some = browser();

  expect(new Capabilities(some, storage()).describe()).toEqual(LEAST);
  expect(some.asked).toEqual([]);
});

test("later starts say what the browser decodes and the screen shows", async () => {
  const capabilities = new Capabilities(browser(), storage());

  await capabilities.find();

  expect(capabilities.describe()).toEqual({
    ...LEAST,
    codecs: ["avc", "hevc"],
    audio: ["aac", "eac3"],
    hdr: ["pq"],
    hdcp: "1.0",
  });
});

test("a screen without HDR gets none, whatever is decoded", async () => {
  const capabilities = new Capabilities(browser({ isHdrScreen: () => false }), storage());

  await capabilities.find();

  expect(capabilities.describe().hdr).toEqual([]);
});

test("decoders are asked once for a browser, and its outputs by each page", async () => {
  const kept = storage();
  await new Capabilities(browser(), kept).find();
  const again = browser({ isProtectedBy: async () => true });
  const next = new Capabilities(again, kept);

  expect(next.describe().codecs).toEqual(["avc", "hevc"]);
  expect(next.describe()).not.toHaveProperty("hdcp");
  await next.find();
  expect(next.describe().hdcp).toBe("2.2");
  expect(again.asked).toEqual([]);
});

test("another version of the browser is asked anew", async () => {
  const kept = storage();
  await new Capabilities(browser(), kept).find();

  expect(new Capabilities(browser({ name: "A browser 2" }), kept).describe()).toEqual(LEAST);
});

test.each(["", "{", "null", '{"browser":"A browser 1"}', '{"browser":"A browser 1","codecs":[1]}'])(
  "what was kept and cannot be read is forgotten: %s",
  (text) => {
    const kept = storage();
    kept.setItem("marquee.decoders", text);

    expect(new Capabilities(browser(), kept).describe()).toEqual(LEAST);
  },
);

test("a browser that cannot be asked is described by the least", async () => {
  const fails = async (): Promise<never> => {
    throw new TypeError("no such method");
  };
  const capabilities = new Capabilities(
    browser({ decodes: fails, isProtectedBy: fails }),
    storage(),
  );

  await capabilities.find();

  expect(capabilities.describe()).toEqual(LEAST);
});

test("outputs that nothing protects are said to be so, and unknown ones not at all", async () => {
  const bare = new Capabilities(browser({ isProtectedBy: async () => false }), storage());
  const unknown = new Capabilities(browser({ isProtectedBy: async () => null }), storage());

  await Promise.all([bare.find(), unknown.find()]);

  expect(bare.describe().hdcp).toBe("none");
  expect(unknown.describe()).not.toHaveProperty("hdcp");
});
