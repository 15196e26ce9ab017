/** Over the picture while the intro runs: on to where it ends. */
import { type ReactNode, useRef } from "react";
import { SkipIcon } from "../ui/icons";
import { useOfferFocus } from "./offer-focus";
import "./skip-intro.css";

interface Props {
  readonly onSkip: () => void;
}

export function SkipIntro({ onSkip }: Props): ReactNode {
  const button = useRef<HTMLButtonElement>(null);
  useOfferFocus(button, false);
  return (
    <button
      ref={button}
      className="button skip-intro"
      type="button"
      data-keys="offer"
      data-skip
      onClick={onSkip}
    >
      <SkipIcon />
      Skip intro
    </button>
  );
}
