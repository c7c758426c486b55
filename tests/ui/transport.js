import { DefaultChatTransport } from "ai";

// Sends the newest message only: the server remembers the rest of the session, whose identifier its first answer names.
export function chatTransport(url, token, pattern = "chat") {
  return new DefaultChatTransport({
    api: `${url}/${pattern}/stream`,
    headers: async () => ({ Authorization: `Bearer ${await token()}` }),
    prepareSendMessagesRequest: ({ messages, headers, body }) => ({
      headers,
      body: {
        ...body,
        message: textOf(messages.at(-1)),
        session_id: messages.findLast((message) => message.metadata?.session_id)?.metadata.session_id,
      },
    }),
  });
}

// A session as the messages of a chat that goes on with it.
export async function remembered(url, token, session) {
  const headers = { Authorization: `Bearer ${await token()}` };
  const response = await fetch(`${url}/sessions/${session}?limit=100`, { headers });
  if (!response.ok) {
    throw new Error(await response.text());
  }
  const { messages } = await response.json();
  return messages.reverse().map(({ message_id, role, text }) => ({
    id: `${message_id}-${role}`,
    role,
    parts: [{ type: "text", text }],
    metadata: { session_id: session, message_id },
  }));
}

export function textOf(message) {
  return message.parts.map((part) => (part.type === "text" ? part.text : "")).join("");
}
