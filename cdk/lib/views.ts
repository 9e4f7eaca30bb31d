import { readFileSync } from 'node:fs';

/** A view and the aggregates that it reads. */
export interface View {
  readonly name: string;
  readonly aggregates: readonly string[];
}

/** The views of the build, as the domains declare them: `views.json` is written from their catalog. */
export function views(): View[] {
  const file = new URL('../views.json', import.meta.url);
  const byName = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string[]>;
  return Object.entries(byName).map(([name, aggregates]) => ({ name, aggregates }));
}

/** A view's or function's name as a construct is called: `room-nights` becomes `RoomNights`. */
export function title(name: string): string {
  return name
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}
