/** Something that is asked about first, then done: what both need to know of it, and what is said
 * when it was refused. */
import { type ReactNode, type RefObject, useState } from "react";
import { flushSync } from "react-dom";
import { ApiError } from "../api/problem";
import { useServices } from "../services";
import { errorWords } from "./error-words";

interface Fault {
  readonly words: string;
  /** Whether only somebody may do it who has just signed in. */
  readonly isOld: boolean;
}

export interface ConfirmedAct<Asked> {
  /** What the dialog asks about; null while there is none. */
  readonly asked: Asked | null;
  readonly isBusy: boolean;
  readonly fault: Fault | null;
  readonly ask: (about: Asked) => void;
  readonly keep: () => void;
  readonly run: (act: () => Promise<void>) => Promise<void>;
}

/** After an act the focus goes to the heading: what was pressed may be gone from the page. */
export function useConfirmedAct<Asked>(
  heading: RefObject<HTMLElement | null>,
): ConfirmedAct<Asked> {
  const [asked, setAsked] = useState<Asked | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [fault, setFault] = useState<Fault | null>(null);

  const run = async (act: () => Promise<void>): Promise<void> => {
    setBusy(true);
    setFault(null);
    const found = await refusal(act);
    // As long as the dialog is there, nothing outside takes the focus.
    flushSync(() => {
      setAsked(null);
      setBusy(false);
      setFault(found);
    });
    if (found?.isOld !== true) heading.current?.focus();
  };

  const ask = (about: Asked): void => {
    setFault(null);
    setAsked(about);
  };

  return { asked, isBusy, fault, ask, keep: () => setAsked(null), run };
}

async function refusal(act: () => Promise<void>): Promise<Fault | null> {
  try {
    await act();
    return null;
  } catch (error) {
    const isOld = error instanceof ApiError && error.code === "step_up_required";
    return { words: errorWords(error), isOld };
  }
}

/** What went wrong, and the way on where that is another sign-in, which leads back to a page. */
export function FaultNotice(props: {
  readonly fault: Fault | null;
  readonly returnTo: string;
}): ReactNode {
  const { session } = useServices();
  const { fault, returnTo } = props;
  if (fault === null) return null;
  return (
    <>
      <p className="fault" role="alert">
        {fault.words}
      </p>
      {fault.isOld && (
        <button
          className="button"
          type="button"
          autoFocus
          onClick={() => void session.signInAgain(returnTo)}
        >
          Sign in again
        </button>
      )}
    </>
  );
}
