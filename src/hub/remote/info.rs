//! What the hub says of its repositories, as far as it matters here.

use serde::Deserialize;
use serde_json::Value;

use super::client::{Client, Watch};
use super::error::RemoteError;
use super::names::{escaped, is_repository};
use crate::data::request::host_of;
use crate::hub::foreign::FAMILIES;

/// Most models that a search returns.
const MOST_FOUND: usize = 30;

/// A repository at one revision.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Info {
    /// Its name; another than the one that was asked for, where it has moved.
    pub repository: String,
    /// The commit.
    pub revision: String,
    pub licence: Option<String>,
    pub languages: Vec<String>,
    pub files: Vec<RemoteFile>,
}

/// A file in a repository.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RemoteFile {
    pub name: String,
    pub bytes: u64,
    /// Of its content, in lower-case hexadecimal; large files have one.
    pub sha256: Option<String>,
}

/// A model that a search has found.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundModel {
    /// `owner/name`.
    pub repository: String,
    /// The type of model by its configuration, such as `gpt2`.
    pub family: Option<String>,
    /// Whether that type opens here; `None` where the hub does not say which it is.
    pub opens: Option<bool>,
    /// Its licence, as the hub abbreviates it.
    pub licence: Option<String>,
    /// Its languages, `en`, `es`, …
    pub languages: Vec<String>,
    /// Number of trained values, where the hub knows it.
    pub parameters: Option<u64>,
    /// Bytes of its weights, where the hub knows their types.
    pub bytes: Option<u64>,
    /// Downloads in the last month.
    pub downloads: u64,
    /// Whether one has to ask for access.
    pub gated: bool,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    id: String,
    #[serde(default)]
    sha: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    siblings: Vec<Sibling>,
    #[serde(default)]
    config: Option<Value>,
    #[serde(default)]
    safetensors: Option<Value>,
    #[serde(default)]
    downloads: u64,
    #[serde(default)]
    gated: Value,
}

#[derive(Deserialize)]
struct Sibling {
    rfilename: String,
    #[serde(default)]
    size: Option<u64>,
    #[serde(default)]
    lfs: Option<Lfs>,
}

#[derive(Deserialize)]
struct Lfs {
    #[serde(default)]
    sha256: Option<String>,
    #[serde(default)]
    size: Option<u64>,
}

/// Asks what a repository holds at a revision.
pub(super) fn info(client: &Client, repository: &str, revision: &str, watch: Watch) -> Result<Info, RemoteError> {
    let path = format!("/api/models/{repository}/revision/{}?blobs=true", escaped(revision));
    let what = if revision == super::MAIN { repository.to_owned() } else { format!("{repository}@{revision}") };
    let tree = client.json(&path, &what, watch)?;
    let no_hub = || RemoteError::NoHub(host_of(&client.access.endpoint));
    let answer = Answer::deserialize(&tree).map_err(|_| no_hub())?;
    let revision = answer.sha.clone().filter(|sha| is_commit(sha)).ok_or_else(no_hub)?;
    if !is_repository(&answer.id) {
        return Err(no_hub());
    }
    let (licence, languages) = (licence(&answer.tags), languages(&answer.tags));
    let files = answer.siblings.into_iter().filter_map(|sibling| {
        let Lfs { sha256, size } = sibling.lfs.unwrap_or(Lfs { sha256: None, size: None });
        let sha256 = sha256.filter(|sum| sum.len() == 64).map(|sum| sum.to_ascii_lowercase());
        Some(RemoteFile { name: sibling.rfilename, bytes: size.or(sibling.size)?, sha256 })
    });
    Ok(Info { repository: answer.id, revision, licence, languages, files: files.collect() })
}

/// Looks for models that write text, the most used ones first.
pub(super) fn search(client: &Client, words: &str, watch: Watch) -> Result<Vec<FoundModel>, RemoteError> {
    let mut path = format!(
        "/api/models?search={}&filter=text-generation&sort=downloads&direction=-1&limit={MOST_FOUND}",
        escaped(words.trim())
    );
    for field in ["config", "downloads", "gated", "safetensors", "tags"] {
        path.push_str(&format!("&expand[]={field}"));
    }
    let tree = client.json(&path, words, watch)?;
    let no_hub = || RemoteError::NoHub(host_of(&client.access.endpoint));
    let rows = tree.as_array().ok_or_else(no_hub)?;
    // One row that is not as expected takes nothing away from the others.
    let rows = rows.iter().filter_map(|row| Answer::deserialize(row).ok());
    Ok(rows.filter(|row| is_repository(&row.id)).take(MOST_FOUND).map(found).collect())
}

