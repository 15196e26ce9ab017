import type { AnchorHTMLAttributes, MouseEvent, ReactNode } from "react";
import { navigate } from "../routing";

type Props = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, "href"> & {
  readonly to: string;
  readonly children: ReactNode;
};

/** A link inside the app: an ordinary one for the browser (new tab, copy), quick when just followed. */
export function Link({ to, children, ...rest }: Props): ReactNode {
  const follow = (event: MouseEvent): void => {
    const wantsAnotherTab = event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
    if (event.defaultPrevented || event.button !== 0 || wantsAnotherTab) return;
    event.preventDefault();
    navigate(to);
  };
  return (
    <a {...rest} href={to} onClick={follow}>
      {children}
    </a>
  );
}
