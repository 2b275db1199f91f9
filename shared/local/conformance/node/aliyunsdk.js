// Asks with aliyun-sdk, the vendor's older SDK: version 1 of the signature, and
// requests that it makes by a description of the API, where a bucket has no
// slash behind it.
import ALY from 'aliyun-sdk';
import { serve } from './lines.js';

// Where the client has another name for an operation, or its own for a part of a body.
const names = {
  PutBucket: 'createBucket', DeleteMultipleObjects: 'deleteObjects', InitiateMultipartUpload: 'createMultipartUpload',
};
const bodies = {
  Objects: (list) => ({ Delete: { Objects: list } }),
  Parts: (list) => ({ CompleteMultipartUpload: { Parts: list } }),
};

// types makes of a text what the client takes.
const types = { timestamp: (text) => new Date(text), integer: Number };

const metadata = 'x-oss-meta-';

// given returns the client's parameters: it calls the headers and the items of
// a query by names of its own, which its description has.
function given({ http, input }, w) {
  const inQuery = Object.fromEntries([...http.uri.matchAll(/([\w-]+)=\{(\w+)\}/g)].map((m) => [m[1], m[2]]));
  const inHeader = Object.fromEntries(Object.entries(input.members).map(([member, { name }]) => [(name ?? member).toLowerCase(), member]));
  const params = {};
  for (const [name, value] of Object.entries(w)) {
    const member = inQuery[name] ?? inHeader[name.toLowerCase()];
    if (bodies[name]) {
      Object.assign(params, bodies[name](value));
    } else if (name.startsWith(metadata)) {
      params.Metadata = { ...params.Metadata, [name.slice(metadata.length)]: value };
    } else if (member) {
      params[member] = (types[input.members[member].type] ?? String)(value);
    } else {
      throw new Error(`the client has no place for ${name}`);
    }
  }
  return params;
}

// shown names lists as the answers' documents do, which leave out empty ones.
const some = (list) => (list?.length > 0 ? list : undefined);
const shown = (data) => ({
  ...data, Buckets: { Bucket: data.Buckets }, Contents: some(data.Contents), CommonPrefixes: some(data.CommonPrefixes),
  Part: data.Parts, Upload: data.Uploads, Body: data.Body?.toString(),
});

await serve(
  ({ do: operation, with: w, key }) => new Promise((resolve, reject) => {
    const client = new ALY.OSS({
      endpoint: process.env.OSS_ENDPOINT, apiVersion: '2013-10-15', maxRetries: 0,
      accessKeyId: key.AccessKeyID, secretAccessKey: key.Secret, securityToken: key.Token || undefined,
    });
    const name = names[operation] ?? operation[0].toLowerCase() + operation.slice(1);
    client[name](given(client.api.operations[name], w)).on('complete', ({ error, data, httpResponse }) => {
      if (error) {
        reject(Object.assign(error, { status: httpResponse.statusCode }));
      } else {
        resolve({ status: httpResponse.statusCode, fields: { ...httpResponse.headers, ...shown(data) } });
      }
    }).send();
  }),
  (e) => (e.status > 0 ? { status: e.status, code: e.code } : null),
);
