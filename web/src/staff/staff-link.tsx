import type { ReactNode } from "react";
import { isForStaff, matchRoute, usePath } from "../routing";
import { useServices } from "../services";
import { Link } from "../ui/link";
import "./staff-link.css";

/** The way to the staff page; nothing for a session that was not granted it. */
export function StaffLink(): ReactNode {
  const { session } = useServices();
  const isHere = isForStaff(matchRoute(usePath().split("?", 1)[0] ?? ""));
  if (!session.hasScope("staff")) return null;
  return (
    <Link
      to="/staff"
      className="button button-quiet staff-link"
      aria-current={isHere ? "page" : undefined}
    >
      Staff
    </Link>
  );
}
