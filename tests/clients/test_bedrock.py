"""boto3 against Bedrock Runtime on the local machine."""

import json

from botocore.exceptions import EventStreamError
from support import MODEL, LocalAwsTest, client, control, script

WEATHER = {
    "tools": [
        {
            "toolSpec": {
                "name": "weather",
                "description": "The weather of a city",
                "inputSchema": {"json": {"type": "object", "properties": {"city": {"type": "string"}}}},
            }
        }
    ]
}


class Converse(LocalAwsTest):
    def setUp(self):
        super().setUp()
        self.bedrock = client("bedrock-runtime")

    def test_an_answer(self):
        script({"text": "Good day 🌍", "usage": {"input": 7, "output": 3, "cached": 5}})
        answer = self.bedrock.converse(
            modelId=MODEL,
            messages=said("Hello"),
            system=[{"text": "Be polite."}],
            inferenceConfig={"maxTokens": 20, "temperature": 0.5, "topP": 0.9, "stopSequences": ["END"]},
        )
        self.assertEqual(answer["output"]["message"], {"role": "assistant", "content": [{"text": "Good day 🌍"}]})
        self.assertEqual(answer["stopReason"], "end_turn")
        usage = answer["usage"]
        self.assertEqual((usage["inputTokens"], usage["outputTokens"], usage["cacheReadInputTokens"]), (7, 3, 5))
        self.assertEqual(usage["totalTokens"], 15)
        self.assertGreaterEqual(answer["metrics"]["latencyMs"], 0)
        [call] = control("GET", "/requests")["requests"]
        self.assertEqual((call["operation"], call["model"]), ("Converse", MODEL))

    def test_a_tool_is_called_and_its_result_goes_back(self):
        script({"text": "Let me look.", "tool_calls": [{"name": "weather", "input": {"city": "Zürich"}}]}, {"text": "Sunny."})
        question = said("How is the weather in Zürich?")
        first = self.bedrock.converse(modelId=MODEL, messages=question, toolConfig=WEATHER)
        self.assertEqual(first["stopReason"], "tool_use")
        text, tool_use = first["output"]["message"]["content"]
        self.assertEqual(text, {"text": "Let me look."})
        self.assertEqual((tool_use["toolUse"]["name"], tool_use["toolUse"]["input"]), ("weather", {"city": "Zürich"}))

        result = {"toolUseId": tool_use["toolUse"]["toolUseId"], "content": [{"json": {"sky": "clear"}}]}
        messages = [*question, first["output"]["message"], {"role": "user", "content": [{"toolResult": result}]}]
        second = self.bedrock.converse(modelId=MODEL, messages=messages, toolConfig=WEATHER)
        self.assertEqual(second["output"]["message"]["content"], [{"text": "Sunny."}])

    def test_a_stream(self):
        script({"chunks": ["One ", "two ", "three."], "stop_reason": "max_tokens", "usage": {"input": 4, "output": 3}})
        answer = self.bedrock.converse_stream(modelId=MODEL, messages=said("Count"))
        events = list(answer["stream"])
        kinds = [kind for event in events for kind in event]
        self.assertEqual((kinds[0], kinds[-3:]), ("messageStart", ["contentBlockStop", "messageStop", "metadata"]))
        deltas = [event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event]
        self.assertEqual(deltas, ["One ", "two ", "three."])
        self.assertEqual(events[-2]["messageStop"]["stopReason"], "max_tokens")
        self.assertEqual(events[-1]["metadata"]["usage"]["outputTokens"], 3)

    def test_a_streamed_tool_call_is_whole_json(self):
        script({"tool_calls": [{"name": "weather", "input": {"city": "Zürich"}}]})
        stream = self.bedrock.converse_stream(modelId=MODEL, messages=said("Weather?"), toolConfig=WEATHER)["stream"]
        events = list(stream)
        [start] = [event["contentBlockStart"]["start"] for event in events if "contentBlockStart" in event]
        self.assertEqual(start["toolUse"]["name"], "weather")
        deltas = [event["contentBlockDelta"]["delta"] for event in events if "contentBlockDelta" in event]
        self.assertEqual(json.loads("".join(delta["toolUse"]["input"] for delta in deltas)), {"city": "Zürich"})

    def test_an_error_in_mid_stream_is_raised_by_name(self):
        for code in ["modelStreamErrorException", "throttlingException", "internalServerException"]:
            with self.subTest(code):
                script({"chunks": ["One ", "two."], "fail_after_chunks": 1, "fail_with": code})
                stream = self.bedrock.converse_stream(modelId=MODEL, messages=said("Count"))["stream"]
                seen = []
                with self.assertRaises(EventStreamError) as caught:
                    seen.extend(stream)
                self.assertEqual(caught.exception.response["Error"]["Code"], code)

    def test_every_error_is_raised_as_the_service_s(self):
        for code, status in [
            ("AccessDeniedException", 403),
            ("ResourceNotFoundException", 404),
            ("ThrottlingException", 429),
            ("ModelTimeoutException", 408),
            ("InternalServerException", 500),
            ("ServiceUnavailableException", 503),
            ("ValidationException", 400),
            ("ModelNotReadyException", 429),
            ("ModelErrorException", 424),
        ]:
            with self.subTest(code):
                for call in [self.bedrock.converse, self.bedrock.converse_stream]:
                    script({"error": {"code": code, "message": "as scripted"}})
                    error = self.error_of(call, modelId=MODEL, messages=said("Hello"))
                    self.assertIsInstance(error, getattr(self.bedrock.exceptions, code))
                    self.assertEqual(error.response["Error"]["Message"], "as scripted")
                    self.assertEqual(error.response["ResponseMetadata"]["HTTPStatusCode"], status)

    def test_a_conversation_that_breaks_the_rules_is_refused(self):
        assistant_first = [{"role": "assistant", "content": [{"text": "Hi"}]}]
        blank = said(" ")
        for messages in [assistant_first, blank, said("one") + said("two")]:
            error = self.error_of(self.bedrock.converse, modelId=MODEL, messages=messages)
            self.assertIsInstance(error, self.bedrock.exceptions.ValidationException)

    def test_tokens_are_counted(self):
        counted = lambda text: self.bedrock.count_tokens(
            modelId=MODEL, input={"converse": {"messages": said(text), "system": [{"text": "Be polite."}]}}
        )["inputTokens"]
        self.assertGreater(counted("a much longer message than the other"), counted("short"))


