// Asks with @alicloud/pop-core, which signs with version 1: flattened names.
import core from '@alicloud/pop-core';
import { serve } from './lines.js';

await serve(
  async ({ do: action, with: flat, key }) => {
    const client = new core.RPCClient({
      accessKeyId: key.AccessKeyID, accessKeySecret: key.Secret, securityToken: key.Token || undefined,
      endpoint: process.env.ECS_ENDPOINT, apiVersion: '2014-05-26', opts: { timeout: 20000 },
    });
    return { status: 200, fields: await client.request(action, { RegionId: 'cn-hangzhou', ...flat }, { method: 'POST' }) };
  },
  (e) => (e.data ? { status: e.entry?.response?.statusCode ?? 0, code: e.code } : null),
);
