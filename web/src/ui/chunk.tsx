/** A page in a chunk of its own: downloaded when it is needed, or before. */
import { type ComponentType, type ReactNode, useEffect, useState } from "react";
import { Spinner } from "./spinner";

type Load<Props> = () => Promise<{ readonly default: ComponentType<Props> }>;

interface Chunk<Props> {
  readonly Page: ComponentType<Props>;
  /** Has it at hand for later; a failure shows when the page is really asked for. */
  readonly prefetch: () => Promise<void>;
}

/**
 * Shows the page in the moment it is there, at once when it was prefetched. React's own `lazy`
 * would keep its placeholder up for 300 ms even then, which is half of a play's start.
 */
export function chunk<Props extends object>(load: Load<Props>, label: string): Chunk<Props> {
  let loaded: ComponentType<Props> | null = null;

  async function loading(): Promise<ComponentType<Props>> {
    loaded = (await load()).default;
    return loaded;
  }

  function Page(props: Props): ReactNode {
    const [Loaded, setLoaded] = useState(() => loaded);
    const [failure, setFailure] = useState<{ readonly error: unknown } | null>(null);
    useEffect(() => {
      if (Loaded !== null) return;
      let isShown = true;
      loading().then(
        (page) => isShown && setLoaded(() => page),
        (error: unknown) => isShown && setFailure({ error }),
      );
      return () => {
        isShown = false;
      };
    }, [Loaded]);

    // To the error boundary, which offers to load everything again.
    if (failure !== null) throw failure.error;
    return Loaded === null ? <Spinner label={label} fills /> : <Loaded {...props} />;
  }

  const nothing = (): void => undefined;
  return { Page, prefetch: () => loading().then(nothing, nothing) };
}
