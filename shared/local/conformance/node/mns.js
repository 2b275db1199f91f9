// Asks with @alicloud/mns, which takes an endpoint without the account's path.
import Client from '@alicloud/mns';
import { serve } from './lines.js';

// take removes a parameter: what is left, nobody had a place for.
function take(members, name) {
  const value = members[name];
  delete members[name];
  return value;
}

// rest is what is spelt as the body.
function rest(members) {
  const body = { ...members };
  Object.keys(body).forEach((name) => delete members[name]);
  return body;
}

const page = (m) => [take(m, 'x-mns-marker'), take(m, 'x-mns-ret-number') ?? 1000, take(m, 'x-mns-prefix') ?? ''];
const queue = (m) => take(m, 'QueueName');
const topic = (m) => take(m, 'TopicName');

const operations = {
  CreateQueue: (c, m) => c.createQueue(queue(m), rest(m)),
  SetQueueAttributes: (c, m) => c.setQueueAttributes(queue(m), rest(m)),
  GetQueueAttributes: (c, m) => c.getQueueAttributes(queue(m)),
  DeleteQueue: (c, m) => c.deleteQueue(queue(m)),
  ListQueue: (c, m) => c.listQueue(...page(m)),
  SendMessage: (c, m) => c.sendMessage(queue(m), rest(m)),
  BatchSendMessage: (c, m) => c.batchSendMessage(queue(m), take(m, 'Messages')),
  ReceiveMessage: (c, m) => c.receiveMessage(queue(m), take(m, 'waitseconds')),
  BatchReceiveMessage: (c, m) => c.batchReceiveMessage(queue(m), take(m, 'numOfMessages'), take(m, 'waitseconds')),
  PeekMessage: (c, m) => c.peekMessage(queue(m)),
  BatchPeekMessage: (c, m) => c.batchPeekMessage(queue(m), take(m, 'numOfMessages')),
  DeleteMessage: (c, m) => c.deleteMessage(queue(m), take(m, 'ReceiptHandle')),
  BatchDeleteMessage: (c, m) => c.batchDeleteMessage(queue(m), take(m, 'ReceiptHandles')),
  ChangeMessageVisibility: (c, m) => c.changeMessageVisibility(queue(m), take(m, 'ReceiptHandle'), take(m, 'VisibilityTimeout')),
  CreateTopic: (c, m) => c.createTopic(topic(m), rest(m)),
  SetTopicAttributes: (c, m) => c.setTopicAttributes(topic(m), rest(m)),
  GetTopicAttributes: (c, m) => c.getTopicAttributes(topic(m)),
  ListTopic: (c, m) => c.listTopic(...page(m)),
  PublishMessage: (c, m) => c.publishMessage(topic(m), rest(m)),
};

// A list comes as the client unwrapped it.
const lists = {
  ListQueue: 'Queue', ListTopic: 'Topic', BatchDeleteMessage: 'Error',
  BatchSendMessage: 'Message', BatchReceiveMessage: 'Message', BatchPeekMessage: 'Message',
};

await serve(
  async ({ do: action, with: members, key }) => {
    const client = new Client('1234567890123456', {
      endpoint: process.env.MNS_ENDPOINT, region: 'cn-hangzhou',
      accessKeyId: key.AccessKeyID, accessKeySecret: key.Secret, securityToken: key.Token || undefined,
    });
    const { code, body } = await operations[action](client, members);
    if (Object.keys(members).length > 0) {
      throw new Error(`the client has no place for ${Object.keys(members)}`);
    }
    return { status: code, fields: lists[action] ? { [lists[action]]: body ?? [] } : body ?? {} };
  },
  (e) => {
    const refusal = /^MNS(\w+)Error$/.exec(e.name);
    return refusal && { status: Number(/failed with (\d+)/.exec(e.message)[1]), code: refusal[1] };
  },
);