fn found(row: Answer) -> FoundModel {
    let family = family(&row);
    let parameters = row.safetensors.as_ref().and_then(|about| about.get("total")).and_then(Value::as_u64);
    FoundModel {
        opens: family.as_deref().map(|family| FAMILIES.contains(&family)),
        licence: licence(&row.tags),
        languages: languages(&row.tags),
        parameters,
        bytes: row.safetensors.as_ref().and_then(stored_bytes),
        downloads: row.downloads,
        gated: !matches!(row.gated, Value::Null | Value::Bool(false)),
        repository: row.id,
        family,
    }
}

/// Bytes of weights that are stored as so many values of each type.
fn stored_bytes(about: &Value) -> Option<u64> {
    let counts = about.get("parameters")?.as_object()?;
    let mut bytes = 0u64;
    for (kind, count) in counts {
        let each = match kind.as_str() {
            "F64" | "I64" => 8,
            "F32" | "I32" => 4,
            "F16" | "BF16" | "I16" => 2,
            "I8" | "U8" | "BOOL" | "F8_E4M3" | "F8_E5M2" => 1,
            _ => return None,
        };
        bytes = bytes.checked_add(count.as_u64()?.checked_mul(each)?)?;
    }
    Some(bytes)
}

/// The type of model: by its configuration, or else by its tags.
fn family(row: &Answer) -> Option<String> {
    let by_config = row.config.as_ref().and_then(|config| config.get("model_type")).and_then(Value::as_str);
    by_config
        .or_else(|| FAMILIES.into_iter().find(|family| row.tags.iter().any(|tag| tag == family)))
        .map(str::to_owned)
}

fn licence(tags: &[String]) -> Option<String> {
    tags.iter().find_map(|tag| tag.strip_prefix("license:")).map(str::to_owned)
}

/// The languages of ISO 639-1; other short tags are formats and methods (`tf`, `jax`, `trl`).
const LANGUAGES: &str = "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de \
                         dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia \
                         id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo \
                         lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl \
                         ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk \
                         tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

/// The tags that are languages.
fn languages(tags: &[String]) -> Vec<String> {
    let language = |tag: &&String| LANGUAGES.split(' ').any(|code| code == tag.as_str());
    tags.iter().filter(language).take(8).cloned().collect()
}

fn is_commit(text: &str) -> bool {
    (7..=64).contains(&text.len()) && text.chars().all(|c| c.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_of_a_search_is_understood() {
        let row = json!({
            "id": "HuggingFaceTB/SmolLM2-135M", "downloads": 5, "gated": false, "likes": 3,
            "tags": ["transformers", "safetensors", "llama", "text-generation", "en", "license:apache-2.0", "region:us"],
            "config": { "architectures": ["LlamaForCausalLM"], "model_type": "llama" },
            "safetensors": { "parameters": { "BF16": 134_515_008u64 }, "total": 134_515_008u64 },
        });
        let model = found(Answer::deserialize(&row).unwrap());
        assert_eq!((model.family.as_deref(), model.opens), (Some("llama"), Some(true)));
        assert_eq!((model.licence.as_deref(), model.languages), (Some("apache-2.0"), vec!["en".to_owned()]));
        assert_eq!((model.parameters, model.bytes, model.gated), (Some(134_515_008), Some(269_030_016), false));
    }

    #[test]
    fn what_the_hub_does_not_say_stays_unknown() {
        let row = json!({ "id": "a/b", "modelId": "a/b", "tags": ["mamba", "tf", "jax", "trl"], "gated": "manual" });
        let model = found(Answer::deserialize(&row).unwrap());
        assert_eq!(model.languages, [""; 0], "the names of formats and methods are no languages");
        assert_eq!((model.family, model.opens, model.parameters, model.bytes), (None, None, None, None));
        assert!(model.gated && model.licence.is_none());
        assert_eq!(stored_bytes(&json!({ "parameters": { "Q4": 7 } })), None);
    }
}
