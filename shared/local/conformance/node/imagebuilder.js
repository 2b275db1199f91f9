// Asks with @aws-sdk/client-imagebuilder, whose members are those of the API.
import * as imagebuilder from '@aws-sdk/client-imagebuilder';
import { serve } from './lines.js';

await serve(
  async ({ do: operation, with: input, key }) => {
    const client = new imagebuilder.ImagebuilderClient({
      region: 'us-east-1', endpoint: process.env.EC2_ENDPOINT, maxAttempts: 1,
      credentials: { accessKeyId: key.AccessKeyID, secretAccessKey: key.Secret, sessionToken: key.Token || undefined },
    });
    const { $metadata, ...fields } = await client.send(new imagebuilder[`${operation}Command`](input));
    return { status: $metadata.httpStatusCode, fields };
  },
  (e) => (e.$metadata?.httpStatusCode ? { status: e.$metadata.httpStatusCode, code: e.name } : null),
);
