/** Keeps a title on this device, and tells how far it is. */
import { type ReactNode, useEffect, useState } from "react";
import { useServices } from "../services";
import { errorWords } from "../ui/error-words";
import { Link } from "../ui/link";

type State = "unknown" | "idle" | "fetching" | "kept";

export function KeepButton({ titleId }: { readonly titleId: string }): ReactNode {
  const { downloads } = useServices();
  const [state, setState] = useState<State>("unknown");
  const [percent, setPercent] = useState(0);
  const [fault, setFault] = useState("");

  useEffect(() => {
    let isShown = true;
    downloads()
      .then((all) => all.list())
      .then(
        (kept) => isShown && setState(kept.some((one) => one.titleId === titleId) ? "kept" : "idle"),
        // A browser that keeps nothing is offered nothing.
        () => undefined,
      );
    return () => {
      isShown = false;
    };
  }, [downloads, titleId]);

  const keep = async (): Promise<void> => {
    setState("fetching");
    setFault("");
    try {
      const all = await downloads();
      await all.keep(titleId, (part) => setPercent(Math.round(part * 100)));
      setState("kept");
    } catch (error) {
      setState("idle");
      setFault(errorWords(error));
    }
  };

  if (state === "unknown") return null;
  if (state === "kept") {
    return (
      <Link to="/downloads" className="button">
        Downloaded
      </Link>
    );
  }
  return (
    <>
      <button
        className="button"
        type="button"
        aria-disabled={state === "fetching"}
        onClick={() => state === "idle" && void keep()}
      >
        {state === "fetching" ? `Downloading, ${percent} %` : "Download"}
      </button>
      {fault !== "" && <p role="alert">{fault}</p>}
    </>
  );
}
