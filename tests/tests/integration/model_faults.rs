//! What a model's failures are to the caller: retries, the fallback list, and one stable code for each.

use serde_json::{Value, json};

use crate::{app::TestApp, event_stream::text_of};

const FIRST: &str = "local.scripted";
const SECOND: &str = "global.amazon.nova-2-lite-v1:0";
const THIRD: &str = "meta.llama3-3-70b-instruct-v1:0";

fn error(code: &str, message: &str) -> Value {
    json!({"error": {"code": code, "message": message}})
}

fn throttled() -> Value {
    error("ThrottlingException", "Too many requests, please wait before trying again.")
}

/// Lets all calls of a model fail.
fn always(model: &str, code: &str) -> Value {
    json!({"service": "bedrock", "model": model, "times": 1000, "fault": error(code, "by the test")})
}

/// Lets a model take all calls and answer none.
fn silence(model: &str) -> Value {
    json!({"service": "bedrock", "model": model, "times": 1000, "fault": {"delay_ms": 3_600_000}})
}

#[tokio::test]
async fn throttling_that_passes_is_waited_out() {
    let app = TestApp::start().await;
    app.script(json!([throttled(), throttled(), {"text": "Now."}])).await;
    assert_eq!(app.chat(json!({"message": "Hello"})).await.ok()["answer"], "Now.");
    assert_eq!(app.models_asked().await, [FIRST; 3]);

    app.reset().await;
    app.script(json!([throttled(), error("ServiceUnavailableException", "busy"), {"text": "Now."}])).await;
    let parts = app.stream(json!({"message": "Hello"})).await.rest().await;
    assert_eq!(text_of(&parts), "Now.");
    assert_eq!(app.models_asked().await, [FIRST; 3]);
}

#[tokio::test]
async fn throttling_that_stays_is_a_429_with_a_time_to_wait() {
    let app = TestApp::start().await;
    app.script_always(throttled()).await;
    let body = json!({"message": "Hello"});
    for answer in [app.chat(body.clone()).await, app.refused_stream(body).await] {
        answer.problem(429, "model_throttled");
        let seconds: u32 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&seconds));
    }
    // Three tries for each of the two requests, and no more.
    assert_eq!(app.models_asked().await, [FIRST; 6]);
    assert_eq!(app.items().await, [] as [Value; 0]);
}

#[tokio::test]
async fn every_error_of_bedrock_has_one_stable_code() {
    let app = TestApp::start().await;
    let on_demand = "Invocation of model ID anthropic.claude-sonnet-4-20250514-v1:0 with on-demand throughput isn\u{2019}t \
                     supported. Retry your request with the ID or ARN of an inference profile that contains this model.";
    let too_long = "The model returned the following errors: prompt is too long: 210000 tokens > 200000 maximum";
    let end_of_life = "This model version has reached the end of its life. Please refer to the AWS documentation.";
    let use_case = "Model use case details have not been submitted for this account. Fill out the Anthropic use case \
                    details form before using the model.";
    let too_much = "The maximum tokens you requested exceeds the model limit of 4096. Try again with a maximum tokens \
                    value that is lower than 4096.";
    for (code, message, status, expected) in [
        ("ThrottlingException", "Too many tokens, please wait before trying again.", 429, "model_throttled"),
        ("ServiceQuotaExceededException", "Your request exceeds the quota.", 429, "model_throttled"),
        ("ServiceUnavailableException", "Bedrock is unable to process your request.", 503, "model_unavailable"),
        ("InternalServerException", "An error occurred.", 503, "model_unavailable"),
        ("ModelNotReadyException", "The model is not ready for inference.", 503, "model_unavailable"),
        ("ModelTimeoutException", "The request took too long to process.", 504, "model_timeout"),
        ("ModelErrorException", "The model failed.", 502, "model_broke_off"),
        ("AccessDeniedException", "You don't have access to the model.", 500, "model_access_not_granted"),
        ("AccessDeniedException", use_case, 500, "model_access_not_granted"),
        ("ResourceNotFoundException", use_case, 500, "model_access_not_granted"),
        ("ValidationException", use_case, 500, "model_access_not_granted"),
        ("UnrecognizedClientException", "The security token is invalid.", 500, "model_access_not_granted"),
        ("ExpiredTokenException", "The security token has expired.", 500, "model_access_not_granted"),
        ("ValidationException", too_much, 500, "model_output_limit"),
        ("ValidationException", on_demand, 500, "model_needs_inference_profile"),
        ("ValidationException", "The provided model identifier is invalid.", 500, "model_not_found"),
        ("ResourceNotFoundException", end_of_life, 500, "model_not_found"),
        ("ValidationException", "Input is too long for requested model.", 400, "context_exceeded"),
        ("ValidationException", too_long, 400, "context_exceeded"),
        ("ValidationException", "The model returned the following errors: bad", 400, "model_rejected_request"),
    ] {
        app.script_always(error(code, message)).await;
        for answer in
            [app.chat(json!({"message": "Hello"})).await, app.refused_stream(json!({"message": "Hello"})).await]
        {
            let problem = answer.problem(status, expected);
            let may_retry = matches!(status, 429 | 503);
            assert_eq!(answer.headers.contains_key("retry-after"), may_retry, "{expected}");
            // What Bedrock says is for the log: it names accounts, roles and models.
            assert!(!problem["detail"].as_str().unwrap().contains(message), "{problem}");
        }
    }
    assert_eq!(app.items().await, [] as [Value; 0]);
}

