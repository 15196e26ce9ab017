/** Begins an upload: a title, a file, how it is encrypted, and captions that go with it. */
import { type FormEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { useServices } from "../services";
import { FileButton } from "../ui/file-button";
import { AGES } from "./age-rating";
import { useAnnounce } from "./announcer";
import { CaptionFields, type CaptionDraft } from "./caption-fields";
import { errorWords, fieldOf } from "../ui/error-words";
import { FieldFault } from "./field-fault";
import { sendingOf } from "./sending";
import { size } from "./words";

const FILMS = "video/*,.mkv,.mxf,.mov,.mp4,.ts,.m2ts";

/** The field at fault, by the API's name of it or the captions' key, and the sentence. */
interface Fault {
  readonly field: string | null;
  readonly words: string;
}

const RATINGS = [null, ...AGES] as const;

/** Something of the form itself is missing or wrong, before the service was asked. */
class Unfinished extends Error {
  constructor(
    readonly field: string,
    words: string,
  ) {
    super(words);
  }
}

export function UploadForm({ onBegun }: { readonly onBegun: () => void }): ReactNode {
  const services = useServices();
  const announce = useAnnounce();
  const ids = { title: useId(), titleFault: useId(), file: useId(), fault: useId() };
  const [title, setTitle] = useState("");
  const [file, setFile] = useState<File | null>(null);
  const [scheme, setScheme] = useState("cbcs");
  const [maturity, setMaturity] = useState<number | null>(null);
  const [captions, setCaptions] = useState<readonly CaptionDraft[]>([]);
  const [fault, setFault] = useState<Fault | null>(null);
  const [isBusy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);

  useEffect(() => {
    if (fault !== null) form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [fault]);

  const begin = async (): Promise<void> => {
    if (file === null) throw new Unfinished("file_name", "Choose the film's file.");
    const tracks = await Promise.all(captions.map(read));
    const { assetId, cut } = await services.uploads.begin({
      name: title,
      fileName: file.name,
      sizeBytes: file.size,
      scheme,
      maturity,
    });
    for (const { draft, text } of tracks) {
      try {
        await services.uploads.addCaptions(assetId, draft.language, draft.label, text);
      } catch (error) {
        await takeBack(services.assets, assetId);
        const words = `${errorWords(error)} Nothing was uploaded.`;
        throw new Unfinished(`captions ${draft.key}`, words);
      }
    }
    sendingOf(services).begin(assetId, title.trim(), file, cut);
    announce(`The upload of ${title.trim()} has begun.`);
  };

  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    setFault(null);
    begin()
      .then(
        () => {
          setTitle("");
          setFile(null);
          setMaturity(null);
          setCaptions([]);
          onBegun();
        },
        (error: unknown) => {
          const field = error instanceof Unfinished ? error.field : fieldOf(error);
          setFault({
            field: field === "size_bytes" ? "file_name" : field,
            words: error instanceof Unfinished ? error.message : errorWords(error),
          });
        },
      )
      .finally(() => setBusy(false));
  };

  const faultOf = (field: string): string | null => (fault?.field === field ? fault.words : null);
  const titleFault = faultOf("name");
  const fileFault = faultOf("file_name");
  const isPlaced =
    titleFault !== null || fileFault !== null || (fault?.field?.startsWith("captions ") ?? false);

  return (
    <form ref={form} className="upload-form" onSubmit={submit} noValidate aria-labelledby="upload">
      <h2 id="upload">Upload a film</h2>

      <div className="field">
        <label htmlFor={ids.title}>Title</label>
        <input
          id={ids.title}
          className="text-input"
          type="text"
          autoComplete="off"
          dir="auto"
          value={title}
          aria-invalid={titleFault !== null}
          aria-describedby={titleFault === null ? undefined : ids.titleFault}
          onChange={(event) => setTitle(event.target.value)}
        />
        <FieldFault id={ids.titleFault} words={titleFault} />
      </div>

      <div className="field">
        <span className="field-name">File</span>
        <div className="chosen">
          <FileButton
            accept={FILMS}
            onFile={setFile}
            describedBy={fileFault === null ? ids.file : `${ids.file} ${ids.file}-fault`}
            isInvalid={fileFault !== null}
          >
            {file === null ? "Choose the film" : "Choose another film"}
          </FileButton>
          <span id={ids.file} className="chosen-file">
            {file === null ? (
              "None chosen"
            ) : (
              <>
                <bdi>{file.name}</bdi> · {size(file.size)}
              </>
            )}
          </span>
        </div>
        <FieldFault id={`${ids.file}-fault`} words={fileFault} />
      </div>

      <fieldset className="field">
        <legend>Encryption</legend>
        {(
          [
            ["cbcs", "For today’s devices", "cbcs: Widevine, PlayReady and FairPlay"],
            ["cenc", "For older devices", "cenc: without FairPlay, so not on Apple’s"],
          ] as const
        ).map(([value, name, explanation]) => (
          <label key={value} className="choice">
            <input
              type="radio"
              name="scheme"
              value={value}
              checked={scheme === value}
              onChange={() => setScheme(value)}
            />
            <span>
              {name}
              <small>{explanation}</small>
            </span>
          </label>
        ))}
      </fieldset>

      <fieldset className="field">
        <legend>Age rating</legend>
        <div className="ages">
          {RATINGS.map((age) => (
            <label key={age ?? "none"} className="choice">
              <input
                type="radio"
                name="maturity"
                value={age ?? ""}
                checked={maturity === age}
                onChange={() => setMaturity(age)}
              />
              <span>{age ?? "Not rated: counts as 18"}</span>
            </label>
          ))}
        </div>
      </fieldset>

      <CaptionFields captions={captions} onChange={setCaptions} faultOf={faultOf} />

      {fault !== null && !isPlaced && (
        <p id={ids.fault} className="fault" role="alert">
          {fault.words}
        </p>
      )}
      <button className="button button-primary" type="submit" aria-busy={isBusy}>
        Upload
      </button>
    </form>
  );
}

async function read(draft: CaptionDraft): Promise<{ draft: CaptionDraft; text: string }> {
  const field = `captions ${draft.key}`;
  // It becomes part of an address; what else is wrong with it, the service says.
  if (!/^[A-Za-z0-9-]+$/.test(draft.language)) {
    throw new Unfinished(field, "language: write it as BCP 47 does, such as en, pt-BR or zh-Hant.");
  }
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(await draft.file.arrayBuffer());
    return { draft, text };
  } catch (cause) {
    const words = "text: this file is not UTF-8, or cannot be read. Save it as UTF-8.";
    throw new Unfinished(field, words);
  }
}

/** An upload whose captions were refused is not left behind; if it cannot be, the list shows it. */
async function takeBack(
  assets: ReturnType<typeof useServices>["assets"],
  assetId: string,
): Promise<void> {
  try {
    await assets.cancel(assetId);
    await assets.remove(assetId);
  } catch {
    return;
  }
}
