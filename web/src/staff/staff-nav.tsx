import type { ReactNode } from "react";
import { usePath } from "../routing";
import { Link } from "../ui/link";

const PLACES = [
  ["/staff", "Films"],
  ["/staff/members", "Members"],
] as const;

/** The parts of the staff area. */
export function StaffNav(): ReactNode {
  const here = usePath().split("?", 1)[0]?.replace(/\/$/, "");
  return (
    <nav className="staff-nav" aria-label="Staff">
      {PLACES.map(([path, name]) => (
        <Link
          key={path}
          to={path}
          className="button button-quiet"
          aria-current={path === here ? "page" : undefined}
        >
          {name}
        </Link>
      ))}
    </nav>
  );
}