#[tokio::test]
async fn what_no_retry_can_mend_is_asked_once() {
    let app = TestApp::with_settings(&[("FALLBACK_MODEL_IDS", SECOND)]).await;
    for (code, status) in [
        ("AccessDeniedException", 403),
        ("ValidationException", 400),
        ("ResourceNotFoundException", 404),
        ("UnrecognizedClientException", 403),
        ("ExpiredTokenException", 403),
        ("ExpiredTokenException", 400),
    ] {
        app.reset().await;
        app.script_always(json!({"error": {"code": code, "message": "no", "status": status}})).await;
        assert!(app.chat(json!({"message": "Hello"})).await.status >= 400);
        assert_eq!(app.models_asked().await, [FIRST], "{code}");
    }
}

/// The caller may try again soon; that the way out is closed is the operator's concern.
#[tokio::test]
async fn throttling_with_a_fallback_out_of_reach_is_throttling() {
    let app = TestApp::with_settings(&[("FALLBACK_MODEL_IDS", SECOND)]).await;
    app.faults(json!([always(FIRST, "ThrottlingException"), always(SECOND, "AccessDeniedException")])).await;
    let body = json!({"message": "Hello"});
    for answer in [app.chat(body.clone()).await, app.refused_stream(body).await] {
        answer.problem(429, "model_throttled");
        assert!(answer.headers.contains_key("retry-after"));
    }
    let asked = [FIRST, FIRST, FIRST, SECOND];
    assert_eq!(app.models_asked().await, [asked, asked].concat());
    assert_eq!(app.items().await, [] as [Value; 0]);
}

#[tokio::test]
async fn the_next_model_of_the_list_answers_and_is_named() {
    let app = TestApp::with_settings(&[("FALLBACK_MODEL_IDS", &format!("{SECOND},{THIRD}"))]).await;
    app.faults(json!([always(FIRST, "ThrottlingException"), always(SECOND, "ServiceUnavailableException")])).await;

    let answer = app.chat(json!({"message": "Hello"})).await.ok();
    assert_eq!((&answer["model"], &answer["answer"]), (&json!(THIRD), &json!("You said: Hello")));
    let asked = [[FIRST; 3], [SECOND; 3]].concat();
    assert_eq!(app.models_asked().await, [asked, vec![THIRD]].concat());

    let parts = app.stream(json!({"message": "Hello"})).await.rest().await;
    assert_eq!(parts.last().unwrap()["messageMetadata"]["model"], THIRD);
    // The memory tells it too.
    let page = app.get(&format!("/sessions/{}", answer["session_id"].as_str().unwrap())).await.ok();
    assert_eq!(page["messages"][0]["model"], THIRD);
}

/// A cache point is an error to a model that has no cache.
#[tokio::test]
async fn each_model_of_the_list_is_asked_in_its_own_manner() {
    let app = TestApp::with_settings(&[("MODEL_IDS", SECOND), ("FALLBACK_MODEL_IDS", THIRD)]).await;
    app.faults(json!([always(SECOND, "ThrottlingException")])).await;
    app.chat(json!({"message": "Hello", "system": "Be brief.", "max_tokens": 7})).await.ok();
    let mut calls = app.all_calls().await;
    calls.retain(|call| call["service"] == "bedrock");
    assert_eq!(calls.len(), 4);
    let (first, last) = (&calls[0]["body"], &calls[3]["body"]);
    assert!(first.to_string().contains("cachePoint") && !last.to_string().contains("cachePoint"), "{last}");
    assert_eq!(last["messages"][0]["content"][0], first["messages"][0]["content"][0]);
    assert_eq!((&last["system"][0], &last["inferenceConfig"]), (&first["system"][0], &first["inferenceConfig"]));
}

#[tokio::test]
async fn a_list_that_is_used_up_fails_as_its_first_model_did() {
    let app = TestApp::with_settings(&[("FALLBACK_MODEL_IDS", SECOND)]).await;
    app.faults(json!([always(FIRST, "ThrottlingException"), always(SECOND, "ServiceUnavailableException")])).await;
    app.chat(json!({"message": "Hello"})).await.problem(429, "model_throttled");
    app.faults(json!([always(FIRST, "ServiceUnavailableException"), always(SECOND, "ThrottlingException")])).await;
    app.chat(json!({"message": "Hello"})).await.problem(503, "model_unavailable");
    assert_eq!(app.items().await, [] as [Value; 0]);
}

