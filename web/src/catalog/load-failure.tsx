import type { ReactNode } from "react";
import { ApiError, ConnectionError } from "../api/problem";
import { MessageBlock } from "../ui/message";

/** Why a page has nothing to show, and the way to ask again. */
export function LoadFailure({
  error,
  retry,
}: {
  readonly error: unknown;
  readonly retry: () => void;
}): ReactNode {
  const [title, detail] = wordsFor(error);
  return (
    <MessageBlock title={title} detail={detail}>
      <button className="button button-primary" type="button" onClick={retry}>
        Try again
      </button>
    </MessageBlock>
  );
}

function wordsFor(error: unknown): readonly [string, string] {
  if (error instanceof ConnectionError) {
    return ["Marquee is out of reach", "Check your network, then try again."];
  }
  if (error instanceof ApiError) return [error.title, error.message];
  return ["Something went wrong", "Marquee has a problem on its side. Try again in a moment."];
}
