// The AI SDK against answers from documents: sources beside the text, citations in the message's metadata.
//
// The index has a document about annual leave, and one about parking.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { API_URL, control, readStream, script, startChat } from "./support.js";
import { textOf } from "./transport.js";

const QUESTION = "How many days of annual leave do full-time employees have?";

beforeEach(() => control("DELETE", ""));

test("readUIMessageStream reads sources and citations", async () => {
  await script({ chunks: ["They have ", "25 days [", "1]. Really [7]", " [1]."] });
  const response = await fetch(`${API_URL}/rag/stream`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ message: QUESTION }),
  });
  const { states } = await readStream(response);
  const message = states.at(-1);
  assert.equal(textOf(message), "They have 25 days [1]. Really [1].");
  const search = message.parts.find((part) => part.type === "data-search").data;
  assert.deepEqual(search, { query: QUESTION, source: "documents" });
  const sources = message.parts.filter((part) => part.type === "source-document");
  assert.deepEqual(
    sources.map(({ sourceId, title }) => ({ sourceId, title })),
    [{ sourceId: "1", title: "Leave policy" }],
  );
  const { citations, grounded } = message.metadata;
  assert.equal(grounded, true);
  assert.equal(citations[0].document_id, "leave");
  // Places are in characters, which JavaScript's strings count otherwise only beyond the basic plane.
  const marked = citations[0].places.map(({ start, end }) => Array.from(textOf(message)).slice(start, end).join(""));
  assert.deepEqual(marked, ["[1]", "[1]"]);
});

test("a chat with documents takes a follow-up", async () => {
  await script(
    { text: "They have 25 days [1]." },
    { text: "Question: How early must annual leave be requested?\nSearch: annual leave requested weeks before" },
    { text: "Four weeks before [1]." },
  );
  const { chat } = startChat([], "rag");
  await chat.sendMessage({ text: QUESTION }, { body: { language: "en", top_k: 3 } });
  await chat.sendMessage({ text: "And how early must it be requested?" });
  assert.equal(chat.status, "ready", chat.error);
  const [first, second] = [chat.messages[1], chat.messages[3]];
  assert.equal(textOf(second), "Four weeks before [1].");
  assert.equal(second.metadata.session_id, first.metadata.session_id);
  assert.equal(second.metadata.search_query, "annual leave requested weeks before");
});

test("a chat with documents may not know", async () => {
  const { chat, finished } = startChat([], "rag");
  await chat.sendMessage({ text: "Which comets can be seen with a telescope?" });
  assert.equal(finished[0].finishReason, "stop");
  const { metadata } = chat.messages.at(-1);
  assert.deepEqual([metadata.source, metadata.grounded, metadata.model], ["none", false, null]);
});
