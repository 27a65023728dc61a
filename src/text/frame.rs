//! What other programs put around a text before a model reads it: Llama's `<s>`, BERT's `[CLS]`.
//!
//! In `tokenizer.json` it is the post-processor. The `tokenizers` crate trusts what is written there and panics where a
//! template names what it does not have; so it is taken out, read here, and put back when the tokenizer is stored.

use serde_json::{Value, json};

/// The post-processor of a `tokenizer.json`, as it was written, and the tokens that it puts before a text.
#[derive(Clone, Debug, Default)]
pub(super) struct Frame {
    written: Option<Value>,
    pub prefix: Vec<u32>,
}

impl Frame {
    /// Takes it out of a tokenizer, and leaves what only says which places tokens have. `None` where nothing is changed.
    pub fn take(tree: &mut Value) -> Option<Self> {
        let written = tree.get("post_processor").filter(|part| !part.is_null())?.clone();
        let left = places(&written);
        if left == written {
            return None;
        }
        *tree.get_mut("post_processor")? = left;
        let prefix = prefix(&written);
        Some(Self { written: Some(written), prefix })
    }

    /// Puts it back; returns whether there was anything to put back.
    pub fn put_back(&self, tree: &mut Value) -> bool {
        match (&self.written, tree.get_mut("post_processor")) {
            (Some(written), Some(part)) => {
                *part = written.clone();
                true
            }
            _ => false,
        }
    }
}

/// The parts that only say which places tokens have.
fn places(part: &Value) -> Value {
    match part.get("type").and_then(Value::as_str) {
        Some("ByteLevel") => part.clone(),
        Some("Sequence") => {
            let parts = part.get("processors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            let left: Vec<Value> = parts.iter().map(places).filter(|part| !part.is_null()).collect();
            if left.is_empty() { Value::Null } else { json!({"type": "Sequence", "processors": left}) }
        }
        // RoBERTa's cuts spaces off as ByteLevel does.
        Some("RobertaProcessing") => {
            let [trim, space] =
                ["trim_offsets", "add_prefix_space"].map(|field| part.get(field) != Some(&json!(false)));
            json!({"type": "ByteLevel", "trim_offsets": trim, "add_prefix_space": space, "use_regex": true})
        }
        _ => Value::Null,
    }
}

/// The tokens before a text.
fn prefix(part: &Value) -> Vec<u32> {
    let number = |id: &Value| id.as_u64().and_then(|id| u32::try_from(id).ok());
    match part.get("type").and_then(Value::as_str) {
        Some("TemplateProcessing") => {
            let template = part.get("single").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            let names = template.iter().map_while(|piece| piece.pointer("/SpecialToken/id")?.as_str());
            let ids = names.filter_map(|name| part.get("special_tokens")?.get(name)?.get("ids")?.as_array());
            ids.flatten().filter_map(number).collect()
        }
        Some("BertProcessing" | "RobertaProcessing") => part.pointer("/cls/1").and_then(number).into_iter().collect(),
        Some("Sequence") => {
            let parts = part.get("processors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            parts.iter().flat_map(prefix).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_read_and_put_back() {
        let template = json!({
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                       {"SpecialToken": {"id": "</s>", "type_id": 0}}],
            "special_tokens": {"<s>": {"ids": [7]}, "</s>": {"ids": [8]}},
        });
        let byte_level = json!({"type": "ByteLevel", "trim_offsets": true});
        let whole = json!({"post_processor": {"type": "Sequence", "processors": [byte_level, template]}});
        let mut tree = whole.clone();
        let frame = Frame::take(&mut tree).unwrap();
        assert_eq!(frame.prefix, [7]);
        assert_eq!(tree["post_processor"]["processors"], json!([byte_level]));
        assert!(frame.put_back(&mut tree));
        assert_eq!(tree, whole);
    }

    #[test]
    fn without_one_nothing_changes() {
        for mut tree in [json!({}), json!({"post_processor": null}), json!({"post_processor": {"type": "ByteLevel"}})] {
            assert!(Frame::take(&mut tree).is_none());
        }
        let mut tree = json!({"post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}});
        assert_eq!(Frame::take(&mut tree).unwrap().prefix, [2]);
        assert!(tree["post_processor"].is_null());
    }
}
