/** Where a film's intro and its credits are: viewers skip the one and go on at the other. */
import { type FormEvent, type ReactNode, useEffect, useId, useState } from "react";
import { ApiError } from "../api/problem";
import { type MarkedTitle, type Markers, titleIdOf } from "../api/titles";
import { useServices } from "../services";
import { useAnnounce } from "./announcer";
import { errorWords } from "../ui/error-words";
import { FieldFault } from "./field-fault";
import { momentFrom, writtenMoment } from "./marker-words";

/** As the service names them. */
const FIELDS = [
  ["intro.starts_at_seconds", "Intro begins"],
  ["intro.ends_at_seconds", "Intro ends"],
  ["credits_at_seconds", "Credits begin"],
] as const;

type Field = (typeof FIELDS)[number][0];
type Written = Readonly<Record<Field, string>>;
interface Fault {
  readonly field: Field | null;
  readonly words: string;
}

interface Props {
  readonly assetId: string;
  readonly name: string;
}

/** Asked for when somebody wants them: a film that has just become ready is no title yet. */
export function SkipMarkers({ assetId, name }: Props): ReactNode {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button
        className="button"
        type="button"
        aria-expanded={isOpen}
        aria-label={`Mark intro and credits of ${name}`}
        onClick={() => setOpen(!isOpen)}
      >
        Mark intro and credits
      </button>
      {isOpen && <Marked assetId={assetId} name={name} />}
    </>
  );
}

function Marked({ assetId, name }: Props): ReactNode {
  const { titles } = useServices();
  const [marked, setMarked] = useState<MarkedTitle | null>(null);
  const [problem, setProblem] = useState("");
  const titleId = titleIdOf(assetId);
  useEffect(() => {
    const leaving = new AbortController();
    titles.markers(titleId, leaving.signal).then(setMarked, (error: unknown) => {
      if (!leaving.signal.aborted) setProblem(whyNot(error));
    });
    return () => leaving.abort();
  }, [titles, titleId]);
  if (marked === null) return problem === "" ? "Asking…" : <span role="alert">{problem}</span>;
  return <MarkerForm titleId={titleId} name={name} marked={marked} onMarked={setMarked} />;
}

function whyNot(error: unknown): string {
  if (error instanceof ApiError && error.status === 404) {
    return "The catalogue does not have it yet. Close this and open it again in a moment.";
  }
  return errorWords(error);
}

interface FormProps {
  readonly titleId: string;
  readonly name: string;
  readonly marked: MarkedTitle;
  readonly onMarked: (marked: MarkedTitle) => void;
}

function MarkerForm({ titleId, name, marked, onMarked }: FormProps): ReactNode {
  const { titles } = useServices();
  const announce = useAnnounce();
  const id = useId();
  const [written, setWritten] = useState<Written>(() => writtenOf(marked));
  const [fault, setFault] = useState<Fault | null>(null);
  const [isBusy, setBusy] = useState(false);

  const mark = (event: FormEvent): void => {
    event.preventDefault();
    const told = markersOf(written);
    if ("words" in told) return setFault(told);
    setBusy(true);
    setFault(null);
    titles
      .mark(titleId, told)
      .then(
        (now) => {
          onMarked(now);
          setWritten(writtenOf(now));
          announce(`The skip markers of ${name} are saved.`);
        },
        (error: unknown) => setFault(faultOf(error)),
      )
      .finally(() => setBusy(false));
  };
  return (
    <form className="skip-markers" aria-label={`Skip markers of ${name}`} onSubmit={mark} noValidate>
      {FIELDS.map(([field, label]) => (
        <div key={field} className="skip-marker">
          <label htmlFor={`${id}${field}`}>{label}</label>
          <input
            id={`${id}${field}`}
            className="text-input"
            type="text"
            placeholder="1:32:05"
            autoComplete="off"
            value={written[field]}
            aria-invalid={fault?.field === field}
            aria-describedby={fault?.field === field ? `${id}fault` : undefined}
            onChange={(event) => setWritten({ ...written, [field]: event.target.value })}
          />
        </div>
      ))}
      <button className="button" type="submit" disabled={isBusy}>
        Save
      </button>
      <FieldFault id={`${id}fault`} words={fault?.words ?? null} />
    </form>
  );
}

function writtenOf({ intro, creditsAtSeconds }: Markers): Written {
  return {
    "intro.starts_at_seconds": writtenMoment(intro?.startsAtSeconds ?? null),
    "intro.ends_at_seconds": writtenMoment(intro?.endsAtSeconds ?? null),
    credits_at_seconds: writtenMoment(creditsAtSeconds),
  };
}

function markersOf(written: Written): Markers | Fault {
  for (const [field] of FIELDS) {
    if (Number.isNaN(momentFrom(written[field]))) {
      return { field, words: "Write a moment as 1:15, 1:32:05 or in seconds." };
    }
  }
  const starts = momentFrom(written["intro.starts_at_seconds"]);
  const ends = momentFrom(written["intro.ends_at_seconds"]);
  const creditsAtSeconds = momentFrom(written.credits_at_seconds);
  if (starts === null && ends === null) return { intro: null, creditsAtSeconds };
  if (starts === null || ends === null) {
    const field = starts === null ? "intro.starts_at_seconds" : "intro.ends_at_seconds";
    return { field, words: "An intro has a beginning and an end." };
  }
  return { intro: { startsAtSeconds: starts, endsAtSeconds: ends }, creditsAtSeconds };
}

function faultOf(error: unknown): Fault {
  const named = error instanceof ApiError ? error.facts["field"] : undefined;
  const known = FIELDS.find(([field]) => field === named);
  // Of a moment that cannot be true the service says best what is wrong with it.
  return known !== undefined && error instanceof ApiError
    ? { field: known[0], words: error.message }
    : { field: null, words: errorWords(error) };
}