#[tokio::test]
async fn a_model_that_was_asked_for_is_not_asked_again_as_its_own_fallback() {
    let app = TestApp::with_settings(&[("FALLBACK_MODEL_IDS", SECOND)]).await;
    app.faults(json!([always(SECOND, "ThrottlingException")])).await;
    app.chat(json!({"message": "Hello", "model": SECOND})).await.problem(429, "model_throttled");
    assert_eq!(app.models_asked().await, [SECOND; 3]);
}

/// Many of a stream's failures come after its status, as its first event.
#[tokio::test]
async fn a_stream_that_fails_before_its_first_word_falls_back() {
    // What may pass in a moment is tried three times.
    for (name, tries) in
        [("throttlingException", 3), ("serviceUnavailableException", 3), ("modelStreamErrorException", 1)]
    {
        let app = TestApp::with_settings(&[("FALLBACK_MODEL_IDS", SECOND)]).await;
        let failing = json!({"text": "never", "fail_after_chunks": 0, "fail_with": name});
        let mut steps = vec![failing; tries];
        steps.push(json!({"text": "Here."}));
        app.script(json!(steps)).await;
        let parts = app.stream(json!({"message": "Hello"})).await.rest().await;
        assert_eq!(text_of(&parts), "Here.", "{name}");
        assert_eq!(parts.last().unwrap()["messageMetadata"]["model"], SECOND, "{name}");
    }
}

#[tokio::test]
async fn a_stream_that_is_throttled_for_a_moment_comes_from_the_same_model() {
    let app = TestApp::with_settings(&[("FALLBACK_MODEL_IDS", SECOND)]).await;
    let throttled = json!({"text": "never", "fail_after_chunks": 0, "fail_with": "throttlingException"});
    app.script(json!([throttled, {"text": "Here."}])).await;
    let parts = app.stream(json!({"message": "Hello"})).await.rest().await;
    assert_eq!(text_of(&parts), "Here.");
    assert_eq!(app.models_asked().await, [FIRST; 2]);
}

#[tokio::test]
async fn a_stream_that_fails_before_its_first_word_has_a_real_status() {
    let app = TestApp::start().await;
    for (name, status, code) in [
        ("throttlingException", 429, "model_throttled"),
        ("serviceUnavailableException", 503, "model_unavailable"),
        ("validationException", 400, "model_rejected_request"),
        ("modelStreamErrorException", 502, "model_broke_off"),
    ] {
        app.script_always(json!({"text": "never", "fail_after_chunks": 0, "fail_with": name})).await;
        app.refused_stream(json!({"message": "Hello"})).await.problem(status, code);
    }
    assert_eq!(app.items().await, [] as [Value; 0]);
}

#[tokio::test]
async fn a_connection_that_is_cut_is_tried_again() {
    let app = TestApp::start().await;
    app.faults(json!([{"service": "bedrock", "times": 2, "fault": {"cut": true}}])).await;
    assert_eq!(app.chat(json!({"message": "Hello"})).await.ok()["answer"], "You said: Hello");
    assert_eq!(app.models_asked().await, [FIRST; 3]);

    app.faults(json!([{"service": "bedrock", "times": 1000, "fault": {"cut": true}}])).await;
    app.chat(json!({"message": "Hello"})).await.problem(503, "model_unavailable");
}

#[tokio::test]
async fn a_silent_model_is_given_up_for_the_next_one() {
    let app = TestApp::with_settings(&[("MODEL_TIMEOUT_SECONDS", "3"), ("FALLBACK_MODEL_IDS", SECOND)]).await;
    app.faults(json!([silence(FIRST)])).await;
    assert_eq!(app.chat(json!({"message": "Hello"})).await.ok()["model"], SECOND);
    assert_eq!(app.models_asked().await, [FIRST, SECOND], "silence is not waited for twice");
}

#[tokio::test]
async fn a_silent_model_without_a_next_one_is_a_504() {
    let app = TestApp::with_settings(&[("MODEL_TIMEOUT_SECONDS", "1")]).await;
    app.faults(json!([silence(FIRST)])).await;
    app.chat(json!({"message": "Hello"})).await.problem(504, "model_timeout");
    assert_eq!(app.items().await, [] as [Value; 0]);
}

/// The headers of a stream come at once, and tell nothing of whether words will follow.
#[tokio::test]
async fn a_stream_without_words_is_given_up() {
    let app = TestApp::with_settings(&[("MODEL_TIMEOUT_SECONDS", "1")]).await;
    app.script_always(json!({"text": "late", "chunk_delay_ms": 3_600_000})).await;
    app.refused_stream(json!({"message": "Hello"})).await.problem(504, "model_timeout");
}

/// The time limit is for silence: a long answer may take longer than it.
#[tokio::test]
async fn slow_words_are_waited_for() {
    let app = TestApp::with_settings(&[("MODEL_TIMEOUT_SECONDS", "5")]).await;
    let chunks = ["One ", "two ", "three ", "four ", "five ", "six ", "seven."];
    app.script(json!([{"chunks": chunks, "chunk_delay_ms": 1000}])).await;
    let parts = app.stream(json!({"message": "Count"})).await.rest().await;
    assert_eq!(text_of(&parts), chunks.concat());
}
