// Asks with @alicloud/fc20230330, which signs with version 3.
import fc from '@alicloud/fc20230330';
import { InvokeFunctionHeaders, InvokeFunctionRequest } from '@alicloud/fc20230330/dist/models/model.js';
import { $OpenApiUtil } from '@alicloud/openapi-core';
import { RuntimeOptions } from '@darabonba/typescript';
import { Readable } from 'node:stream';
import { serve } from './lines.js';

const Client = fc.default;

async function textOf(stream) {
  const parts = [];
  for await (const part of stream) {
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

await serve(
  async ({ do: action, with: members, key }) => {
    if (action !== 'InvokeFunction') {
      throw new Error(`nothing here asks ${action}`);
    }
    const client = new Client(new $OpenApiUtil.Config({
      accessKeyId: key.AccessKeyID, accessKeySecret: key.Secret, securityToken: key.Token || undefined,
      regionId: 'cn-hangzhou', endpoint: process.env.FC_HOST, protocol: 'HTTPS',
    }));
    const request = new InvokeFunctionRequest({ qualifier: members.qualifier, body: Readable.from([Buffer.from(members.body ?? '')]) });
    const headers = new InvokeFunctionHeaders({
      xFcInvocationType: members['x-fc-invocation-type'], xFcLogType: members['x-fc-log-type'], xFcAsyncTaskId: members['x-fc-async-task-id'],
    });
    const runtime = new RuntimeOptions({ autoretry: false, connectTimeout: 10000, readTimeout: 20000 });
    const { statusCode, headers: answered, body } = await client.invokeFunctionWithOptions(members.functionName, request, headers, runtime);
    return { status: statusCode, fields: { ...answered, body: await textOf(body) } };
  },
  (e) => ({ status: e.statusCode ?? e.data?.statusCode, code: e.code }),
);
