//! Which files of a repository make a model?

use super::error::RemoteError;
use super::info::{Info, RemoteFile};

/// Files that are taken where they are there; small ones.
const BESIDE: [&str; 5] = [
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
];
/// What stands for a missing `tokenizer.json`.
const VOCABULARY: [&str; 2] = ["vocab.json", "merges.txt"];

/// The files to fetch, small ones first, so that what cannot be opened is known before anything large has come.
pub(super) fn plan(info: &Info) -> Result<Vec<RemoteFile>, RemoteError> {
    let find = |name: &str| info.files.iter().find(|file| file.name == name).cloned();
    let missing = |file| RemoteError::NothingToOpen { repository: info.repository.clone(), file };
    let mut files = vec![find("config.json").ok_or_else(|| missing("config.json"))?];
    files.extend(BESIDE.into_iter().filter_map(find));
    if find("tokenizer.json").is_none() {
        for name in VOCABULARY {
            files.push(find(name).ok_or_else(|| missing("tokenizer.json"))?);
        }
    }
    files.extend(weights(info).ok_or_else(|| missing("model.safetensors"))?);
    Ok(files)
}

/// The weights: in one file or in parts with an index; the older format only where there is no other.
fn weights(info: &Info) -> Option<Vec<RemoteFile>> {
    let find = |name: &str| info.files.iter().find(|file| file.name == name).cloned();
    for (whole, index, before, after) in [
        ("model.safetensors", "model.safetensors.index.json", "model-", ".safetensors"),
        ("pytorch_model.bin", "pytorch_model.bin.index.json", "pytorch_model-", ".bin"),
    ] {
        if let Some(file) = find(whole) {
            return Some(vec![file]);
        }
        if let Some(index) = find(index) {
            let part = |file: &&RemoteFile| {
                let number = file.name.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
                number.is_some_and(|n| n.chars().all(|c| c.is_ascii_digit() || "-of".contains(c)))
            };
            let parts: Vec<RemoteFile> = info.files.iter().filter(part).cloned().collect();
            if !parts.is_empty() {
                return Some([vec![index], parts].concat());
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(files: &[&str]) -> Result<Vec<String>, RemoteError> {
        let files = files.iter().map(|name| RemoteFile { name: (*name).to_owned(), bytes: 1, sha256: None });
        let info = Info {
            repository: "a/b".to_owned(),
            revision: "0123456789".to_owned(),
            licence: None,
            languages: Vec::new(),
            files: files.collect(),
        };
        Ok(plan(&info)?.into_iter().map(|file| file.name).collect())
    }

    #[test]
    fn one_form_of_everything_is_taken() {
        let all = [
            "README.md",
            "config.json",
            "flax_model.msgpack",
            "merges.txt",
            "model.safetensors",
            "onnx/model.onnx",
            "pytorch_model.bin",
            "tokenizer.json",
            "vocab.json",
        ];
        assert_eq!(names(&all).unwrap(), ["config.json", "tokenizer.json", "model.safetensors"]);
        let old = ["config.json", "merges.txt", "pytorch_model.bin", "vocab.json"];
        assert_eq!(names(&old).unwrap(), ["config.json", "vocab.json", "merges.txt", "pytorch_model.bin"]);
        let parts = [
            "config.json",
            "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors",
            "model-extra.safetensors",
            "model.safetensors.index.json",
            "tokenizer.json",
        ];
        let taken = names(&parts).unwrap();
        assert_eq!(taken.len(), 5, "{taken:?}");
        assert!(!taken.contains(&"model-extra.safetensors".to_owned()));
    }

    #[test]
    fn what_a_model_lacks_is_named() {
        for (files, lacks) in [
            (&["model.safetensors", "tokenizer.json"][..], "config.json"),
            (&["config.json", "model.safetensors", "vocab.json"], "tokenizer.json"),
            (&["config.json", "tokenizer.json", "model.safetensors.index.json"], "model.safetensors"),
            (&["config.json", "tokenizer.json", "sub/model.safetensors"], "model.safetensors"),
        ] {
            let error = names(files).unwrap_err();
            assert!(matches!(error, RemoteError::NothingToOpen { file, .. } if file == lacks), "{error:?}");
        }
    }
}
