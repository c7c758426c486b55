// The AI SDK against the API: what a front end with `useChat` does, without React.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { API_URL, control, readStream, script, startChat, token } from "./support.js";
import { remembered, textOf } from "./transport.js";

beforeEach(() => control("DELETE", ""));

test("readUIMessageStream reads a stream whole", async () => {
  await script({ chunks: ["The sky ", "is blue — ", "🌍"], usage: { input: 9, output: 5 } });
  const response = await fetch(`${API_URL}/chat/stream`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ message: "Why?" }),
  });
  assert.equal(response.headers.get("x-vercel-ai-ui-message-stream"), "v1");

  const { chunks, states } = await readStream(response);
  assert.equal(chunks[0].type, "start");
  assert.equal(chunks.at(-1).type, "finish");
  assert.equal(chunks.at(-1).finishReason, "stop");

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
