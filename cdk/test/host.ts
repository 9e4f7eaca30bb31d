import { chmodSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { app, factmill } from '../lib/app.js';
import { choose, type Choices } from '../lib/options.js';

const BINARIES = ['api', 'authorize', 'dispatch', 'persist', 'project', 'reannounce', 'relay', 'settle', 'validate'];

// made, and removed at the end, by `setup.ts`
const scratch = process.env.FACTMILL_SCRATCH ?? '';

/** A folder with a stand-in for every function: what is in them is of no matter here. */
function standIns(): string {
  const folder = join(scratch, 'dist');
  if (existsSync(folder)) return folder;
  for (const binary of BINARIES) {
    mkdirSync(join(folder, binary), { recursive: true });
    const file = join(folder, binary, 'bootstrap');
    writeFileSync(file, `stands in for ${binary}\n`);
    chmodSync(file, 0o755);
  }
  return folder;
}

export interface Host {
  readonly stateful: Template;
  readonly stateless: Template;
}

/** The host, unsynthesized: plugins may still be added. */
export function unsynthesized(choices: Choices = {}) {
  const outdir = mkdtempSync(join(scratch, 'out-'));
  const scope = app({ outdir, context: { 'aws:cdk:enable-path-metadata': true } });
  const env = { account: '111122223333', region: 'eu-central-1' };
  return { app: scope, ...factmill(scope, choose({ ...choices, assets: standIns() }), env) };
}

const made = new Map<string, Host>();

/** The host as its templates say: made once for the same choices. */
export function host(choices: Choices = {}): Host {
  const key = JSON.stringify(choices);
  const known = made.get(key) ?? synthesized(choices);
  made.set(key, known);
  return known;
}

function synthesized(choices: Choices): Host {
  const { stateful, stateless } = unsynthesized(choices);
  return { stateful: Template.fromStack(stateful), stateless: Template.fromStack(stateless) };
}

export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

/** A resource of a template. */
export interface Resource {
  readonly Type: string;
  readonly Properties: Record<string, Json>;
  readonly DeletionPolicy?: string;
  readonly Metadata: Record<string, string>;
}

/** The resources of a type. */
export function resources(template: Template, type: string): Resource[] {
  return Object.values(template.findResources(type)) as unknown as Resource[];
}

/** All resources by their logical ids. */
export function all(template: Template): Record<string, Resource> {
  return (template.toJSON() as { Resources: Record<string, Resource> }).Resources;
}

/** Where a resource stands in the tree of constructs, without its stack: `CommitStore/Table`. */
export function place(resource: Resource): string {
  const path = resource.Metadata['aws:cdk:path'];
  if (path === undefined) throw new Error(`a ${resource.Type} has no path`);
  return path.split('/').slice(1, -1).join('/');
}
