/** The way on where a title is above the profile's age limit: the PIN of who set it. */
import { type ReactNode, useState } from "react";
import { errorWords } from "../ui/error-words";
import { openTitle } from "../pages";

interface Props {
  readonly titleId: string;
  readonly onOpened: () => void;
}

export function PinEntry({ titleId, onOpened }: Props): ReactNode {
  const [isAsked, setAsked] = useState(true);
  const [fault, setFault] = useState("");
  const closed = (error: unknown): void => {
    setAsked(false);
    if (error !== null) setFault(errorWords(error));
  };
  return (
    <>
      {fault !== "" && <p role="alert">{fault}</p>}
      <button className="button button-primary" type="button" onClick={() => setAsked(true)}>
        Enter the PIN
      </button>
      {isAsked && <openTitle.Page titleId={titleId} onOpened={onOpened} onClosed={closed} />}
    </>
  );
}
