// Asks with @alicloud/ecs20140526, which signs with version 3: typed requests.
import ecs from '@alicloud/ecs20140526';
import * as models from '@alicloud/ecs20140526/dist/models/model.js';
import { $OpenApiUtil } from '@alicloud/openapi-core';
import { RuntimeOptions } from '@darabonba/typescript';
import { serve } from './lines.js';

const Client = ecs.default;

// nested undoes the flattening of names: Tag.1.Key is a member of an entry.
function nested(flat) {
  const root = {};
  for (const [name, value] of Object.entries(flat)) {
    const path = name.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) - 1 : part));
    let at = root;
    path.slice(0, -1).forEach((part, i) => {
      at[part] ??= typeof path[i + 1] === 'number' ? [] : {};
      at = at[part];
    });
    at[path.at(-1)] = value;
  }
  return root;
}

// typed makes the SDK's model of members as the API names them.
function typed(Model, members) {
  const types = Model.types();
  const fields = {};
  for (const [field, name] of Object.entries(Model.names())) {
    if (members[name] !== undefined) {
      fields[field] = valueOf(types[field], members[name]);
      delete members[name];
    }
  }
  if (Object.keys(members).length > 0) {
    throw new Error(`${Model.name} has no ${Object.keys(members)}`);
  }
  return new Model(fields);
}

function valueOf(type, value) {
  if (type.type === 'array') {
    return value.map((entry) => valueOf(type.itemType, entry));
  }
  if (typeof type === 'function') {
    return typed(type, value);
  }
  if (type === 'number') {
    return Number(value);
  }
  return type === 'boolean' ? value === 'true' : value;
}

await serve(
  async ({ do: action, with: flat, key }) => {
    const client = new Client(new $OpenApiUtil.Config({
      accessKeyId: key.AccessKeyID, accessKeySecret: key.Secret, securityToken: key.Token || undefined,
      regionId: 'cn-hangzhou', endpoint: process.env.ECS_HOST, protocol: 'HTTPS',
    }));
    const Request = models[`${action}Request`];
    const members = nested(flat);
    if (Request.names().regionId) {
      members.RegionId ??= 'cn-hangzhou';
    }
    const method = `${action[0].toLowerCase()}${action.slice(1)}WithOptions`;
    const runtime = new RuntimeOptions({ autoretry: false, connectTimeout: 10000, readTimeout: 20000 });
    const { statusCode, body } = await client[method](typed(Request, members), runtime);
    return { status: statusCode, fields: body.toMap() };
  },
  (e) => ({ status: e.statusCode ?? e.data?.statusCode, code: e.code }),
);
