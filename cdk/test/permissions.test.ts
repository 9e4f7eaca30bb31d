import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { aliasOf } from '../lib/environment.js';
import { statuses, title, views } from '../lib/views.js';
import { host } from './host.js';
import { permissions, printed, type Permissions } from './permissions.js';

const FILE = new URL('./permissions.json', import.meta.url);
const table = permissions(host());

/** The roles whose name has this in it, with what they may do; at least one. */
function roles(part: RegExp): [string, Permissions[string]][] {
  const found = Object.entries(table).filter(([role]) => part.test(role));
  expect(found).not.toEqual([]);
  return found;
}

const WRITE_SIDE = /^Commands\/(Dispatch|Validate|Authorize|Persist|Settle)\/|^Announcements\//;
const READ_SIDE = /ApiQueries/;

test('every role may do what the table says, and nothing else', () => {
  if (process.env.UPDATE_PERMISSIONS) writeFileSync(FILE, printed(table));
  expect(table).toEqual(JSON.parse(readFileSync(FILE, 'utf8')));
});

test('the write side has no right on the search index', () => {
  for (const [role, may] of roles(WRITE_SIDE)) {
    expect(
      Object.keys(may).filter((action) => action.startsWith('es:')),
      role,
    ).toEqual([]);
  }
});

test('the door reads the statuses of commands and no other index', () => {
  for (const [, may] of roles(/ApiCommands/)) {
    const http = Object.entries(may).filter(([action]) => action.startsWith('es:ESHttp'));
    expect(http.map(([action]) => action)).toEqual(['es:ESHttpGet', 'es:ESHttpHead', 'es:ESHttpPost']);
    for (const index of http.flatMap(([, on]) => on)) expect(index).toContain('/factmill-statuses-1');
    expect(Object.keys(may).filter((action) => action.startsWith('dynamodb:'))).toEqual([]);
  }
});

test('the read side can neither write nor send', () => {
  const changes =
    /^(sqs|events|states|sns|lambda):|^dynamodb:.*(Put|Update|Delete|Write|Condition)|^es:ESHttp(Put|Patch)$/;
  for (const [role, may] of roles(READ_SIDE)) {
    expect(
      Object.keys(may).filter((action) => changes.test(action)),
      role,
    ).toEqual([]);
    expect(may['es:ESHttpDelete']).toEqual(['SearchIndex/Domain/_search/scroll']);
    for (const path of may['es:ESHttpPost'] ?? [])
      expect(path).toMatch(/^SearchIndex\/Domain\/([a-z-]+-\d+\/_(search|mget|count|refresh)|_search\/scroll)$/);
  }
});

test('nobody may change or delete a commit', () => {
  for (const [role, may] of roles(/./)) {
    for (const [action, on] of Object.entries(may)) {
      if (/^dynamodb:(\*|Update|Delete|BatchWrite|PartiQL)/.test(action))
        expect(on, role).toEqual(['StateStore/Table']);
    }
  }
});

test('only persist adds commits', () => {
  const writers = Object.entries(table).filter(([, may]) => may['dynamodb:PutItem']?.includes('CommitStore/Table'));
  expect(writers.map(([role]) => role)).toEqual(['Commands/Persist/Role']);
});

test('a projector writes its own view and no other', () => {
  const projectors = roles(/\/Project[A-Z]/);
  for (const [role, may] of projectors) {
    const name = /Project([A-Za-z]+)\//.exec(role)?.[1];
    const view = [...views(), statuses].find((view) => title(view.name) === name);
    const alias = view ? aliasOf('', view) : '?';
    for (const index of may['es:ESHttpPut'] ?? []) expect(index).toMatch(new RegExp(`/${alias}(-\\*|/\\*)?$`));
    expect(may['es:ESHttpPut'], role).toHaveLength(3);
  }
  expect(projectors.length).toBeGreaterThan(1);
});

test('no role may do everything, or anything with everything', () => {
  // a state machine's log deliveries, and a list of streams, are of no resource that could be named
  const nameless = /^logs:|^dynamodb:ListStreams$/;
  for (const [role, may] of roles(/./)) {
    for (const [action, on] of Object.entries(may)) {
      expect(action, role).not.toMatch(/^\*$|:\*$/);
      if (!nameless.test(action)) expect(on, `${role} ${action}`).not.toContain('*');
    }
  }
});
