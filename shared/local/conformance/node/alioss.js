// Asks with ali-oss. OSS_ENDPOINT is where, AUTHORIZATION_V4 whether with version 4.
import OSS from 'ali-oss';
import { serve } from './lines.js';

const parameters = ['Bucket', 'Key', 'Body', 'Objects', 'Parts', 'Tags', 'Status', 'part-size', 'uploadId', 'partNumber', 'versionId', 'position'];
const query = ['prefix', 'delimiter', 'marker', 'max-keys', 'start-after', 'continuation-token', 'key-marker', 'version-id-marker', 'upload-id-marker'];

// headersOf returns those parameters that are headers of the request.
function headersOf(w) {
  return Object.fromEntries(Object.entries(w).filter(([name]) => !parameters.includes(name) && !query.includes(name)));
}

function queryOf(w) {
  return Object.fromEntries(Object.entries(w).filter(([name]) => query.includes(name)));
}

function optionsOf(w) {
  const options = { headers: headersOf(w) };
  if (w.versionId) {
    options.versionId = w.versionId;
  }
  if (options.headers['Content-Type']) {
    options.mime = options.headers['Content-Type'];
  }
  return options;
}

const tagsOf = (w) => Object.fromEntries(w.Tags.map((t) => [t.Key, t.Value]));
const tagSet = (tag) => (Object.keys(tag).length > 0 ? { Tag: Object.entries(tag).map(([Key, Value]) => ({ Key, Value })) } : undefined);
const listed = (entries, names) => entries?.map((e) => Object.fromEntries(Object.entries(names).map(([name, of]) => [name, e[of]])));
const some = (entries) => (entries?.length ? entries : undefined);

// A page of a list, under the names of the API.
const page = (r, more) => ({
  Contents: some(listed(r.objects, { Key: 'name', ETag: 'etag', Size: 'size' })),
  CommonPrefixes: some(r.prefixes?.map((Prefix) => ({ Prefix }))),
  IsTruncated: r.isTruncated,
  ...more,
});

