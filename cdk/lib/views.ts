import { readFileSync } from 'node:fs';
import { STATUSES } from './environment.js';

/** A view and the aggregates that it reads. */
export interface View {
  readonly name: string;
  readonly aggregates: readonly string[];
  /** Raised when it changes: another revision is another index. */
  readonly revision: number;
}

/** The statuses of commands, of all aggregates. */
export const statuses: View = { name: STATUSES, aggregates: [], revision: 1 };

/** The views of the build, as the domains declare them: `views.json` is written from their catalog. */
export function views(): View[] {
  const file = new URL('../views.json', import.meta.url);
  const byName = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Omit<View, 'name'>>;
  return Object.entries(byName).map(([name, view]) => ({ name, ...view }));
}

/** A view's or function's name as a construct is called: `room-nights` becomes `RoomNights`. */
export function title(name: string): string {
  return name
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}
