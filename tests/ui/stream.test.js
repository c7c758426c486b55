// The AI SDK against the API: what a front end with `useChat` does, without React.
//
// API_URL and AWS_URL say where the local machine is, with the scripted model.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { AbstractChat, parseJsonEventStream, readUIMessageStream, uiMessageChunkSchema } from "ai";
import { chatTransport, remembered, textOf } from "./transport.js";

const { API_URL, AWS_URL } = process.env;

beforeEach(() => control("DELETE", ""));

test("readUIMessageStream reads a stream whole", async () => {
  await script({ chunks: ["The sky ", "is blue — ", "🌍"], usage: { input: 9, output: 5 } });
  const response = await fetch(`${API_URL}/chat/stream`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ message: "Why?" }),
  });
  assert.equal(response.headers.get("x-vercel-ai-ui-message-stream"), "v1");

  const [bytes, again] = response.body.tee();
  const chunks = await collect(parseJsonEventStream({ stream: bytes, schema: uiMessageChunkSchema }));
  for (const chunk of chunks) {
    assert.ok(chunk.success, `${chunk.error}: ${JSON.stringify(chunk.rawValue)}`);
  }
  assert.equal(chunks[0].value.type, "start");
  assert.equal(chunks.at(-1).value.type, "finish");
  assert.equal(chunks.at(-1).value.finishReason, "stop");

  const stream = parseJsonEventStream({ stream: again, schema: uiMessageChunkSchema }).pipeThrough(valuesOnly());
  const states = await collect(readUIMessageStream({ stream, terminateOnError: true }));
  const message = states.at(-1);
  assert.equal(message.role, "assistant");
  assert.equal(textOf(message), "The sky is blue — 🌍");
  assert.ok(states.some((state) => textOf(state) === "The sky "), "the text grows as it comes");
  assert.ok(message.parts.every((part) => part.type !== "text" || part.state === "done"));

  const usage = message.parts.find((part) => part.type === "data-usage").data;
  assert.equal(usage.input_tokens, 9);
  assert.equal(usage.output_tokens, 5);
  assert.equal(message.id, message.metadata.message_id);
  assert.equal(message.metadata.model, "local.scripted");
  assert.equal(message.metadata.stop_reason, "end_turn");
  assert.deepEqual(message.metadata.usage, usage);
  assert.match(message.metadata.session_id, /^[0-9a-f-]{36}$/);
});

test("a chat takes two turns in one session", async () => {
  const { chat, finished } = startChat();
  await chat.sendMessage({ text: "My name is Ada." }, { body: { system: "Be brief." } });
  await chat.sendMessage({ text: "What is my name?" });

  assert.equal(chat.status, "ready", chat.error);
  assert.deepEqual(chat.messages.map(textOf), [
    "My name is Ada.",
    "You said: My name is Ada.",
    "What is my name?",
    "You said: What is my name?",
  ]);
  const [first, second] = [chat.messages[1], chat.messages[3]].map((message) => message.metadata);
  assert.equal(second.session_id, first.session_id);
  assert.notEqual(second.message_id, first.message_id);
  assert.deepEqual(finished.map((end) => end.finishReason), ["stop", "stop"]);

  const asked = (await control("GET", "/requests")).requests.filter((call) => call.operation === "ConverseStream");
  assert.equal(asked.length, 2);
  assert.equal(asked[0].body.system[0].text, "Be brief.");
  const texts = asked[1].body.messages.map((message) => message.content[0].text);
  assert.deepEqual(texts, ["My name is Ada.", "You said: My name is Ada.", "What is my name?"]);
});

test("a chat goes on after the page was loaded anew", async () => {
  const { chat: before } = startChat();
  await before.sendMessage({ text: "My name is Ada." });
  const { session_id } = before.messages[1].metadata;

  const { chat } = startChat(await remembered(API_URL, token, session_id));
  assert.deepEqual(chat.messages.map(({ role }) => role), ["user", "assistant"]);
  await chat.sendMessage({ text: "What is my name?" });
  assert.equal(chat.status, "ready", chat.error);
  assert.equal(chat.messages.at(-1).metadata.session_id, session_id);
  assert.equal((await remembered(API_URL, token, session_id)).length, 4);
});

test("an answer that was cut at its limit says so", async () => {
  await script({ text: "Once upon a", stop_reason: "max_tokens" });
  const { chat, finished } = startChat();
  await chat.sendMessage({ text: "Tell me a story." });
  assert.equal(finished[0].finishReason, "length");
});

test("an error in mid-stream is an error of the chat", async () => {
  await script({ chunks: ["One ", "two ", "three."], fail_after_chunks: 2, fail_with: "modelStreamErrorException" });
  const { chat, failures, data } = startChat();
  await chat.sendMessage({ text: "Count." });

  assert.equal(chat.status, "error");
  assert.match(chat.error.message, /^model_broke_off: /);
  assert.deepEqual(failures, [chat.error]);
  assert.equal(data.find((part) => part.type === "data-problem").data.code, "model_broke_off");
  assert.equal(textOf(chat.messages.at(-1)), "One two ", "what came stays on the screen");
});

test("a refusal is an error with the problem document", async () => {
  const { chat } = startChat();
  await chat.sendMessage({ text: " " });
  assert.equal(chat.status, "error");
  const problem = JSON.parse(chat.error.message);
  assert.equal(problem.code, "invalid_request");
  assert.equal(problem.field, "message");
});

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

const token = async () => "ada";

function startChat(messages = []) {
  const [finished, failures, data] = [[], [], []];
  const chat = new PlainChat({
    messages,
    transport: chatTransport(API_URL, token),
    onFinish: (end) => finished.push(end),
    onError: (error) => failures.push(error),
    onData: (part) => data.push(part),
  });
  return { chat, finished, failures, data };
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
function script(...steps) {
  return control("PUT", "/script", { steps });
}

async function control(method, path, body) {
  const response = await fetch(`${AWS_URL}/_local${path}`, { method, body: body && JSON.stringify(body) });
  assert.equal(response.status, 200, await response.clone().text());
  return response.json();
}
