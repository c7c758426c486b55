// API_URL and AWS_URL say where the local machine is, with the scripted model.

import assert from "node:assert/strict";
import { AbstractChat, parseJsonEventStream, readUIMessageStream, uiMessageChunkSchema } from "ai";
import { chatTransport } from "./transport.js";

export const { API_URL, AWS_URL } = process.env;

/** What `useChat` of @ai-sdk/react wraps, with plain properties in place of React's state. */
class PlainChat extends AbstractChat {
  constructor({ messages, ...options }) {
    const state = {
      status: "ready",
      error: undefined,
      messages,
      pushMessage: (message) => state.messages.push(message),
      popMessage: () => state.messages.pop(),
      replaceMessage: (index, message) => (state.messages[index] = message),
      snapshot: structuredClone,
    };
    super({ ...options, state });
  }
}

export const token = async () => "ada";

/** A chat with a pattern, and what it tells its page. */
export function startChat(messages = [], pattern = "chat") {
  const [finished, failures, data] = [[], [], []];
  const chat = new PlainChat({
    messages,
    transport: chatTransport(API_URL, token, pattern),
    onFinish: (end) => finished.push(end),
    onError: (error) => failures.push(error),
    onData: (part) => data.push(part),
  });
  return { chat, finished, failures, data };
}

/** The parts of a stream, each of which the protocol knows, and the states of the message that grows out of them. */
export async function readStream(response) {
  const [bytes, again] = response.body.tee();
  const chunks = await collect(parseJsonEventStream({ stream: bytes, schema: uiMessageChunkSchema }));
  for (const chunk of chunks) {
    assert.ok(chunk.success, `${chunk.error}: ${JSON.stringify(chunk.rawValue)}`);
  }
  const stream = parseJsonEventStream({ stream: again, schema: uiMessageChunkSchema }).pipeThrough(valuesOnly());
  const states = await collect(readUIMessageStream({ stream, terminateOnError: true }));
  return { chunks: chunks.map((chunk) => chunk.value), states };
}

function valuesOnly() {
  return new TransformStream({ transform: (chunk, controller) => controller.enqueue(chunk.value) });
}

async function collect(stream) {
  const items = [];
  for await (const item of stream) {
    items.push(item);
  }
  return items;
}

/** What the model does next. */
export function script(...steps) {
  return control("PUT", "/script", { steps });
}

export async function control(method, path, body) {
  const response = await fetch(`${AWS_URL}/_local${path}`, { method, body: body && JSON.stringify(body) });
  assert.equal(response.status, 200, await response.clone().text());
  return response.json();
}