// operations do what they are called, with the client and the parameters, and
// return what it made of the answer's document.
const operations = {
  ListBuckets: async (c, w) => {
    const r = await c.listBuckets(queryOf(w));
    return [r, { Buckets: { Bucket: listed(r.buckets, { Name: 'name' }) }, IsTruncated: r.isTruncated, NextMarker: r.nextMarker }];
  },
  PutBucket: async (c, w) => [await c.putBucket(w.Bucket)],
  DeleteBucket: async (c, w) => [await c.deleteBucket(w.Bucket)],
  GetBucketInfo: async (c, w) => {
    const r = await c.getBucketInfo(w.Bucket);
    return [r, { Bucket: r.bucket }];
  },
  GetBucketLocation: async (c, w) => {
    const r = await c.getBucketLocation(w.Bucket);
    return [r, { LocationConstraint: r.location }];
  },
  GetBucketStat: async (c, w) => {
    const r = await c.getBucketStat(w.Bucket);
    return [r, r.stat];
  },
  GetBucketVersioning: async (c, w) => {
    const r = await c.getBucketVersioning(w.Bucket);
    return [r, { Status: r.versionStatus }];
  },
  PutBucketVersioning: async (c, w) => [await c.putBucketVersioning(w.Bucket, w.Status)],
  GetBucketLifecycle: async (c, w) => [await c.getBucketLifecycle(w.Bucket)],
  PutBucketTags: async (c, w) => [await c.putBucketTags(w.Bucket, tagsOf(w))],
  GetBucketTags: async (c, w) => {
    const r = await c.getBucketTags(w.Bucket);
    return [r, { TagSet: tagSet(r.tag) }];
  },
  ListObjects: async (c, w) => {
    const r = await c.list(queryOf(w));
    return [r, page(r, { NextMarker: r.nextMarker })];
  },
  ListObjectsV2: async (c, w) => {
    const r = await c.listV2(queryOf(w));
    return [r, page(r, { NextContinuationToken: r.nextContinuationToken, KeyCount: r.keyCount })];
  },
  ListObjectVersions: async (c, w) => {
    const r = await c.listObjectVersions(queryOf(w));
    return [r, { Version: listed(r.objects, { Key: 'name', VersionId: 'versionId' }), DeleteMarker: some(listed(r.deleteMarker, { VersionId: 'versionId' })) }];
  },
  DeleteMultipleObjects: async (c, w) => {
    const r = await c.deleteMulti(w.Objects.map((o) => o.Key));
    return [r, { Deleted: r.deleted }];
  },
  PutObject: async (c, w) => [await c.put(w.Key, Buffer.from(w.Body), optionsOf(w))],
  GetObject: async (c, w) => {
    const r = await c.get(w.Key, optionsOf(w));
    return [r, { Body: r.content.toString() }];
  },
  HeadObject: async (c, w) => [await c.head(w.Key, optionsOf(w))],
  GetObjectMeta: async (c, w) => [await c.getObjectMeta(w.Key, optionsOf(w))],
  DeleteObject: async (c, w) => [await c.delete(w.Key, optionsOf(w))],
  CopyObject: async (c, w) => {
    const meta = Object.entries(w).filter(([name]) => name.startsWith('x-oss-meta-')).map(([name, value]) => [name.slice('x-oss-meta-'.length), value]);
    const r = await c.copy(w.Key, w['x-oss-copy-source'], meta.length > 0 ? { meta: Object.fromEntries(meta) } : {});
    return [r, { ETag: r.data.etag }];
  },
  AppendObject: async (c, w) => [await c.append(w.Key, Buffer.from(w.Body), { position: w.position })],
  PutSymlink: async (c, w) => [await c.putSymlink(w.Key, w['x-oss-symlink-target'])],
  GetSymlink: async (c, w) => {
    const r = await c.getSymlink(w.Key);
    return [r, { 'x-oss-symlink-target': r.targetName }];
  },
  PutObjectTagging: async (c, w) => [await c.putObjectTagging(w.Key, tagsOf(w))],
  GetObjectTagging: async (c, w) => {
    const r = await c.getObjectTagging(w.Key);
    return [r, { TagSet: tagSet(r.tag) }];
  },
  DeleteObjectTagging: async (c, w) => [await c.deleteObjectTagging(w.Key)],
  GetObjectAcl: async (c, w) => {
    const r = await c.getACL(w.Key);
    return [r, { AccessControlList: { Grant: r.acl } }];
  },
  PutObjectAcl: async (c, w) => [await c.putACL(w.Key, w['x-oss-object-acl'])],
  InitiateMultipartUpload: async (c, w) => {
    const r = await c.initMultipartUpload(w.Key, { headers: headersOf(w) });
    return [r, { Key: r.name, UploadId: r.uploadId }];
  },
  UploadPart: async (c, w) => [await c.uploadPart(w.Key, w.uploadId, Number(w.partNumber), Buffer.from(w.Body), 0, Buffer.byteLength(w.Body))],
  UploadPartCopy: async (c, w) => {
    const [, sourceBucketName, sourceKey] = w['x-oss-copy-source'].split('/');
    const range = w['x-oss-copy-source-range'].slice('bytes='.length);
    const [from, to] = range.split('-').map(Number);
    const r = await c.uploadPartCopy(w.Key, w.uploadId, Number(w.partNumber), `${from}-${to}`, { sourceKey, sourceBucketName });
    return [r, { ETag: r.etag }];
  },
  CompleteMultipartUpload: async (c, w) => [await c.completeMultipartUpload(w.Key, w.uploadId, w.Parts.map((p) => ({ number: p.PartNumber, etag: p.ETag })))],
  AbortMultipartUpload: async (c, w) => [await c.abortMultipartUpload(w.Key, w.uploadId)],
  ListParts: async (c, w) => {
    const r = await c.listParts(w.Key, w.uploadId);
    return [r, { Part: r.parts }];
  },
  ListMultipartUploads: async (c, w) => {
    const r = await c.listUploads(queryOf(w));
    return [r, { Upload: listed(r.uploads, { Key: 'name', UploadId: 'uploadId' }) }];
  },
  // The client signs the form, a browser sends it.
  PostObject: async (c, w) => {
    const policy = { expiration: new Date(Date.now() + 60000).toISOString(), conditions: [['starts-with', '$key', w.prefix ?? '']] };
    const form = new FormData();
    Object.entries({ key: w.Key, ...c.calculatePostSignature(policy), ...headersOf(w) }).forEach(([name, value]) => form.append(name, value));
    form.append('file', new Blob([w.Body]), 'a file');
    const r = await fetch(`${process.env.OSS_ENDPOINT}/${w.Bucket}`, { method: 'POST', body: form });
    const text = await r.text();
    if (!r.ok) {
      throw Object.assign(new Error(text), { status: r.status, code: /<Code>(\w+)/.exec(text)[1] });
    }
    return [{ res: { status: r.status, headers: Object.fromEntries(r.headers) } }];
  },
  UploadFile: async (c, w) => [await c.multipartUpload(w.Key, Buffer.from(w.Body), { partSize: Number(w['part-size']), parallel: 3 })],
};

await serve(
  async ({ do: operation, with: w, key }) => {
    const client = new OSS({
      endpoint: process.env.OSS_ENDPOINT, region: 'oss-cn-hangzhou', authorizationV4: process.env.AUTHORIZATION_V4 === 'true', bucket: w.Bucket,
      accessKeyId: key.AccessKeyID, accessKeySecret: key.Secret, stsToken: key.Token || undefined,
      refreshSTSToken: async () => ({ accessKeyId: key.AccessKeyID, accessKeySecret: key.Secret, stsToken: key.Token }), refreshSTSTokenInterval: 1e9,
    });
    const [result, members] = await operations[operation](client, w);
    if (result.res.status === 304) { // for this client it is no error
      throw Object.assign(new Error('not modified'), { status: 304, code: 'NotModified' });
    }
    return { status: result.res.status ?? 200, fields: { ...result.res.headers, ...members } };
  },
  (e) => (e.status > 0 ? { status: e.status, code: e.code } : null),
);