class InvokeModel(LocalAwsTest):
    def setUp(self):
        super().setUp()
        self.bedrock = client("bedrock-runtime")

    def test_an_answer(self):
        script({"text": "Good day", "usage": {"input": 7, "output": 3}})
        answer = self.bedrock.invoke_model(modelId=MODEL, body=json.dumps(anthropic("Hello")))
        self.assertEqual(answer["contentType"], "application/json")
        message = json.load(answer["body"])
        self.assertEqual((message["type"], message["role"], message["stop_reason"]), ("message", "assistant", "end_turn"))
        self.assertEqual(message["content"], [{"type": "text", "text": "Good day"}])
        self.assertEqual((message["usage"]["input_tokens"], message["usage"]["output_tokens"]), (7, 3))

    def test_a_stream(self):
        script({"chunks": ["One ", "two."]})
        answer = self.bedrock.invoke_model_with_response_stream(modelId=MODEL, body=json.dumps(anthropic("Count")))
        events = [json.loads(event["chunk"]["bytes"]) for event in answer["body"]]
        kinds = [event["type"] for event in events]
        self.assertEqual((kinds[0], kinds[-2:]), ("message_start", ["message_delta", "message_stop"]))
        deltas = [event["delta"]["text"] for event in events if event["type"] == "content_block_delta"]
        self.assertEqual(deltas, ["One ", "two."])

    def test_tokens_are_counted(self):
        body = json.dumps(anthropic("Hello"))
        counted = self.bedrock.count_tokens(modelId=MODEL, input={"invokeModel": {"body": body}})
        self.assertGreater(counted["inputTokens"], 0)

    def test_errors_are_the_service_s(self):
        script({"error": {"code": "ThrottlingException", "message": "slow down"}})
        throttled = self.error_of(self.bedrock.invoke_model, modelId=MODEL, body=json.dumps(anthropic("Hello")))
        self.assertIsInstance(throttled, self.bedrock.exceptions.ThrottlingException)

        for body in ["{", json.dumps({"max_tokens": 5}), json.dumps({**anthropic("Hello"), "unknown": 1})]:
            refused = self.error_of(self.bedrock.invoke_model, modelId=MODEL, body=body)
            self.assertIsInstance(refused, self.bedrock.exceptions.ValidationException)


class Unsupported(LocalAwsTest):
    def test_an_operation_that_is_not_there_is_named(self):
        bedrock = client("bedrock-runtime")
        error = self.error_of(bedrock.list_async_invokes)
        self.assertEqual(error.response["ResponseMetadata"]["HTTPStatusCode"], 501)
        self.assertIn("ListAsyncInvokes", error.response["Error"]["Message"])


def said(text):
    return [{"role": "user", "content": [{"text": text}]}]


def anthropic(text):
    return {
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 20,
        "messages": [{"role": "user", "content": text}],
    }
