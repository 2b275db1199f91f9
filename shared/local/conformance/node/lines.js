// A call a line in, an answer a line out: what the runner of the cases speaks.
import { createInterface } from 'node:readline';

// serve answers every call with what ask makes of it: status and fields.
// failed reads what the client threw: a refusal of the service, or null.
export async function serve(ask, failed) {
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(await answer(JSON.parse(line), ask, failed)) + '\n');
  }
}

async function answer(call, ask, failed) {
  try {
    return await ask(call);
  } catch (e) {
    const refusal = failed(e);
    if (refusal === null || !refusal.code) {
      throw e; // the client could not ask
    }
    return refusal;
  }
}
