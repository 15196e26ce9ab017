/** Says to a screen reader what changed on its own, without moving the focus. */
import { createContext, type ReactNode, useContext, useState } from "react";

const Context = createContext<(words: string) => void>(() => undefined);

export const useAnnounce = (): ((words: string) => void) => useContext(Context);

export function Announcer({ children }: { readonly children: ReactNode }): ReactNode {
  const [words, announce] = useState("");
  return (
    <Context value={announce}>
      {children}
      <p className="visually-hidden" role="status" data-testid="announced">
        {words}
      </p>
    </Context>
  );
}
