/** A button that asks for a file: the browser's own control cannot be laid out. */
import { type ReactNode, useRef } from "react";

interface Props {
  readonly children: ReactNode;
  readonly accept: string;
  readonly onFile: (file: File) => void;
  readonly className?: string;
  readonly describedBy?: string | undefined;
  readonly isInvalid?: boolean;
}

export function FileButton(props: Props): ReactNode {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button
        className={props.className ?? "button"}
        type="button"
        aria-describedby={props.describedBy}
        aria-invalid={props.isInvalid === true ? true : undefined}
        onClick={() => input.current?.click()}
      >
        {props.children}
      </button>
      <input
        ref={input}
        type="file"
        hidden
        accept={props.accept}
        onChange={(event) => {
          const file = event.target.files?.[0];
          // The same file may be chosen again later.
          event.target.value = "";
          if (file !== undefined) props.onFile(file);
        }}
      />
    </>
  );
}
