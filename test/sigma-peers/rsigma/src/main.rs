//! Answers questions of the comparisons with rsigma, one JSON object a line:
//! `match`: `{"rule": yaml, "events": [..]}` gives `[true, ..]`, or a text that says why the rule is refused.
//! `correlate`: `{"rules": yaml, "events": [[seconds, {..}], ..]}` gives `["title@seconds", ..]`, sorted.
//! `bench FOLDER EVENTS PRODUCT CATEGORY`: events a second in each mode.

use std::io::{self, BufRead, Write};
use std::time::Instant;

use rsigma_eval::{CorrelationConfig, CorrelationEngine, Engine, JsonEvent};
use rsigma_parser::{parse_sigma_yaml, LogSource};
use serde_json::{json, Value};

fn main() {
    let args: Vec<String> = std::env::args().collect();
    match args.get(1).map(String::as_str) {
        Some("match") => each_line(answer_match),
        Some("correlate") => each_line(answer_correlate),
        Some("bench") => bench(&args[2], &args[3], &args[4], &args[5]),
        _ => eprintln!("match | correlate | bench FOLDER EVENTS PRODUCT CATEGORY"),
    }
}

fn each_line(answer: fn(&Value) -> Value) {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let question: Value = serde_json::from_str(&line.expect("a line")).expect("JSON");
        writeln!(out, "{}", answer(&question)).expect("written");
    }
}

fn answer_match(question: &Value) -> Value {
    let collection = match parse_sigma_yaml(question["rule"].as_str().unwrap_or("")) {
        Ok(collection) => collection,
        Err(error) => return json!(error.to_string()),
    };
    let mut engine = Engine::new();
    if let Err(error) = engine.add_collection(&collection) {
        return json!(error.to_string());
    }
    if engine.rule_count() == 0 {
        return json!("no rule");
    }
    let events = question["events"].as_array().expect("events");
    json!(events.iter().map(|event| !engine.evaluate(&JsonEvent::borrow(event)).is_empty()).collect::<Vec<bool>>())
}

fn answer_correlate(question: &Value) -> Value {
    let collection = match parse_sigma_yaml(question["rules"].as_str().unwrap_or("")) {
        Ok(collection) => collection,
        Err(error) => return json!(error.to_string()),
    };
    let mut engine = CorrelationEngine::new(CorrelationConfig::default());
    if let Err(error) = engine.add_collection(&collection) {
        return json!(error.to_string());
    }
    let mut fired = Vec::new();
    for pair in question["events"].as_array().expect("events") {
        let seconds = pair[0].as_i64().expect("seconds");
        for result in engine.process_event_at(&JsonEvent::borrow(&pair[1]), seconds) {
            if result.is_correlation() {
                fired.push(format!("{}@{}", result.header.rule_title, seconds));
            }
        }
    }
    fired.sort();
    json!(fired)
}

fn bench(folder: &str, events: &str, product: &str, category: &str) {
    let started = Instant::now();
    let mut engine = Engine::new();
    let mut rules = Vec::new();
    for path in std::fs::read_to_string(folder).expect("list of files").lines() {
        if let Ok(collection) = parse_sigma_yaml(&std::fs::read_to_string(path).expect("a rule")) {
            rules.extend(collection.rules);
        }
    }
    let parsed = started.elapsed();
    let refused = engine.add_rules(&rules).len();
    let loaded = started.elapsed();
    let events: Vec<Value> = std::fs::read_to_string(events)
        .expect("events")
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let source = LogSource {
        product: Some(product.to_string()),
        category: Some(category.to_string()),
        ..LogSource::default()
    };
    let mut report = json!({
        "rules": engine.rule_count(), "refused": refused,
        "parse_ms": parsed.as_secs_f64() * 1e3, "load_ms": loaded.as_secs_f64() * 1e3,
    });
    for (name, bloom, ac) in [("plain", false, false), ("bloom", true, false), ("ac", false, true), ("bloom_ac", true, true)] {
        engine.set_bloom_prefilter(bloom);
        engine.set_cross_rule_ac(ac);
        let mut all = (0.0_f64, 0);
        let mut routed = (0.0_f64, 0);
        for _ in 0..3 {
            all = best(all, &events, |event| engine.evaluate(event).len());
            routed = best(routed, &events, |event| engine.evaluate_with_logsource(event, &source).len());
        }
        report[name] = json!({"all": all.0, "all_matches": all.1, "routed": routed.0, "routed_matches": routed.1});
    }
    println!("{report}");
}

fn best(so_far: (f64, usize), events: &[Value], evaluate: impl Fn(&JsonEvent) -> usize) -> (f64, usize) {
    let started = Instant::now();
    let matches = events.iter().map(|event| evaluate(&JsonEvent::borrow(event))).sum();
    (so_far.0.max(events.len() as f64 / started.elapsed().as_secs_f64()), matches)
}
