import { useEffect } from "react";

/** Names the tab, and tells screen readers which page this is. */
export function useDocumentTitle(title: string | null): void {
  useEffect(() => {
    document.title = title === null ? "Marquee" : `${title} · Marquee`;
  }, [title]);
}
