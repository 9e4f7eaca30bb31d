import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for what the tests write; gone when they are done. */
export default function setup(): () => void {
  const scratch = mkdtempSync(join(tmpdir(), 'factmill-'));
  process.env.FACTMILL_SCRATCH = scratch;
  return () => {
    rmSync(scratch, { recursive: true, force: true });
  };
}
