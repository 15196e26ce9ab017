/** Caption files that go with a film, each with its language and its name in the player's menu. */
import { type ReactNode, useRef } from "react";
import { FileButton } from "../ui/file-button";
import { FieldFault } from "./field-fault";
import { languageOf, nameOfLanguage } from "./words";

export interface CaptionDraft {
  /** Tells drafts apart while they are edited. */
  readonly key: string;
  readonly file: File;
  readonly language: string;
  readonly label: string;
}

interface Props {
  readonly captions: readonly CaptionDraft[];
  readonly onChange: (captions: readonly CaptionDraft[]) => void;
  readonly faultOf: (field: string) => string | null;
}

export function CaptionFields({ captions, onChange, faultOf }: Props): ReactNode {
  const count = useRef(0);
  const addButton = useRef<HTMLDivElement>(null);

  const add = (file: File): void => {
    const language = languageOf(file.name);
    count.current += 1;
    const key = String(count.current);
    onChange([...captions, { key, file, language, label: nameOfLanguage(language) }]);
  };
  const change = (key: string, changed: Partial<CaptionDraft>): void => {
    onChange(captions.map((draft) => (draft.key === key ? { ...draft, ...changed } : draft)));
  };
  const remove = (key: string): void => {
    onChange(captions.filter((draft) => draft.key !== key));
    addButton.current?.querySelector("button")?.focus();
  };

  return (
    <fieldset className="field">
      <legend>Captions</legend>
      {captions.length > 0 && (
        <ul className="captions">
          {captions.map((draft) => {
            const words = faultOf(`captions ${draft.key}`);
            const faultId = `captions-${draft.key}-fault`;
            const isAt = (field: string): boolean => words?.startsWith(`${field}:`) ?? false;
            const described = words === null ? undefined : faultId;
            return (
              <li key={draft.key} className="caption">
                <bdi className="caption-file">{draft.file.name}</bdi>
                <label>
                  <span>Language</span>
                  <input
                    className="text-input"
                    type="text"
                    autoComplete="off"
                    autoCapitalize="off"
                    spellCheck={false}
                    placeholder="en"
                    value={draft.language}
                    aria-invalid={isAt("language")}
                    aria-describedby={described}
                    onChange={(event) => change(draft.key, { language: event.target.value })}
                    onBlur={() => {
                      if (draft.label === "") {
                        change(draft.key, { label: nameOfLanguage(draft.language) });
                      }
                    }}
                  />
                </label>
                <label>
                  <span>Name in the menu</span>
                  <input
                    className="text-input"
                    type="text"
                    autoComplete="off"
                    dir="auto"
                    value={draft.label}
                    aria-invalid={isAt("label")}
                    aria-describedby={described}
                    onChange={(event) => change(draft.key, { label: event.target.value })}
                  />
                </label>
                <button
                  className="button button-quiet"
                  type="button"
                  aria-label={`Remove ${draft.file.name}`}
                  onClick={() => remove(draft.key)}
                >
                  Remove
                </button>
                <FieldFault id={faultId} words={words} />
              </li>
            );
          })}
        </ul>
      )}
      <div ref={addButton}>
        <FileButton accept=".vtt,.srt,text/vtt" onFile={add}>
          Add captions
        </FileButton>
      </div>
      <p className="hint">WebVTT or SubRip, one file for each language.</p>
    </fieldset>
  );
}
