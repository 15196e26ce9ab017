/** Which files of a film are kept: its best picture, its sounds and captions, by the DASH manifest. */

export interface Kept {
  /** The manifest over those files alone. */
  readonly manifest: string;
  /** Names, relative to the manifest. */
  readonly files: readonly string[];
  /** Ids of the keys that they are encrypted with, as Clear Key writes them. */
  readonly kids: readonly string[];
}

const DASH = "urn:mpeg:dash:schema:mpd:2011";
const CENC = "urn:mpeg:cenc:2013";

/** Changes the document that it is given. Throws an Error for a manifest in another form than ours. */
export function keptOf(document: Document): Kept {
  const files: string[] = [];
  for (const adaptation of [...document.getElementsByTagNameNS(DASH, "AdaptationSet")]) {
    const representations = childrenOf(adaptation, "Representation");
    const kind = kindOf(adaptation, representations[0]);
    const best = kind === "video" || kind === "audio" ? largest(representations) : null;
    if (kind === "image" || representations.length === 0) {
      adaptation.remove();
      continue;
    }
    for (const representation of representations) {
      if (best !== null && representation !== best) representation.remove();
      else files.push(...filesOf(adaptation, representation));
    }
  }
  keepBestVideo(document);
  const named = new Set(filesOfDocument(document));
  return {
    manifest: new XMLSerializer().serializeToString(document),
    files: [...new Set(files)].filter((name) => named.has(name)),
    kids: [...new Set(kidsOf(document))],
  };
}

function kidsOf(document: Document): string[] {
  return [...document.getElementsByTagNameNS(DASH, "ContentProtection")].flatMap((protection) => {
    const kid = protection.getAttributeNS(CENC, "default_KID");
    return kid === null ? [] : [clearKeyId(kid)];
  });
}

/** A key id in base64url without padding (W3C Encrypted Media Extensions, 9.1.3), from a UUID. */
function clearKeyId(uuid: string): string {
  const pairs = uuid.replaceAll("-", "").match(/../g) ?? [];
  const text = btoa(String.fromCharCode(...pairs.map((pair) => parseInt(pair, 16))));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Pictures under keys of their own stand in adaptation sets of their own: one of them stays. */
function keepBestVideo(document: Document): void {
  const sets = [...document.getElementsByTagNameNS(DASH, "AdaptationSet")].filter(
    (set) => kindOf(set, childrenOf(set, "Representation")[0]) === "video",
  );
  const best = largest(sets.flatMap((set) => childrenOf(set, "Representation")));
  for (const set of sets) if (!set.contains(best)) set.remove();
}

function filesOfDocument(document: Document): string[] {
  return [...document.getElementsByTagNameNS(DASH, "AdaptationSet")].flatMap((set) =>
    childrenOf(set, "Representation").flatMap((one) => filesOf(set, one)),
  );
}

function largest(representations: readonly Element[]): Element | null {
  const bandwidth = (one: Element): number => Number(one.getAttribute("bandwidth"));
  return representations.reduce<Element | null>(
    (best, one) => (best === null || bandwidth(one) > bandwidth(best) ? one : best),
    null,
  );
}

function kindOf(adaptation: Element, representation: Element | undefined): string {
  const stated = (name: string): string =>
    representation?.getAttribute(name) ?? adaptation.getAttribute(name) ?? "";
  return adaptation.getAttribute("contentType") ?? stated("mimeType").split("/")[0] ?? "";
}

function filesOf(adaptation: Element, representation: Element): string[] {
  const base = childrenOf(representation, "BaseURL")[0]?.textContent;
  if (base != null) return [base];
  const templates = [...childrenOf(adaptation, "SegmentTemplate"), ...childrenOf(representation, "SegmentTemplate")];
  const stated = (name: string): string | null =>
    templates.reduce<string | null>((found, one) => one.getAttribute(name) ?? found, null);
  const timeline = templates.flatMap((one) => childrenOf(one, "SegmentTimeline")).at(-1);
  const [media, first] = [stated("media"), Number(stated("startNumber") ?? "1")];
  if (media === null || timeline === undefined) throw new Error("A rendition has no timeline.");
  const named = (template: string): string =>
    template
      .replaceAll("$RepresentationID$", representation.getAttribute("id") ?? "")
      .replaceAll("$Bandwidth$", representation.getAttribute("bandwidth") ?? "");
  const init = stated("initialization");
  return [
    ...(init === null ? [] : [named(init)]),
    ...segmentNames(named(media), first, childrenOf(timeline, "S").map(runOf)),
  ];
}

export interface Run {
  readonly start: number | null;
  readonly length: number;
  readonly repeats: number;
}

function runOf(element: Element): Run {
  const start = element.getAttribute("t");
  return {
    start: start === null ? null : Number(start),
    length: Number(element.getAttribute("d")),
    repeats: Number(element.getAttribute("r") ?? "0"),
  };
}

/** The names that a template and a timeline make (ISO/IEC 23009-1, 5.3.9.4.4). */
export function segmentNames(media: string, first: number, runs: readonly Run[]): string[] {
  const names: string[] = [];
  let time = 0;
  for (const { start, length, repeats } of runs) {
    if (repeats < 0) throw new Error("A timeline repeats without end.");
    time = start ?? time;
    for (let repeat = 0; repeat <= repeats; repeat += 1) {
      names.push(filled(filled(media, "Number", first + names.length), "Time", time));
      time += length;
    }
  }
  return names;
}

function filled(template: string, name: string, value: number): string {
  return template.replace(
    new RegExp(`\\$${name}(?:%0(\\d+)d)?\\$`, "g"),
    (_, width: string | undefined) => String(value).padStart(Number(width ?? "1"), "0"),
  );
}

function childrenOf(parent: Element, name: string): Element[] {
  return [...parent.children].filter((one) => one.localName === name);
}
