import type { ReactNode } from "react";

/** What is wrong with a field; nothing while nothing is. */
export function FieldFault({
  id,
  words,
}: {
  readonly id: string;
  readonly words: string | null;
}): ReactNode {
  if (words === null) return null;
  return (
    <p id={id} className="fault" role="alert">
      {words}
    </p>
  );
}
