import { all, place, type Host, type Json, type Resource } from './host.js';

/** What a role may do: resources by action. */
export type Permissions = Record<string, Record<string, string[]>>;

interface Statement {
  Effect: string;
  Action: string | string[];
  Resource: Json;
  Condition?: Json;
  NotAction?: Json;
  NotResource?: Json;
}

/** Reads what every role of the host may do, from the templates alone. Denials and exceptions are not understood: refused. */
export function permissions(host: Host): Permissions {
  const stacks = [host.stateful, host.stateless];
  const table: Permissions = {};
  for (const template of stacks) {
    const resources = all(template);
    const tell = (value: Json) => name(value, resources, all(host.stateful), exported(host));
    for (const role of Object.values(resources).filter((resource) => resource.Type === 'AWS::IAM::Role')) {
      const may = (table[place(role)] ??= {});
      for (const arn of (role.Properties.ManagedPolicyArns ?? []) as Json[])
        (may['(managed policy)'] ??= []).push(tell(arn));
      for (const policy of (role.Properties.Policies ?? []) as unknown as {
        PolicyDocument: { Statement: Statement[] };
      }[]) {
        add(may, policy.PolicyDocument.Statement, tell);
      }
    }
    for (const policy of Object.values(resources)) {
      // a role with more rights than one policy holds has the rest in managed ones
      if (!['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy'].includes(policy.Type)) continue;
      const document = policy.Properties.PolicyDocument as unknown as { Statement: Statement[] };
      for (const role of policy.Properties.Roles as { Ref: string }[]) {
        const resource = resources[role.Ref];
        if (!resource) throw new Error(`a policy is of a role that is not here: ${JSON.stringify(role)}`);
        add((table[place(resource)] ??= {}), document.Statement, tell);
      }
    }
  }
  return sorted(table);
}

/** A table as it is read in reviews: one line for each action. */
export function printed(table: Permissions): string {
  const roles = Object.entries(table).map(([role, may]) => {
    const lines = Object.entries(may).map(([action, on]) => `    ${JSON.stringify(action)}: ${JSON.stringify(on)}`);
    return `  ${JSON.stringify(role)}: {\n${lines.join(',\n')}\n  }`;
  });
  return `{\n${roles.join(',\n')}\n}\n`;
}

function add(may: Record<string, string[]>, statements: Statement[], tell: (value: Json) => string): void {
  for (const { Effect, Action, Resource: on, Condition, NotAction, NotResource } of statements) {
    if (Effect !== 'Allow' || NotAction !== undefined || NotResource !== undefined || Condition !== undefined) {
      throw new Error('only plain allowances are understood');
    }
    for (const action of [Action].flat()) {
      for (const resource of Array.isArray(on) ? on : [on]) {
        const list = (may[action] ??= []);
        const told = tell(resource);
        if (!list.includes(told)) list.push(told);
      }
    }
  }
}

/** The values that the stateful stack exports, by name. */
function exported(host: Host): Map<string, Json> {
  const { Outputs } = host.stateful.toJSON() as { Outputs: Record<string, { Value: Json; Export?: { Name: Json } }> };
  return new Map(
    Object.values(Outputs).flatMap(({ Value, Export }) => (Export ? [[JSON.stringify(Export.Name), Value]] : [])),
  );
}

/** A value of a template in words: a resource is told by its place among the constructs. */
function name(
  value: Json,
  own: Record<string, Resource>,
  stateful: Record<string, Resource>,
  exports: Map<string, Json>,
): string {
  if (typeof value === 'string') return value;
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new Error(`not a resource: ${JSON.stringify(value)}`);
  }
  const tell = (inner: Json) => name(inner, own, stateful, exports);
  const [[kind, argument] = ['', null]] = Object.entries(value);
  switch (kind) {
    case 'Ref': {
      const id = argument as string;
      return id.startsWith('AWS::') ? `<${id.slice(5)}>` : known(own, id);
    }
    case 'Fn::GetAtt': {
      const [id, attribute] = argument as [string, string];
      return attribute === 'Arn' ? known(own, id) : `${known(own, id)}.${attribute}`;
    }
    case 'Fn::ImportValue': {
      const there = exports.get(JSON.stringify(argument));
      if (there === undefined) throw new Error(`nobody exports ${JSON.stringify(argument)}`);
      return name(there, stateful, stateful, new Map());
    }
    case 'Fn::Join': {
      const [separator, parts] = argument as [string, Json[]];
      return parts.map(tell).join(separator);
    }
    case 'Fn::Select': {
      const [index, list] = argument as [number, Json];
      return `${tell(list)}[${index}]`;
    }
    case 'Fn::Split': {
      const [separator, text] = argument as [string, Json];
      return `${tell(text)} / '${separator}'`;
    }
    default:
      throw new Error(`not understood: ${JSON.stringify(value)}`);
  }
}

function known(resources: Record<string, Resource>, id: string): string {
  const resource = resources[id];
  if (!resource) throw new Error(`there is no resource ${id}`);
  return place(resource);
}

function sorted(table: Permissions): Permissions {
  const byName = <T>(record: Record<string, T>) => Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    byName(table).map(([role, may]) => [
      role,
      Object.fromEntries(byName(may).map(([action, on]) => [action, [...on].sort()])),
    ]),
  );
}
